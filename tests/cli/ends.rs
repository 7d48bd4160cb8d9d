//! Ends that nobody planned: Ctrl-C, a kill, a reader that goes away, a full disk below the results.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Place, import_museum, text};

/// Payloads of a backup that takes seconds to import.
const PAYLOADS: usize = 60;
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// A backup of 60 MB without repetition.
fn large_backup(place: &Place) {
    let payloads = (0..PAYLOADS).map(|number| format!("tags-{number:04}.json")).collect::<Vec<_>>();
    for (seed, name) in (1..).zip(&payloads) {
        let mut random = fastrand::Rng::with_seed(seed);
        let records = (0..10_000).map(|id| format!("{{\"_id\":{id},\"text\":\"{:080x}\"}}", random.u128(..)));
        place.put(&format!("backup/{name}"), format!("[{}]", records.collect::<Vec<_>>().join(",")));
    }
    place.put("backup/manifest.json", format!("{{\"payloads\": {payloads:?}}}"));
}

fn start(place: &Place, words: &str) -> Child {
    let mut command = place.command(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < PATIENCE, "{what} does not appear");
        thread::sleep(Duration::from_millis(2));
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, signal).expect("a process that can be signalled");
}

#[test]
fn ctrl_c_ends_the_work_in_order_and_the_same_command_continues() {
    let place = Place::new();
    large_backup(&place);
    let import = start(&place, "import backup --name large");
    wait_for("a run", || place.run("runs").stdout.ends_with(b"running\n"));
    signal(&import, Signal::INT);
    let output = import.wait_with_output().expect("an end");
    let told = "error: interrupted\nhint: nothing is lost: run the same command again\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(130), told.to_owned()));
    assert!(place.succeed("runs").ends_with("import large  cancelled\n"));
    assert_eq!(place.succeed("list --json"), "{\"snapshots\":[],\"exit\":0}\n");

    assert!(place.succeed("import backup --name large").contains(" of 600 000 records are new"));
    let is_partial = |name: &String| name.starts_with(".out.");
    let export = start(&place, "export large out");
    wait_for("a directory in the making", || place.names().iter().any(is_partial));
    let first = |place: &Place| -> Option<PathBuf> {
        let partial = place.names().into_iter().find(is_partial)?;
        Some(fs::read_dir(place.path(&partial)).ok()?.next()?.ok()?.path())
    };
    wait_for("an entry", || first(&place).is_some());
    signal(&export, Signal::TERM);
    let output = export.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(143), "{}", text(&output.stderr));
    assert_eq!(place.names(), ["backup", "fonds.redb"]);
}

#[test]
fn a_killed_run_is_told_as_interrupted() {
    let place = Place::new();
    large_backup(&place);
    let mut import = start(&place, "import backup --name large");
    wait_for("a run", || place.run("runs").stdout.ends_with(b"running\n"));
    import.kill().expect("a process that can be killed");
    import.wait().expect("an end");
    assert!(place.succeed("runs").ends_with("import large  interrupted\n"));
    assert!(place.succeed("check").starts_with("nothing wrong: 0 snapshots"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let content = "x".repeat(4 << 20);
    place.backup("backup", &[("tags.json", Some("[]"))]);
    place.put("backup/notes.txt", content);
    place.succeed("import backup");
    let mut cat = start(&place, "cat backup notes.txt");
    let mut pipe = BufReader::with_capacity(16, cat.stdout.take().expect("a pipe"));
    assert!(!pipe.fill_buf().expect("the beginning").is_empty());
    drop(pipe);
    let output = cat.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn results_that_cannot_be_written_are_an_error() {
    let place = Place::new();
    import_museum(&place);
    for words in ["list", "list --json", "show 1", "cat 1 datamodel.json", "check", "stats", "runs", "man"] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = place.command(words).stdout(full).output().expect("the program starts");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "fonds {words}: {told}");
        assert!(told.starts_with("error: cannot write the results: No space left on device"), "fonds {words}: {told}");
    }
}

#[test]
fn a_panic_is_told_without_a_backtrace() {
    // redb panics on some damaged pages; which, is its own affair.
    let place = Place::new();
    import_museum(&place);
    let whole = fs::read(place.path("fonds.redb")).expect("the archive");
    let mut failures = 0;
    for page in 1..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        place.put("fonds.redb", damaged);
        for words in ["list", "runs", "cat 1 manifest.json"] {
            let output = place.command(words).env("RUST_BACKTRACE", "1").output().expect("the program starts");
            let told = text(&output.stderr);
            assert!(matches!(output.status.code(), Some(0 | 1 | 6)), "fonds {words}: {}", output.status);
            assert!(!told.contains("panicked") && !told.contains("src/"), "fonds {words}: {told}");
            failures += usize::from(!output.status.success());
        }
    }
    assert!(failures > 0, "no damage was found");
}
