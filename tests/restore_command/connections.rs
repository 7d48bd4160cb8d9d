//! How a target is reached: certificates, logins, times, under the names of today and of old.

use std::process::{Command, Output};

use fonds::rehearsal::{Client, Instance, Options};

use crate::Place;
use crate::support::program::{fonds, told};
use crate::support::restores::{fault, museum};
use crate::support::scripted::{Reply, Scripted};
use crate::support::tls;

/// Exit codes of commands that have come to their end, with what there was to find.
const ENDED: [Option<i32>; 3] = [Some(0), Some(4), Some(5)];

/// `fonds VERB --manifest MUSEUM --server URL WORDS`, and nothing else.
fn bare(place: &Place, verb: &str, url: &str, words: &str) -> Command {
    let mut command = fonds(&place.path("a.redb"));
    command.arg(verb).arg("--manifest").arg(museum()).args(["--server", url]);
    command.args(["--retry-max-count", "1", "--retry-sleep-between", "0.01"]).args(words.split_whitespace());
    command.env("FONDS_PASSWORD", "admin").env_remove("HTTP_PROXY").current_dir(place.dir.path());
    command
}

fn run(place: &Place, verb: &str, url: &str, words: &str) -> Output {
    bare(place, verb, url, words).output().expect("the program starts")
}

#[test]
fn a_target_that_cannot_prove_who_it_is_gets_nothing_unless_any_certificate_will_do() {
    for verb in ["restore", "verify"] {
        let place = Place::new();
        let url = tls::before(tls::SELF_SIGNED, &place.target.api_url());
        let output = run(&place, verb, &url, "--login root");
        assert_eq!(output.status.code(), Some(2), "{verb}: {}", told(&output));
        assert!(told(&output).contains("127.0.0.1 cannot prove who it is"), "{verb}: {}", told(&output));
        assert_eq!(place.target.requests().len(), 0, "{verb}");
        let output = run(&place, verb, &url, "--login root --insecure");
        assert!(ENDED.contains(&output.status.code()), "{verb}: {}", told(&output));
        assert!(place.target.requests().len() > 20, "{verb}");
    }
}

#[test]
fn a_profile_may_say_that_any_certificate_will_do() {
    let place = Place::new();
    let url = tls::before(tls::SELF_SIGNED, &place.target.api_url());
    for (line, code) in [("insecure = true", Some(4)), ("insecure = false", Some(2))] {
        let text = format!("[instance.copy]\nserver = \"{url}\"\nlogin = \"root\"\n{line}\n");
        std::fs::write(place.path("fonds.toml"), text).expect("a file");
        let mut command = fonds(&place.path("b.redb"));
        command.args(["restore", "--instance", "copy", "--manifest"]).arg(museum());
        let output = command.env("FONDS_PASSWORD", "admin").current_dir(place.dir.path()).output().expect("it starts");
        assert_eq!(output.status.code(), code, "{line}: {}", told(&output));
    }
}

#[test]
fn tokens_come_from_where_it_was_said_under_either_name() {
    for verb in ["restore", "verify"] {
        for name in ["client-token-url", "clientTokenUrl"] {
            let place = Place::new();
            let nowhere = Scripted::start(|_| Reply::new(404, "no tokens here"));
            let own = place.target.api_url().replace("/api/v1", "/api/oauth2/token");
            let url = place.target.api_url();
            let output = run(&place, verb, &url, &format!("--login root --{name} http://{}/token", nowhere.address));
            assert!(!ENDED.contains(&output.status.code()), "{verb} {name}: {}", told(&output));
            assert!(!nowhere.asked_for("/token").is_empty(), "{verb} {name}");
            let output = run(&place, verb, &url, &format!("--login root --{name} {own}"));
            assert!(ENDED.contains(&output.status.code()), "{verb} {name}: {}", told(&output));
        }
    }
}

