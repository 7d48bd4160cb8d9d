//! What no backup should hold, and what must not bring the program down.

use fonds::model::entry::Role;

use crate::{Document, Store, text};

/// One document comes back; how many records it was found to have.
#[track_caller]
fn records(bytes: Vec<u8>) -> u64 {
    let mut store = Store::new();
    let snapshot = store.write(&[Document { role: Role::Payload, bytes }]).expect("a snapshot");
    store.verify();
    snapshot.counts.records
}

#[test]
fn two_hundred_thousand_levels_of_nesting_come_back() {
    let depth = 200_000;
    let nested = ["[".repeat(depth), "]".repeat(depth)].concat();
    assert_eq!(records(nested.clone().into_bytes()), 1);
    assert_eq!(records(format!("{{\"objects\":[1,{nested}]}}").into_bytes()), 2);
    // Cut off in the middle it is no JSON, and comes back all the same.
    assert_eq!(records(nested.as_bytes()[..depth].to_vec()), 0);
    let objects = ["{\"a\":".repeat(depth), "1".to_owned(), "}".repeat(depth)].concat();
    assert_eq!(records(format!("[{objects}]").into_bytes()), 1);
}

#[test]
fn a_record_of_twenty_megabytes_comes_back() {
    let long = text(20_000_000, 7);
    let payload = format!("{{\"objects\":[{{\"a\":1}},{{\"text\":\"{long}\"}},{{\"a\":2}}]}}");
    assert_eq!(records(payload.into_bytes()), 3);
}

#[test]
fn a_million_numbers_come_back() {
    let numbers: Vec<String> = (0..1_000_000).map(|number: u64| (number * 7_919).to_string()).collect();
    assert_eq!(records(format!("[{}]", numbers.join(",")).into_bytes()), 1_000_000);
}

#[test]
fn forty_thousand_equal_records_are_one() {
    let record = format!("{{\"text\":\"{}\"}}", "gleich ".repeat(30));
    let payload = format!("[{}]", vec![record; 40_000].join(","));
    let mut store = Store::new();
    let snapshot = store.write(&[Document { role: Role::Payload, bytes: payload.into_bytes() }]).expect("a snapshot");
    assert_eq!((snapshot.counts.records, snapshot.added.records), (40_000, 1));
    store.verify();
}

#[test]
fn thirty_megabytes_of_zeros_come_back_and_cost_next_to_nothing() {
    for role in [Role::File, Role::Payload] {
        let mut store = Store::new();
        let snapshot = store.write(&[Document { role, bytes: vec![0; 30 << 20] }]).expect("a snapshot");
        assert!(snapshot.added.bytes_stored < 10_000, "{role}: {:?}", snapshot.added);
        store.verify();
    }
}
