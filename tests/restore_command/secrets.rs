//! Passwords and tokens are in no output, no log, no run, no report and no manifest.

use std::fs;
use std::path::Path;
use std::process::Output;

use fonds::jobs::{self, LoadSource};
use fonds::rehearsal::{Client, Instance, Options};

use crate::support::archives;
use crate::support::program::{fonds, succeed};
use crate::support::restores::{fault, museum};

const PASSWORD: &str = "Geheim-Paßwort-4711";
const CLIENT_SECRET: &str = "client-secret-0815";
const TOKEN: &str = "file-token-2222";

fn instance(is_filled: bool) -> Instance {
    let options = Options {
        password: PASSWORD.into(),
        clients: vec![Client { id: "own".to_owned(), secret: Some(CLIENT_SECRET.into()) }],
        ..Options::default()
    };
    let source = LoadSource::Layout(museum());
    let source = is_filled.then_some(&source);
    jobs::instance(options, source, Path::new("none"), &archives::silent()).expect("an instance").0
}

/// Everything that a command has said.
fn run(folder: &Path, words: &[&str], instance: &Instance) -> String {
    let mut command = fonds(&folder.join("a.redb"));
    command.args(words).args(["--server", &instance.api_url(), "--login", "root", "--password", PASSWORD]);
    command.args(["--client-id", "own", "--client-secret", CLIENT_SECRET, "--log", "all.log", "--log-network"]);
    command.args(["--retry-max-count", "3", "--retry-sleep-between", "0.01"]).current_dir(folder);
    let Output { stdout, stderr, status } = command.output().expect("the program starts");
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(matches!(status.code(), Some(0 | 4 | 5 | 7)), "{words:?}: {status} {text}");
    text
}

#[test]
fn nothing_secret_is_told_anywhere() {
    let dir = tempfile::tempdir().expect("a directory");
    let folder = dir.path();
    let (source, target) = (instance(true), instance(false));
    // Trouble has more to tell.
    fault(&target, "status 503 on POST * every 7");
    fault(&target, "expire-token on * every 25");
    fault(&target, "refuse-record \"1951.17\" on POST /api/v1/db/objekt");
    let backup = ["backup", "--name", "museum", "--all-versions", "--include-files", "original"];
    let restore = ["restore", "museum", "--file-api", "rput", "--file-api-access-token", TOKEN, "--include-password"];
    let mut told = vec![
        run(folder, &backup, &source),
        run(folder, &[&backup[..], &["-v"]].concat(), &source),
        run(folder, &[&restore[..], &["-v"]].concat(), &target),
        run(folder, &[&restore[..], &["--json", "--purge", "--yes"]].concat(), &target),
    ];
    for report in ["report.html", "report.json", "report.csv"] {
        told.push(run(folder, &["verify", "museum", "--report", report, "--json"], &target));
        told.push(fs::read_to_string(folder.join(report)).expect("a report"));
    }
    // A login that fails has something to tell, too.
    let mut wrong = fonds(&folder.join("a.redb"));
    wrong.args(["restore", "museum", "--server", &target.api_url(), "--login", "root", "--password", "Falsch-4712"]);
    let wrong = wrong.args(["--client-id", "own", "--client-secret", CLIENT_SECRET, "-v", "-n"]).output();
    let wrong = wrong.expect("the program starts");
    assert_eq!(wrong.status.code(), Some(7));
    told.push(String::from_utf8_lossy(&wrong.stderr).into_owned());
    told.push(fs::read_to_string(folder.join("all.log")).expect("a log"));
    let archive = folder.join("a.redb");
    let with = |words: &[&str]| {
        let mut command = fonds(&archive);
        command.args(words);
        succeed(command)
    };
    told.push(with(&["runs"]));
    for id in 1..=4 {
        told.push(with(&["runs", "show", &id.to_string()]));
    }
    told.push(with(&["show", "museum", "-v"]));
    told.push(with(&["cat", "museum", "manifest.json"]));
    assert!(told.iter().map(String::len).sum::<usize>() > 50_000, "there is something to look at");
    assert!(
        told.iter().any(|text| text.contains("POST") && text.contains("/api/v1/db/objekt")),
        "the network is logged"
    );
    let encoded = |secret: &str| url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    for text in &told {
        for secret in [PASSWORD, CLIENT_SECRET, TOKEN, "Falsch-4712"] {
            for form in [secret.to_owned(), encoded(secret)] {
                let at = text.find(&form);
                assert!(at.is_none(), "{secret}: …{}…", excerpt(text, at));
            }
        }
        for mark in ["ory_at_", "ory_rt_", "x-fylr-signature=v1-", "Bearer ory"] {
            let at = text.find(mark);
            assert!(at.is_none(), "{mark}: …{}…", excerpt(text, at));
        }
    }
}

fn excerpt(text: &str, at: Option<usize>) -> &str {
    let at = at.unwrap_or(0);
    &text[text.floor_char_boundary(at.saturating_sub(150))..text.floor_char_boundary(at + 150)]
}
