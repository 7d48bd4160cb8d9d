//! Targets of older releases do some things otherwise; what they cannot do is no difference, and each has its rule.

use fonds::rehearsal::{Instance, Options, Release};

use crate::support::restores::{directory, one, restore};
use crate::verify;

/// The releases in front of which something was otherwise.
const OLD: [Release; 9] = [
    Release(6, 7, 9),
    Release(6, 9, 3),
    Release(6, 10, 2),
    Release(6, 11, 1),
    Release(6, 16, 0),
    Release(6, 20, 1),
    Release(6, 26, 0),
    Release(6, 30, 1),
    Release(6, 33, 1),
];

/// A plugin is on nobody's disk, and a film on a server that is not there, which an old target asks.
fn is_meant(what: &str, release: Release) -> bool {
    let is_film = what.starts_with("objekt 126") || what.contains("file 1001778");
    let is_old_film = is_film && release < Release(6, 10, 2);
    !what.contains("plugin") && !is_old_film
}

#[test]
fn what_an_old_release_cannot_do_is_no_difference() {
    for release in OLD {
        let dir = tempfile::tempdir().unwrap();
        let target = Instance::start(Options { release, ..Options::default() }).unwrap();
        let archive = dir.path().join("a.redb");
        let restored = one(restore(directory(), &[&target]), &archive);
        let aside: Vec<_> = restored.aside.iter().filter(|aside| is_meant(&aside.what, release)).collect();
        assert!(aside.is_empty(), "{release}: {aside:?}");
        let verified = verify(directory(), &target, &archive);
        let told: Vec<_> = verified.differences.iter().filter(|found| is_meant(&found.what, release)).collect();
        assert!(told.is_empty(), "{release}: {told:#?}");
        assert!(verified.counts["db:objekt"].same > 4, "{release}");
    }
}

#[test]
fn times_that_a_backup_does_not_tell_are_filled_in_by_the_target_and_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (crate::support::restores::target(), dir.path().join("a.redb"));
    let without = crate::support::restores::changed(&[("db__ort__level_00__batch_0001__size_0001.json", &|json| {
        let record = json["objects"][0].as_object_mut().expect("a record");
        for key in ["_created", "_last_modified", "_create_user"] {
            record.remove(key);
        }
    })]);
    let from = || fonds::jobs::restore::RestoreFrom::Directory(without.path().to_owned());
    one(restore(from(), &[&target]), &archive);
    let of_ort = |verified: &fonds::jobs::verify::Verified| {
        let own = verified.differences.iter().filter(|found| found.what.starts_with("ort "));
        own.map(|found| found.why.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of_ort(&verify(from(), &target, &archive)), Vec::<String>::new());
    // One that tells them is not content with what the target has filled in.
    let told = of_ort(&verify(directory(), &target, &archive));
    assert!(told.len() == 1 && told[0].contains("_created") && told[0].contains("_last_modified"), "{told:?}");
}
