//! Backups of instances: what comes in is what a target takes, whatever the options, the pace, and the faults.

#[path = "../support/mod.rs"]
mod support;

mod continuing;
mod faults;
mod fidelity;
mod files;
mod options;
mod pages;
mod told;
mod traps;

use std::collections::BTreeMap;

/// Tells how two snapshots differ instead of printing both.
#[track_caller]
fn assert_same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, what: &str) {
    let only = |one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>| {
        one.keys().filter(|path| !other.contains_key(*path)).cloned().collect::<Vec<_>>()
    };
    assert_eq!((only(found, expected), only(expected, found)), (Vec::new(), Vec::new()), "{what}");
    for (path, bytes) in expected {
        let found = &found[path];
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(3000).collect::<String>();
        assert!(found == bytes, "{what}: {path}:\n{}\nis not\n{}", text(found), text(bytes));
    }
}
