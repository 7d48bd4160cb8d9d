//! A disk that is really full, and a file that must not grow: the program says so, its exit code says that the same
//! command will do later, and what was finished can be read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fonds::archive::Archive;
use tempfile::TempDir;

use crate::support::archives::{import, read_all};
use crate::support::backup::{Files, write_dir};
use crate::support::museum::{Museum, Size};
use crate::support::program::{self, check, succeed, told};

/// The exit code for a passing cause.
const PASSING: i32 = 3;

/// Two days, of which the second is too large.
struct Story {
    dir: TempDir,
    first: Files,
}

impl Story {
    fn tell() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let first = Museum::new(1, Size::SMALL).files();
        write_dir(&dir.path().join("monday"), &first);
        let second = Museum::new(2, Size { objects: 100, pictures: 4, picture_bytes: 4 << 20 }).files();
        write_dir(&dir.path().join("tuesday"), &second);
        Self { dir, first }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Monday is there, every byte of it, and nothing else.
    #[track_caller]
    fn verify(&self, archive: &Path) {
        let snapshots = read_all(&Archive::open(archive).expect("an archive")).expect("readable snapshots");
        assert!(snapshots.into_values().eq([self.first.clone()]), "what was finished");
        succeed(check(archive));
    }
}

/// The program has told of a lack of space.
#[track_caller]
fn is_full(output: &Output) {
    assert_eq!(output.status.code(), Some(PASSING), "{}", told(output));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("no space left to write the archive"), "{error}");
    assert!(error.contains("run the same command again"), "{error}");
}

/// Runs a line of shell with the program, archive and source as `$1`, `$2` and `$3`.
fn shell(line: &str, archive: &Path, source: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line, "sh", env!("CARGO_BIN_EXE_fonds")]).arg(archive).arg(source);
    command
}

#[test]
fn a_limit_to_the_length_of_files_is_told_and_costs_nothing_that_was_finished() {
    let story = Story::tell();
    let archive = story.at("fonds.redb");
    import(&archive, &story.at("monday")).expect("an import");
    let limited = r#"ulimit -f 10000; "$1" --archive "$2" import "$3" --name museum"#;
    is_full(&shell(limited, &archive, &story.at("tuesday")).output().expect("a shell"));
    story.verify(&archive);
    succeed(program::import(&archive, &story.at("tuesday")));
    succeed(check(&archive));
}

#[test]
fn an_archive_that_cannot_even_be_made_for_lack_of_space_is_told() {
    let story = Story::tell();
    let archive = story.at("fonds.redb");
    let limited = r#"ulimit -f 10; "$1" --archive "$2" import "$3" --name museum"#;
    let output = shell(limited, &archive, &story.at("monday")).output().expect("a shell");
    assert_eq!(output.status.code(), Some(PASSING), "{}", told(&output));
    let left =
        std::fs::read_dir(story.dir.path()).expect("a directory").map(|entry| entry.expect("a name").file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("redb")).collect();
    assert!(left.is_empty(), "{left:?} was left behind");
}

/// In a file system of its own, where that is allowed.
#[test]
fn a_full_disk_is_told_and_costs_nothing_that_was_finished() {
    let story = Story::tell();
    let archive = story.at("fonds.redb");
    import(&archive, &story.at("monday")).expect("an import");
    let place = story.at("disk");
    std::fs::create_dir(&place).expect("a new directory");
    // What is left on the full disk is taken out, for the disk goes with the shell.
    let line = r#"
        mount -t tmpfs -o size=12m tmpfs disk || exit 77
        cp fonds.redb disk/ && "$1" --archive disk/fonds.redb import "$3" --name museum
        exit=$?
        cat disk/fonds.redb > left.redb
        exit $exit"#;
    let mut unshared = Command::new("unshare");
    let shell = shell(line, &archive, &story.at("tuesday"));
    unshared
        .args(["--mount", "--map-root-user"])
        .arg(shell.get_program())
        .args(shell.get_args())
        .current_dir(story.dir.path());
    let Ok(output) = unshared.output() else { return eprintln!("skipped: there is no unshare") };
    if matches!(output.status.code(), Some(77 | 1)) && !story.at("left.redb").exists() {
        return eprintln!("skipped: no disk can be mounted here: {}", told(&output));
    }
    is_full(&output);
    story.verify(&story.at("left.redb"));
    succeed(program::import(&story.at("left.redb"), &story.at("tuesday")));
    succeed(check(&story.at("left.redb")));
}
