//! Runs of the migration page, over plain HTTP against the real program: begun, followed, cancelled, continued, killed,
//! and shown when they are many and long.

mod backups;
mod endings;
mod following;
mod large;
mod restores;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fonds::rehearsal::{self, Instance};
use serde_json::{Value, json};

use support::instances;
use support::page::Page;

/// Longer than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with an archive in it, which is not there yet.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    fn archive(&self) -> PathBuf {
        self.dir.path().join("a.redb")
    }

    /// The page, which talks to any server.
    fn page(&self) -> Page {
        Page::of(&self.archive(), &["--allow-any-server"])
    }
}

/// The sample museum, which takes so long for every answer.
fn museum(latency: u64) -> Instance {
    instances::filled(rehearsal::Options { latency: Duration::from_millis(latency), ..rehearsal::Options::default() })
}

/// What a script sends to back an instance up.
fn backup_of(instance: &Instance) -> Value {
    json!({
        "name": "museum", "server": instance.url(), "login": "root", "password": "admin", "chunk-size": 10,
        "include-events": true, "max-parallel": 1,
    })
}

/// Sends it; the name of the run.
#[track_caller]
fn begin(page: &Page, form: &Value) -> String {
    let (status, answer) = page.send("/inspect/migration/backup", form);
    assert_eq!(status, 202, "{answer}");
    answer["Run"]["Id"].as_str().expect("a name").to_owned()
}

/// The run as it stands.
fn run(page: &Page, name: &str) -> Value {
    page.json(&format!("/inspect/migration/runs/{name}/"))["Run"].clone()
}

/// Waits until the run is as wanted; what it is then.
#[track_caller]
fn wait_for(page: &Page, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = run(page, name);
        if wanted(&found) {
            return found;
        }
        assert!(Instant::now() < until, "{found}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until the run does not go on any more, and is in the archive.
#[track_caller]
fn ended(page: &Page, name: &str) -> Value {
    let under_way = ["queued", "waiting-for-archive", "running", "waiting-for-retry", "cancelling"];
    wait_for(page, name, |run| !under_way.contains(&run["State"].as_str().unwrap_or_default()))
}
