//! Damage is found, named and never served. Guards against the trust in a database that verifies nothing when it reads,
//! and against the panics and gigabytes that a damaged page costs it.

mod flips;
mod laundering;
mod pages;
mod sandbox;
mod sight;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use tempfile::TempDir;

use support::archives::import;
use support::backup::write_dir;
use support::museum::{Museum, Size};

/// An archive of three days in a directory, closed cleanly; its bytes.
fn archive(dir: &TempDir, seed: u64) -> Vec<u8> {
    let (path, source) = (dir.path().join("fonds.redb"), dir.path().join("backup"));
    let mut museum = Museum::new(seed, Size { objects: 60, pictures: 2, picture_bytes: 15_000 });
    for _ in 0..3 {
        museum.next_day();
        write_dir(&source, &museum.files());
        import(&path, &source).expect("an import");
    }
    std::fs::read(path).expect("the archive")
}

fn replace(path: &Path, image: &[u8]) {
    std::fs::write(path, image).expect("room for an archive");
}
