//! One writer at a time; readers beside it.

use std::time::{Duration, Instant};

use fonds::archive::runs::RunOutcome;
use fonds::archive::{Archive, ArchiveMut, Error};

use crate::Story;
use crate::support::archives::{findings, import, read_all};
use crate::support::program::{self, check, fonds, succeed};

/// How soon a second writer has to be told.
const SOON: Duration = Duration::from_secs(1);
/// The exit code for a passing cause.
const PASSING: i32 = 3;

#[test]
fn a_second_writer_is_told_within_a_second_who_was_first() {
    let story = Story::tell();
    let first = ArchiveMut::open(&story.archive()).expect("an archive");
    let run = first.begin_run("import monday").expect("a run");

    let begun = Instant::now();
    let Err(Error::Busy { holder, .. }) = ArchiveMut::open(&story.archive()) else { panic!("a second writer") };
    assert!(begun.elapsed() < SOON, "told after {:?}", begun.elapsed());
    let me = format!("process {} on ", std::process::id());
    assert!(holder.starts_with(&me) && holder.ends_with(" (import monday)"), "{holder}");

    let begun = Instant::now();
    let output = program::import(&story.archive(), &story.source()).output().expect("the program starts");
    assert!(begun.elapsed() < 3 * SOON, "told after {:?}", begun.elapsed());
    assert_eq!(output.status.code(), Some(PASSING));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains(&format!("is being written by {holder}")), "{error}");

    first.end_run(run, RunOutcome::Done { snapshot: None }, &[]).expect("the end of a run");
    first.close().expect("a disk that works");
    succeed(program::import(&story.archive(), &story.source()));
    succeed(check(&story.archive()));
}

#[test]
fn a_writer_that_was_killed_holds_nobody_up() {
    let story = Story::tell();
    story.kill_an_import();
    let mut runs = fonds(&story.archive());
    runs.arg("runs");
    assert!(succeed(runs).contains("interrupted"), "the run that was killed");
    succeed(program::import(&story.archive(), &story.source()));
    succeed(check(&story.archive()));
}

#[test]
fn readers_beside_a_writer_see_what_was_finished() {
    let story = Story::tell();
    let before = read_all(&Archive::open(&story.archive()).expect("an archive")).expect("readable snapshots");
    let reader = Archive::open(&story.archive()).expect("an archive");
    let mut writer = program::import(&story.archive(), &story.source());
    let mut writer = writer.stdout(std::process::Stdio::null()).spawn().expect("the program starts");
    while writer.try_wait().expect("a child").is_none() {
        let beside = Archive::open(&story.archive()).expect("an archive");
        let found = read_all(&beside).expect("readable snapshots");
        assert!(found.iter().take(1).eq(before.iter()) && found.len() <= 2, "what was finished");
        assert_eq!(findings(&beside).expect("a check"), []);
    }
    assert!(writer.wait().expect("a child").success());
    // Who has looked since before goes on, and sees what is new.
    assert_eq!(read_all(&reader).expect("readable snapshots").len(), 2);
}

#[test]
fn two_that_make_the_same_archive_make_one() {
    let story = Story::tell();
    let archive = story.dir.path().join("new.redb");
    let writers = [1, 2].map(|_| program::import(&archive, &story.source()).spawn().expect("the program starts"));
    let codes = writers.map(|mut writer| writer.wait().expect("a child").code());
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | PASSING))), "{codes:?}");
    succeed(check(&archive));
    let done = codes.iter().filter(|code| **code == Some(0)).count();
    let found = read_all(&Archive::open(&archive).expect("an archive")).expect("readable snapshots");
    assert_eq!(found.len(), done);
    import(&archive, &story.source()).expect("an import");
}
