//! A backup that is killed at any moment goes on with `--continue`, to the same snapshot.

use std::process::Stdio;
use std::time::Duration;

use fonds::rehearsal::{self, Kind};

use crate::support::instances::{entries, filled};
use crate::{Place, backup_of};

#[test]
fn a_killed_backup_goes_on_to_the_same_snapshot() {
    // Slow enough to be killed in the middle.
    let latency = Duration::from_millis(8);
    let source = filled(rehearsal::Options { latency, kind: Kind::Fylr, ..rehearsal::Options::default() });
    let words = format!("{} --continue", backup_of(&source.api_url()));
    let whole = Place::new();
    assert!(whole.run(&words).status.success());
    let expected = entries(&whole.path("fonds.redb"));
    for round in 0..6 {
        let place = Place::new();
        for kill in 0..3 {
            let mut command = place.command(&words);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
            std::thread::sleep(Duration::from_millis(60 + 130 * round + 210 * kill));
            // It may have come to its end already.
            let _ = child.kill();
            child.wait().expect("an end");
        }
        let output = place.run(&words);
        assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        let found = entries(&place.path("fonds.redb"));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "round {round}");
        let different = found.iter().filter(|(path, bytes)| expected[*path] != **bytes).map(|(path, _)| path);
        assert_eq!(different.collect::<Vec<_>>(), Vec::<&String>::new(), "round {round}");
        assert!(place.run("check --read-data").status.success(), "round {round}");
    }
}

#[test]
fn an_interrupted_backup_ends_in_order_and_goes_on() {
    let latency = Duration::from_millis(30);
    let source = filled(rehearsal::Options { latency, ..rehearsal::Options::default() });
    let place = Place::new();
    let words = backup_of(&source.api_url());
    let mut command = place.command(&words);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    std::thread::sleep(Duration::from_millis(1200));
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let output = child.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("interrupted"), "{told}");
    let again = place.run(&format!("{words} --continue"));
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
}
