//! Passwords come from where nobody sees them, and nobody sees them afterwards.

use std::fs;
use std::process::Stdio;

use fonds::rehearsal::{self, Instance, Kind};

use crate::support::instances::filled;
use crate::{Place, backup_of};

const CANARY: &str = "S3cr3t-canary-ä";

fn guarded(kind: Kind) -> Instance {
    filled(rehearsal::Options { kind, password: CANARY.into(), ..rehearsal::Options::default() })
}

#[test]
fn a_password_comes_from_a_file_the_environment_or_a_profile() {
    let source = guarded(Kind::Fylr);
    let place = Place::new();
    let words = format!("backup --server {} --login root --purge", source.api_url());
    fs::write(place.path("pw"), format!("{CANARY}\nsecond line\n")).expect("a file");
    let (told, exit) = place.failure(&format!("{words} --password-file pw"));
    assert_eq!(exit, 0, "{told}");
    let output = place.command(&words).env("FONDS_PASSWORD", CANARY).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (told, exit) = place.failure(&words);
    assert_eq!(exit, 2, "{told}");
    assert!(told.contains("there is no password: give --password-file or $FONDS_PASSWORD"), "{told}");
    for (name, from) in [
        ("file", "password_file = \"pw\""),
        ("command", "password_command = \"head -1 pw\""),
        ("variable", "password_env = \"MUSEUM_PW\""),
    ] {
        let profile = format!("[instance.{name}]\nserver = \"{}\"\nlogin = \"root\"\n{from}\n", source.api_url());
        fs::write(place.path("fonds.toml"), profile).expect("a file");
        let mut command = place.command(&format!("backup --instance {name}"));
        let output = command.env("MUSEUM_PW", CANARY).output().expect("the program");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with(&format!("{name}: snapshot ")), "{text}");
    }
    let (told, exit) = place.failure("backup --instance nobody");
    assert_eq!(exit, 2, "{told}");
    assert!(told.contains("has no [instance.nobody]; there are variable"), "{told}");
}

#[test]
fn no_secret_is_left_anywhere() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let source = guarded(kind);
        let place = Place::new();
        fs::write(place.path("pw"), CANARY).expect("a file");
        let words = backup_of(&source.api_url()).replace("--password admin", "--password-file pw");
        source.faults().add("status 502 on GET /api/v1/db/objekt/*".parse().expect("a rule"));
        let broken = format!("-v --log-network --log log.txt {words} --retry-max-count 1");
        let mut seen = place.run(&broken);
        source.faults().clear();
        let rest = place.run(&format!("--json --log-network --log log.txt {words} --continue"));
        assert!(rest.status.success(), "{}", String::from_utf8_lossy(&rest.stderr));
        for part in [rest.stdout, rest.stderr, place.run("runs show 1").stdout, place.run("runs show 2").stdout] {
            seen.stderr.extend(part);
        }
        seen.stdout.extend(fs::read(place.path("log.txt")).expect("a log"));
        seen.stdout.extend(fs::read(place.path("fonds.redb")).expect("an archive"));
        let text = String::from_utf8_lossy(&[seen.stdout, seen.stderr].concat()).into_owned();
        assert!(text.contains("→ GET http://127.0.0.1"), "the log tells of the network");
        let encoded = "S3cr3t-canary-%C3%A4";
        for canary in [CANARY, encoded, "ory_at_", "ory_rt_", "S3cr3t"] {
            let at = text.find(canary).map(|at| text[at.saturating_sub(80)..].chars().take(160).collect::<String>());
            assert_eq!(at, None, "{kind:?}: {canary}");
        }
    }
}

#[test]
fn a_password_in_the_command_line_works() {
    let source = guarded(Kind::Fylr);
    let place = Place::new();
    let mut command = place.command(&format!("backup --server {} -l root", source.api_url()));
    let output = command.args(["-p", CANARY]).stdin(Stdio::null()).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
