//! `fonds instance`, as its users meet it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::museum;
use super::support::http::Http;
use super::support::program::{fonds, import, succeed};

/// A running `fonds instance`; killed at the latest when the test ends.
struct Running {
    child: Child,
    line: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(mut command: Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    Running { child, line }
}

/// Ends it as Ctrl-C does.
fn interrupt(running: &mut Running) -> Option<i32> {
    let id = running.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    running.child.wait().expect("an end").code()
}

#[test]
fn it_tells_where_it_listens_and_ends_at_ctrl_c() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, dump, log) = (dir.path().join("a.redb"), dir.path().join("dump"), dir.path().join("log"));
    succeed(import(&archive, &museum()));
    let mut command = fonds(&archive);
    command.args(["--json", "instance", "--load", "museum", "--dump"]).arg(&dump);
    command.arg("--request-log").arg(&log).args(["--fault", "status 502 on /api/v1/tags times 1"]);
    let mut running = run(command);
    let told: Value = serde_json::from_str(&running.line).unwrap();
    assert_eq!((&told["loaded"]["records"], &told["files"]), (&34.into(), &9.into()), "{told}");
    let base = told["url"].as_str().unwrap().trim_end_matches("/api/v1").to_owned();
    let http = Http::anonymous(&base);
    assert_eq!(http.get("/settings").ok()["version"], "v6.34.2");
    assert_eq!(http.get("/tags?access_token=verysecret").status, 502);
    assert_eq!(http.get("/tags?access_token=verysecret").status, 401);
    assert_eq!(interrupt(&mut running), Some(0));
    let records = std::fs::read_to_string(dump.join("db_objekt.json")).unwrap();
    assert_eq!(records.lines().count(), 7);
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(
        log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && !log.contains("verysecret"),
        "{log}"
    );
}

#[test]
fn a_tar_goes_in_as_a_directory_does() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, tar) = (dir.path().join("a.redb"), dir.path().join("museum.tar.gz"));
    succeed(import(&archive, &museum()));
    let mut export = fonds(&archive);
    export.args(["export", "museum"]).arg(&tar);
    succeed(export);
    let mut command = fonds(&archive);
    command.args(["instance", "--kind", "easydb5", "--load"]).arg(&tar);
    let mut running = run(command);
    assert!(
        running.line.contains("easydb5 5.153.0") && running.line.contains("34 record versions, 9 files"),
        "{}",
        running.line
    );
    assert_eq!(interrupt(&mut running), Some(0));
}

#[test]
fn what_is_refused_is_told_with_its_code() {
    let dir = super::changed(&[("basetype-pool-level-01.json", &|j| {
        j["pools"][0]["pool"]["lookup:_id_parent"]["reference"] = "nowhere".into();
    })]);
    let mut command = fonds(&dir.path().join("a.redb"));
    let output = command.args(["instance", "--load"]).arg(dir.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("basetype-pool-level-01.json") && told.contains("LookupNotFound"), "{told}");
}
