//! The program is killed in the middle of a restore, again and again: the same command with `--continue` brings the rest.

use std::process::Stdio;
use std::time::Duration;

use crate::support::program::{fonds, import, succeed};
use crate::support::restores::{content, directory, museum, one, restore, target};

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
