//! The program is killed in the middle of a restore, again and again: the same command with `--continue` brings the rest.

use std::process::Stdio;
use std::time::Duration;

use fonds::rehearsal::{Instance, Options};

use crate::support::program::{fonds, import, succeed};
use crate::support::restores::{changed, content, directory, museum, one, restore, target};

#[test]
fn a_restore_that_is_killed_anywhere_goes_on_without_doubles_and_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, target, archive) = (target(), target(), dir.path().join("a.redb"));
    let mut job = restore(directory(), &[&whole]);
    (job.write.upload_versions, job.write.include_password) = (false, false);
    one(job, &dir.path().join("whole.redb"));
    succeed(import(&archive, &museum()));
    let command = || {
        let mut command = fonds(&archive);
        command.args(["restore", "museum", "--login", "root", "--file-api", "put", "--skip-constraints", "--continue"]);
        command.args(["--server", &target.api_url(), "--retry-max-count", "2", "--retry-sleep-between", "0.05"]);
        command.env("FONDS_PASSWORD", "admin").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    for time in [90, 130, 170, 210, 250, 290] {
        let mut child = command().spawn().unwrap();
        std::thread::sleep(Duration::from_millis(time));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let status = command().status().unwrap();
    // What was set aside by a run that was killed counts, too.
    assert_eq!(status.code(), Some(4));
    let (expected, found) = (content(&whole), content(&target));
    for (kind, expected) in expected.as_object().unwrap() {
        assert_eq!(found[kind].as_array().map(Vec::len), expected.as_array().map(Vec::len), "{kind}");
    }
    for kind in ["db_ort", "db_thema", "users", "collections", "mappings", "events", "publications"] {
        assert_eq!(found[kind], expected[kind], "{kind}");
    }
}

/// The museum without the plugin that cannot be had.
fn whole() -> tempfile::TempDir {
    changed(&[("basetype-plugin-0000.json", &|json| {
        json["plugins"].as_array_mut().expect("plugins").retain(|one| one["type"] == "url");
    })])
}

#[test]
fn killed_at_random_moments_it_ends_with_everything_there_once() {
    let museum = whole();
    for seed in 0..6 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.redb");
        // Slow enough to be killed in the middle of it.
        let latency = Duration::from_millis(2);
        let target = Instance::start(Options { latency, ..Options::default() }).unwrap();
        let command = |verb: &str, words: &[&str]| {
            let mut command = fonds(&archive);
            command.arg(verb).args(words).arg("--manifest").arg(museum.path());
            command.args(["--login", "root", "--server", &target.api_url(), "--retry-max-count", "3"]);
            command.args(["--retry-sleep-between", "0.02"]).env("FONDS_PASSWORD", "admin");
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let parallel = ["1", "3"][seed as usize % 2];
        let restore = ["--file-api", "put", "--skip-constraints", "--continue", "--max-parallel", parallel];
        let mut killed = 0;
        for _ in 0..5 {
            let mut child = command("restore", &restore).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(chance.u64(40..700)));
            killed += u32::from(child.try_wait().unwrap().is_none());
            // It may have come to its end already.
            let _ = child.kill();
            child.wait().unwrap();
        }
        assert_eq!(
            command("restore", &restore).status().unwrap().code(),
            Some(0),
            "seed {seed}, killed {killed} times"
        );
        let output = command("verify", &["--json"]).stdout(Stdio::piped()).output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "seed {seed}: {json:#}");
        for kind in ["db:objekt", "db:ort", "db:person", "user", "publish", "xmlmapping/mapping", "message"] {
            let counted = &json["verify"]["counts"][kind];
            assert_eq!(counted["more"], 0, "seed {seed}: {kind} {counted}");
            assert_eq!(counted["same"], counted["in_backup"], "seed {seed}: {kind} {counted}");
        }
        let found = content(&target);
        let ids = |kind: &str| -> Vec<String> {
            let all = found[kind].as_array().unwrap().iter();
            all.map(|record| format!("{} {}", record["_system_object_id"], record["_version"])).collect()
        };
        for kind in ["db_objekt", "db_ort", "db_person", "db_thema"] {
            let all = ids(kind);
            let unique: std::collections::BTreeSet<&String> = all.iter().collect();
            assert_eq!(all.len(), unique.len(), "seed {seed}: {kind} {all:?}");
        }
        // Events of the backup have gone in once each; those of the target are newer.
        assert_eq!(found["events"].as_array().map(Vec::len), Some(7), "seed {seed}");
    }
}
