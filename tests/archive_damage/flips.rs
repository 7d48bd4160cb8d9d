//! A flipped bit anywhere in the file is harmless, or it is told and named; it is never served.

use crate::archive;
use crate::sandbox::{Change, try_all};
use crate::sight::Outcome;
use crate::support::rounds::{chance, rounds};

const PAGE: usize = 4096;
/// Bytes of the file's header that redb uses.
const HEADER: usize = 320;

fn flip(image: &[u8], bit: usize) -> Change {
    Change { offset: (bit / 8) as u64, bytes: vec![image[bit / 8] ^ 1 << (bit % 8)] }
}

/// Tries the flips on two processes; all must be harmless or told.
#[track_caller]
fn every_flip_is_harmless_or_told(image: &[u8], bits: &[usize]) {
    let changes: Vec<Change> = bits.iter().map(|bit| flip(image, *bit)).collect();
    let halves = changes.split_at(changes.len() / 2);
    let outcomes = std::thread::scope(|scope| {
        let halves = [halves.0, halves.1].map(|half| {
            scope.spawn(move || {
                let dir = tempfile::tempdir().expect("a temporary directory");
                try_all(dir.path(), image, half)
            })
        });
        halves.map(|half| half.join().expect("a thread that does not panic")).concat()
    });
    let count = |outcome: Outcome| outcomes.iter().filter(|found| **found == outcome).count();
    eprintln!("{} flips: {} harmless, {} told", bits.len(), count(Outcome::Harmless), count(Outcome::Told));
    assert!(count(Outcome::Told) > 0, "no flip was told: nothing was tried");
    let wrong = bits.iter().zip(&outcomes).filter(|(_, outcome)| matches!(outcome, Outcome::Wrong(_)));
    let wrong: Vec<String> = wrong.map(|(bit, outcome)| format!("bit {bit}: {outcome:?}")).collect();
    assert!(wrong.is_empty(), "{} of {} flips:\n{}", wrong.len(), bits.len(), wrong.join("\n"));
}

#[test]
fn a_flipped_bit_in_any_page_is_harmless_or_told() {
    let mut chance = chance("a_flipped_bit_in_any_page_is_harmless_or_told");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let image = archive(&dir, chance.u64(..));
    let mut bits = Vec::new();
    for page in (PAGE..image.len()).step_by(PAGE) {
        if image[page..page + PAGE].iter().all(|byte| *byte == 0) {
            continue;
        }
        // Anywhere, and where pages say what they are.
        bits.extend((0..rounds(4)).map(|_| 8 * page + chance.usize(0..8 * PAGE)));
        bits.extend((0..rounds(2)).map(|_| 8 * page + chance.usize(0..8 * 32)));
    }
    every_flip_is_harmless_or_told(&image, &bits);
}

#[test]
fn a_flipped_bit_in_the_header_of_the_file_is_harmless_or_told() {
    let mut chance = chance("a_flipped_bit_in_the_header_of_the_file_is_harmless_or_told");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let image = archive(&dir, chance.u64(..));
    let bits = chance.choose_multiple(0..8 * HEADER, rounds(250).min(8 * HEADER));
    every_flip_is_harmless_or_told(&image, &bits);
}