#[test]
fn clients_and_their_secrets_are_those_that_were_said() {
    let clients = vec![Client { id: "own".to_owned(), secret: Some("s-4711".into()) }];
    let target = Instance::start(Options { clients, ..Options::default() }).expect("an instance");
    for (words, is_let_in) in [
        ("--client-id own --client-secret s-4711", true),
        ("--clientId own --clientSecret s-4711", true),
        ("--client-id own --client-secret wrong", false),
        ("--client-id own", false),
        ("--client-id nobody", false),
        ("--clientId nobody", false),
    ] {
        let place = Place::new();
        let output = run(&place, "verify", &target.api_url(), &format!("--login root {words}"));
        let code = output.status.code();
        assert!(if is_let_in { ENDED.contains(&code) } else { code == Some(7) }, "{words}: {}", told(&output));
    }
}

#[test]
fn who_logs_in_and_with_what_is_what_was_said() {
    let place = Place::new();
    std::fs::write(place.path("right"), "admin\nsecond line\n").expect("a file");
    std::fs::write(place.path("wrong"), "nimda\n").expect("a file");
    let url = place.target.api_url();
    for (words, is_let_in) in [
        ("--login root", true),
        ("-l root", true),
        ("--login nobody", false),
        ("--login root --password-file right", true),
        ("--login root --password-file wrong", false),
        ("--login root --password admin", true),
        ("--login root -p nimda", false),
    ] {
        let output = run(&place, "verify", &url, words);
        let code = output.status.code();
        assert!(if is_let_in { ENDED.contains(&code) } else { code == Some(7) }, "{words}: {}", told(&output));
    }
    assert_eq!(run(&place, "verify", &url, "--login root -p x --password-file right").status.code(), Some(2));
}

#[test]
fn the_time_of_a_request_has_an_older_name() {
    for (words, is_in_time) in [("--timeout-min 1", true), ("--timeout 1", true), ("--timeout 0.005", false)] {
        let place = Place::new();
        fault(&place.target, "slow 1500 on POST /api/v1/group");
        let output = run(&place, "restore", &place.target.api_url(), &format!("--login root {words}"));
        assert_eq!(ENDED.contains(&output.status.code()), is_in_time, "{words}: {}", told(&output));
        assert_eq!(told(&output).contains("is called --timeout-min now"), words.starts_with("--timeout "), "{words}");
    }
}

#[test]
fn attempts_are_as_many_as_were_said() {
    let posts = |count: &str| {
        let place = Place::new();
        fault(&place.target, "status 503 retry-after 0 on POST /api/v1/group");
        let mut command = fonds(&place.path("a.redb"));
        command.args(["restore", "--manifest"]).arg(museum()).args(["--server", &place.target.api_url()]);
        command.args(["--login", "root", "--retry-max-count", count, "--retry-sleep-between", "0.01"]);
        let output = command.env("FONDS_PASSWORD", "admin").output().expect("the program starts");
        assert!(!ENDED.contains(&output.status.code()), "{}", told(&output));
        place.queries("POST", "/api/v1/group").len()
    };
    assert_eq!((posts("0"), posts("3")), (1, 4));
}

#[test]
fn what_is_said_is_as_much_as_was_asked_for() {
    let place = Place::new();
    let url = place.target.api_url();
    let said = |words: &str| {
        let output = run(&place, "restore", &url, &format!("--login root --datamodel - --dry-run=server {words}"));
        assert!(ENDED.contains(&output.status.code()), "{words}: {}", told(&output));
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (usual, told) = said("");
    assert!(usual.contains("Restore of") && !told.contains("DEBUG"), "{told}");
    let (quiet, _) = said("--quiet");
    assert!(quiet.is_empty(), "{quiet}");
    let (_, verbose) = said("--verbose");
    assert!(verbose.contains("payloads were opened") && verbose.len() > told.len(), "{verbose}");
    let (json, _) = said("--json");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(json["plan"]["counts"]["db:objekt"] == 7 && json["targets"].is_array(), "{json:#}");
    said("--log own.log");
    let log = std::fs::read_to_string(place.path("own.log")).expect("a log");
    assert!(log.contains("was asked for") && !log.contains("POST"), "{log}");
    said("--log network.log --log-network");
    let log = std::fs::read_to_string(place.path("network.log")).expect("a log");
    assert!(log.contains("POST") && log.contains("/api/v1/db/objekt"), "{log}");
}
