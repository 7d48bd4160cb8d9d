//! A backup that is killed at any moment goes on with `--continue`, to the same snapshot.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use fonds::rehearsal::{self, Instance, Kind};

use crate::support::instances::{entries, filled};
use crate::{Place, backup_of};

/// How often each backup is killed.
const KILLS: usize = 3;
/// Requests at a time: what is on its way when it is killed has not arrived.
const WORKERS: usize = 3;

/// What was given more than once, of the lists that must be there as a whole before the first of their payloads is.
fn again(source: &Instance) -> Vec<String> {
    let mut given = BTreeMap::new();
    for request in source.requests().into_iter().filter(|request| request.status == 200) {
        let path = request.path.trim_start_matches("/api/v1/").to_owned();
        let is_kept = ["user", "group", "pool", "collection/", "db/ort/", "db/thema/"];
        if is_kept.iter().any(|start| path.starts_with(start)) && path != "user/session" {
            let offset =
                request.query.split('&').find(|pair| pair.starts_with("offset=")).unwrap_or_default().to_owned();
            *given.entry(format!("{path}?{offset}")).or_insert(0) += 1;
        }
    }
    let again = given.into_iter().filter(|(_, times)| *times > 1);
    again.flat_map(|(asked, times)| std::iter::repeat_n(asked, times - 1)).collect()
}

/// How many backups have come to their end.
fn snapshots(place: &Place) -> usize {
    let listed: serde_json::Value = serde_json::from_slice(&place.run("--json list").stdout).unwrap_or_default();
    listed["snapshots"].as_array().map_or(0, Vec::len)
}

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
        source.forget_requests();
        let mut finished = 0;
        for kill in 0..KILLS as u64 {
            let mut command = place.command(&words);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
            std::thread::sleep(Duration::from_millis(60 + 130 * round + 210 * kill));
            // It may have come to its end already.
            let _ = child.kill();
            child.wait().expect("an end");
            let snapshots = snapshots(&place);
            if std::mem::replace(&mut finished, snapshots) < snapshots {
                // The next one is a backup of its own.
                source.forget_requests();
            }
        }
        let output = place.run(&words);
        assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        let found = entries(&place.path("fonds.redb"));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "round {round}");
        let different = found.iter().filter(|(path, bytes)| expected[*path] != **bytes).map(|(path, _)| path);
        assert_eq!(different.collect::<Vec<_>>(), Vec::<&String>::new(), "round {round}");
        assert!(place.run("check --read-data").status.success(), "round {round}");
        let again = again(&source);
        assert!(again.len() <= KILLS * WORKERS, "round {round}: {again:?}");
        assert!(!place.path("fonds.redb.museum.unfinished").exists(), "round {round}");
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
