//! Everything that only looks leaves the archive as it is: its bytes, its time, its directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use crate::Story;
use crate::support::program::{fonds, succeed, told};

const LOOKING: [&[&str]; 8] = [
    &["list"],
    &["show", "museum"],
    &["show", "museum", "-v"],
    &["cat", "museum", "manifest.json"],
    &["check"],
    &["check", "--read-data"],
    &["stats"],
    &["runs"],
];

/// Bytes and times of an archive, and what stands beside it.
#[derive(PartialEq, Eq)]
struct State {
    bytes: Vec<u8>,
    times: [(i64, i64); 2],
    names: Vec<std::ffi::OsString>,
}

impl State {
    fn of(archive: &Path) -> Self {
        let metadata = fs::metadata(archive).expect("the archive");
        let names = fs::read_dir(archive.parent().expect("a directory")).expect("a directory");
        let mut names: Vec<_> = names.map(|entry| entry.expect("a name").file_name()).collect();
        names.sort();
        let times = [(metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec())];
        Self { bytes: fs::read(archive).expect("the archive"), times, names }
    }
}

/// Looks in every way; the archive stays as it is.
#[track_caller]
fn look(archive: &Path) {
    let before = State::of(archive);
    for arguments in LOOKING {
        let mut command = fonds(archive);
        command.args(arguments);
        let told = succeed(command);
        assert!(!told.is_empty(), "{arguments:?} says nothing");
        let after = State::of(archive);
        assert!(after.bytes == before.bytes, "{arguments:?} has changed the file");
        assert!(after == before, "{arguments:?} has changed its time, or left a file");
    }
}

#[test]
fn looking_at_an_archive_changes_nothing() {
    look(&Story::tell().archive());
}

#[test]
fn looking_at_an_archive_whose_writer_was_killed_changes_nothing() {
    let story = Story::tell();
    story.kill_an_import();
    look(&story.archive());
}

#[test]
fn an_archive_that_nobody_may_write_can_be_looked_at() {
    let story = Story::tell();
    story.kill_an_import();
    let place = story.dir.path().join("place");
    fs::create_dir(&place).expect("a new directory");
    let archive = place.join("fonds.redb");
    fs::copy(story.archive(), &archive).expect("a copy");
    fs::set_permissions(&archive, Permissions::from_mode(0o444)).expect("permissions");
    fs::set_permissions(&place, Permissions::from_mode(0o555)).expect("permissions");
    look(&archive);
    fs::set_permissions(&place, Permissions::from_mode(0o755)).expect("permissions");
}

/// For root may write everywhere else. In a file system of its own, where that is allowed.
#[test]
fn an_archive_on_a_disk_that_nobody_can_write_can_be_looked_at() {
    let story = Story::tell();
    story.kill_an_import();
    fs::create_dir(story.dir.path().join("disk")).expect("a new directory");
    let looking =
        LOOKING.map(|arguments| format!("\"$0\" --archive disk/fonds.redb {} || exit 1\n", arguments.join(" ")));
    let line = format!(
        "mount -t tmpfs tmpfs disk && cp fonds.redb disk/ && mount -o remount,ro disk || exit 77\n\
         touch disk/x && exit 2\n{}",
        looking.concat()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &line, env!("CARGO_BIN_EXE_fonds")]);
    let Ok(output) = command.current_dir(story.dir.path()).output() else {
        return eprintln!("skipped: there is no unshare");
    };
    if output.status.code() == Some(77) || output.stdout.is_empty() && output.status.code() == Some(1) {
        return eprintln!("skipped: no disk can be mounted here: {}", told(&output));
    }
    assert!(output.status.success(), "{}", told(&output));
}
