//! Many runs and long logs: a page costs what it shows, not what there is.

use std::path::Path;
use std::time::{Duration, Instant};

use fonds::archive::ArchiveMut;
use fonds::archive::runs::{Batch, RunOutcome, now};
use fonds::model::log::{Level, Line};

use crate::support::page::{BEARER, Page};

/// Lines of a batch, as a fast run writes them.
const BATCH: u64 = 10_000;
/// What every page stays below.
const SOON: Duration = Duration::from_millis(50);
/// What the page may take, in kB.
const MEMORY_MAX: u64 = 150 << 10;

/// An archive with so many runs, the first of which has so many lines, some of them warnings, few errors.
fn fill(archive: &Path, runs: u64, lines: u64) {
    let archive = ArchiveMut::open_or_create(archive).expect("an archive");
    let long = archive.open_run("restore museum to https://dam.museum.example/api/v1").expect("a run");
    let line = |number: u64| {
        let level = match number {
            number if number % 1_000 == 999 => Level::Error,
            number if number % 3 == 0 => Level::Warning,
            _ => Level::Info,
        };
        Line::new(
            now(),
            level,
            format!("objekt {number} version 1 is not on the target: 400 \"Größe {number}\" breaks a key"),
        )
    };
    for first in (0..lines).step_by(BATCH as usize) {
        let batch = (first..lines.min(first + BATCH)).map(line).collect();
        long.append(&Batch::of(first, batch)).expect("room");
    }
    long.end(RunOutcome::Aside { snapshot: None, count: 1 }, &Batch::default()).expect("room");
    drop(long);
    for number in 1..runs {
        let run = archive.begin_run(&format!("backup museum {number}")).expect("a run");
        archive.end_run(run, RunOutcome::Done { snapshot: None }, &["done".to_owned()]).expect("room");
    }
    archive.close().expect("a disk that works");
}

/// The slowest of some requests; the fastest of three counts, for others work on this machine, too.
fn slowest(page: &Page, paths: &[String]) -> (Duration, String) {
    let times = paths.iter().map(|path| {
        let time = (0..3).map(|_| {
            let begun = Instant::now();
            let answer = page.get(path, &[BEARER]);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            begun.elapsed()
        });
        (time.min().expect("three"), path.clone())
    });
    times.max().expect("some")
}

fn measure(runs: u64, lines: u64) {
    let folder = if Path::new("/dev/shm").is_dir() { Path::new("/dev/shm") } else { Path::new("/tmp") };
    let dir = tempfile::tempdir_in(folder).expect("a temporary directory");
    let archive = dir.path().join("a.redb");
    let begun = Instant::now();
    fill(&archive, runs, lines);
    let bytes = std::fs::metadata(&archive).expect("the archive").len();
    println!("{runs} runs, {lines} lines, {bytes} bytes, filled in {:?}", begun.elapsed());
    let page = Page::of(&archive, &[]);
    let root = "/inspect/migration/runs/";
    let mut paths = vec![root.to_owned(), format!("{root}?before={}", runs / 2), format!("{root}1/")];
    for level in ["info", "warning", "error"] {
        for place in ["from=0", "before=0", &format!("from={}", lines / 2), &format!("before={lines}")] {
            paths.push(format!("{root}1/?level={level}&{place}"));
        }
    }
    let (time, path) = slowest(&page, &paths);
    println!("the slowest page takes {time:?}: {path}; at most {} kB", page.memory());
    assert!(time < SOON, "{time:?}: {path}");
    let whole = page.text(&format!("{root}1/log"));
    assert_eq!(whole.lines().count() as u64, lines);
    drop(whole);
    println!("after the whole log at most {} kB", page.memory());
    assert!(page.memory() < MEMORY_MAX, "{} kB", page.memory());
}

#[test]
fn a_page_of_many_runs_and_lines_comes_at_once() {
    measure(300, 60_000);
}

#[test]
#[ignore = "takes a minute; the figures are for people"]
fn ten_thousand_runs_and_two_million_lines() {
    measure(10_000, 2_000_000);
}
