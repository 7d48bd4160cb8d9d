//! Where a directory may be written, and what is there before, meanwhile and afterwards.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fonds::layout::{DirectoryWriter, Error, Existing, Unfit, WriteOptions};
use fonds::model::backup::{BackupReader, BackupWriter};

use crate::{Change, backup, copy, directory, names, on_disk, open};

const REPLACE: WriteOptions = WriteOptions {
    existing: Existing::Replace,
    compression: None,
    form: fonds::layout::Form::Directory,
    wrapping: fonds::layout::Wrapping::None,
};

fn unfit(destination: &Path, options: WriteOptions) -> Unfit {
    match DirectoryWriter::create(destination, options) {
        Err(Error::Destination { unfit, .. }) => unfit,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("{} was accepted", destination.display()),
    }
}

#[test]
fn unfit_destinations_are_refused_and_stay_as_they_are() {
    let dir = directory(&[("full/x", "x"), ("file", "x"), ("empty/", "")]);
    let at = |name: &str| dir.path().join(name);
    symlink("empty", at("link")).expect("a link");
    symlink("gone", at("dangling")).expect("a link");
    let before = names(dir.path());
    let refuse = WriteOptions::default();
    for options in [refuse, REPLACE] {
        assert_eq!(unfit(&at("link"), options), Unfit::Link);
        assert_eq!(unfit(&at("link/"), options), Unfit::Link);
        assert_eq!(unfit(&at("dangling"), options), Unfit::Link);
        assert_eq!(unfit(&at("file"), options), Unfit::NoDirectory);
        assert_eq!(unfit(Path::new("/"), options), Unfit::NoName);
        assert_eq!(unfit(Path::new("."), options), Unfit::WorkingDirectory);
        assert_eq!(unfit(Path::new(".."), options), Unfit::WorkingDirectory);
    }
    assert_eq!(unfit(&at("full"), refuse), Unfit::NotEmpty);
    assert_eq!(names(dir.path()), before);
    if fs::exists("/proc/self").unwrap_or_default() {
        assert_eq!(unfit(Path::new("/proc"), REPLACE), Unfit::MountPoint);
    }
}

#[test]
fn missing_parents_are_created_and_an_empty_directory_gives_way() {
    let dir = backup(&[]);
    let target = directory(&[("empty/", "")]);
    for name in ["a/b/c", "empty"] {
        let out = target.path().join(name);
        copy(dir.path(), &out, WriteOptions::default()).expect("a copy");
        assert_eq!(names(&out), ["a.json", "manifest.json"]);
        assert_eq!(names(out.parent().expect("a parent")).iter().filter(|name| name.starts_with('.')).count(), 0);
    }
}

/// A writer that has got everything but the end.
fn unfinished(source: &Path, destination: &Path, options: WriteOptions) -> DirectoryWriter {
    let mut writer = DirectoryWriter::create(destination, options).expect("a writer");
    open(source).expect("a backup").for_each(|head, content| writer.put(head, content)).expect("readable entries");
    writer
}

#[test]
fn nothing_is_visible_before_the_end_and_nothing_is_left_without_it() {
    let dir = backup(&[("files/1/2", "x")]);
    let target = directory(&[]);
    let writer = unfinished(dir.path(), &target.path().join("out"), WriteOptions::default());
    let hidden = names(target.path());
    assert_eq!(hidden, [format!(".out.fonds-partial-{}", std::process::id())]);
    drop(writer);
    assert_eq!(names(target.path()), Vec::<String>::new());
}

#[test]
fn a_replaced_backup_stays_until_the_new_one_is_complete() {
    let (dir, other) = (backup(&[("new", "x")]), backup(&[("old/old", "x")]));
    let target = directory(&[]);
    let out = target.path().join("out");
    copy(other.path(), &out, WriteOptions::default()).expect("a copy");

    let writer = unfinished(dir.path(), &out, REPLACE);
    assert_eq!(on_disk(&out), on_disk(other.path()));
    drop(writer);
    assert_eq!(on_disk(&out), on_disk(other.path()));
    assert_eq!(names(target.path()), ["out"]);

    let writer = unfinished(dir.path(), &out, REPLACE);
    writer.finish(open(dir.path()).expect("a backup").manifest()).expect("a replaced backup");
    assert_eq!(on_disk(&out), on_disk(dir.path()));
    assert_eq!(names(target.path()), ["out"]);
}

#[test]
fn what_appears_at_the_destination_meanwhile_is_not_touched() {
    let dir = backup(&[]);
    let appear: [(Change, Unfit); 3] = [
        (&|out| fs::create_dir_all(out.join("x")).expect("a folder"), Unfit::NotEmpty),
        (&|out| fs::write(out, "x").expect("a file"), Unfit::NoDirectory),
        (&|out| symlink("elsewhere", out).expect("a link"), Unfit::Link),
    ];
    for (appear, expected) in appear {
        let target = directory(&[("elsewhere/", "")]);
        let out = target.path().join("out");
        let writer = unfinished(dir.path(), &out, WriteOptions::default());
        appear(&out);
        let error = writer.finish(open(dir.path()).expect("a backup").manifest()).expect_err("something in the way");
        assert!(matches!(error, Error::Destination { unfit, .. } if unfit == expected), "{error:?}");
        assert_eq!(names(target.path()), ["elsewhere", "out"]);
        assert_eq!(names(&target.path().join("elsewhere")), Vec::<String>::new());
    }
}

#[test]
fn leftovers_of_the_dead_are_removed_and_nothing_else() {
    let dir = backup(&[]);
    let kept = [".other.fonds-partial-1", ".out.fonds-partial-x", ".out.fonds-partial-", "out.fonds-partial-1"];
    let target = directory(&[(".out.fonds-partial-1/files/x", "x"), (".out.fonds-partial-22/", "")]);
    for name in kept {
        fs::create_dir(target.path().join(name)).expect("a folder");
    }
    fs::write(target.path().join(".out.fonds-partial-3"), "").expect("a file");
    let alive = target.path().join(".out.fonds-partial-4");
    fs::create_dir(&alive).expect("a folder");
    let lock = File::open(&alive).expect("a folder");
    lock.try_lock().expect("a lock");
    copy(dir.path(), &target.path().join("out"), WriteOptions::default()).expect("a copy");
    let mut expected: Vec<_> =
        kept.into_iter().chain([".out.fonds-partial-3", ".out.fonds-partial-4", "out"]).collect();
    expected.sort_unstable();
    assert_eq!(names(target.path()), expected);
}

#[test]
fn a_replaced_backup_left_behind_is_removed_only_if_another_is_in_its_place() {
    let dir = backup(&[]);
    let target = directory(&[(".out.fonds-replaced-1/manifest.json", "{}")]);
    let out = target.path().join("out");
    copy(dir.path(), &out, WriteOptions::default()).expect("a copy");
    assert_eq!(names(target.path()), [".out.fonds-replaced-1", "out"]);
    copy(dir.path(), &out, REPLACE).expect("a copy");
    assert_eq!(names(target.path()), ["out"]);
}

#[test]
fn a_second_writer_to_the_same_place_does_not_disturb_the_first() {
    let dir = backup(&[]);
    let target = directory(&[]);
    let out: PathBuf = target.path().join("out");
    let first = unfinished(dir.path(), &out, WriteOptions::default());
    assert!(matches!(DirectoryWriter::create(&out, WriteOptions::default()), Err(Error::Place { .. })));
    first.finish(open(dir.path()).expect("a backup").manifest()).expect("a copy");
    assert_eq!(on_disk(&out), on_disk(dir.path()));
}
