//! Random numbers that depend on nothing but their key: the same key gives the same numbers in
//! every snapshot, on every machine and in every order of asking.

use std::fmt::{self, Write};

/// What a number is drawn for, so that two draws of one record never share a stream.
#[derive(Clone, Copy)]
pub enum Purpose {
    Change = 1,
    Delete,
    Insert,
    Edit,
    Head,
    Body,
    Sentence,
    File,
    Signature,
    Vocabulary,
}

/// A stream of numbers for one purpose of one record at one point of its life.
pub fn draw(seed: u64, purpose: Purpose, id: u64, detail: u64) -> fastrand::Rng {
    [purpose as u64, id, detail]
        .into_iter()
        .fold(fastrand::Rng::with_seed(seed), |mut rng, part| fastrand::Rng::with_seed(rng.u64(..) ^ part))
}

/// Whether something of the given share happens to this record at this point.
pub fn happens(seed: u64, purpose: Purpose, id: u64, detail: u64, share: f64) -> bool {
    draw(seed, purpose, id, detail).f64() < share
}

/// Picks the small numbers much more often than the large ones: about 1/n like words in a text.
pub fn skewed(rng: &mut fastrand::Rng, end: usize) -> usize {
    let rank = (end as f64).powf(rng.f64()) - 1.0;
    (rank as usize).min(end.saturating_sub(1))
}

/// Writes a random version 4 UUID.
pub fn uuid(out: &mut String, rng: &mut fastrand::Rng) -> fmt::Result {
    let (high, low) = (rng.u64(..), rng.u64(..));
    write!(
        out,
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 50),
        low & 0xffff_ffff_ffff,
    )
}

/// Writes 16 random hexadecimal digits per word.
pub fn hex(out: &mut String, rng: &mut fastrand::Rng, words: usize) -> fmt::Result {
    (0..words).try_for_each(|_| write!(out, "{:016x}", rng.u64(..)))
}
