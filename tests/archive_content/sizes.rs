//! Sizes on both sides of every limit of the writer, and what stands across the end of a block.

use fonds::archive::snapshot::Added;
use fonds::model::entry::Role;

use crate::{Document, Store, text};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// Around the smallest record, the longest literal, slices, frames, chunks and blocks.
const SIZES: [usize; 27] = [
    0,
    1,
    2,
    127,
    128,
    129,
    4 * KIB - 1,
    4 * KIB,
    4 * KIB + 1,
    16 * KIB,
    64 * KIB - 1,
    64 * KIB,
    64 * KIB + 1,
    128 * KIB + 1,
    256 * KIB - 1,
    256 * KIB,
    256 * KIB + 1,
    512 * KIB - 1,
    512 * KIB,
    512 * KIB + 1,
    768 * KIB,
    MIB - 1,
    MIB,
    MIB + 1,
    MIB + 512 * KIB,
    2 * MIB,
    2 * MIB + 1,
];

/// The documents come back, also from a second snapshot of the same, which costs nothing.
#[track_caller]
fn come_back(documents: &[Document]) {
    let mut store = Store::new();
    store.write(documents).expect("a snapshot");
    let again = store.write(documents).expect("a snapshot");
    assert_eq!(again.added, Added::default());
    store.verify();
}

fn payload(bytes: impl Into<Vec<u8>>) -> Document {
    Document { role: Role::Payload, bytes: bytes.into() }
}

#[test]
fn files_of_any_size_come_back() {
    let mut chance = fastrand::Rng::with_seed(1);
    let mut documents = Vec::new();
    for size in SIZES {
        let mut noise = vec![0; size];
        chance.fill(&mut noise);
        documents.extend([noise, vec![0; size]].map(|bytes| Document { role: Role::File, bytes }));
    }
    come_back(&documents);
}

#[test]
fn payloads_of_any_size_that_are_no_json_come_back() {
    let documents = SIZES.map(|size| payload(text(size, 2)));
    come_back(&documents);
}

#[test]
fn records_of_any_size_come_back() {
    let documents = SIZES.into_iter().enumerate().map(|(seed, size)| {
        // A record of exactly this size between two of the usual one.
        let record = text(size.saturating_sub(2), seed as u64);
        let usual = text(300, 99);
        payload(format!(r#"{{"objects":["{usual}1","{record}","{usual}2"],"objecttype":"objekt"}}"#))
    });
    come_back(&documents.collect::<Vec<_>>());
}

#[test]
fn gaps_of_any_size_between_records_come_back() {
    let record = format!("{{\"a\":\"{}\"}}", text(200, 3));
    let documents = SIZES.map(|size| payload(format!("[{record},{}{record}\n]", " ".repeat(size))));
    come_back(&documents);
}

/// A signed record at many places around the end of the first block.
#[test]
fn a_signature_across_the_end_of_a_block_comes_back_and_costs_nothing_the_next_day() {
    let (first, before, after) = (text(MIB, 4), text(500, 5), text(150, 6));
    let day = |signature: &str| -> Vec<Document> {
        let payload_at = |shift: usize| {
            let record = format!("{{\"x\":\"{before}?x-fylr-signature={signature}&{after}\"}}");
            payload(format!("[\"{}\",{record},{record}]", &first[..MIB - 560 + shift]))
        };
        (0..140).step_by(7).map(payload_at).collect()
    };
    let mut store = Store::new();
    store.write(&day(&"a1".repeat(30))).expect("a snapshot");
    let tuesday = store.write(&day(&"b2".repeat(30))).expect("a snapshot");
    assert_eq!(tuesday.added.records, 0);
    store.verify();
}

#[test]
fn records_across_the_ends_of_blocks_come_back() {
    let documents: Vec<Document> = [1_000, 200_000, 300_000, 500_000, 700_000]
        .map(|length| {
            let records: Vec<String> =
                (0..3 * MIB / length).map(|seed| format!("{{\"a\": \"{}\"}}", text(length - 7, seed as u64))).collect();
            payload(format!("\u{feff}{{\"objecttype\":\"x\",\"objects\":[\r\n{}\r\n]}}\r\n", records.join(",\r\n")))
        })
        .into();
    come_back(&documents);
}

/// Blocks are read into memory that other entries have used: a document that breaks off must not go on with what they
/// left there.
#[test]
fn a_document_that_breaks_off_does_not_go_on_with_the_one_before() {
    let record = format!("{{\"text\":\"{}\"}}", text(300, 8));
    let long = format!("[{}]", vec![record.clone(); 7_000].join(","));
    let mut documents = vec![payload(&long[..]); 20];
    for end in ["", "[", "[{", "[\"", "[{\"a\":", "{\"objects\":[", "[1,"] {
        documents.extend([payload(end), payload(&long[..]), payload(format!("[{record},{end}"))]);
    }
    come_back(&documents);
}
