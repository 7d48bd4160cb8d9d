//! Who looks at the list of processes while a restore is under way sees nothing that was not typed.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fonds::rehearsal::{Instance, Options};

use crate::support::program::fonds;
use crate::support::restores::museum;

const PASSWORD: &str = "Geheim-Paßwort-0817";
/// How long a restore is watched at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// An instance that takes its time, so that there is something to watch.
fn slow() -> Instance {
    let latency = Duration::from_millis(4);
    Instance::start(Options { password: PASSWORD.into(), latency, ..Options::default() }).expect("an instance")
}

fn profile(folder: &Path, instance: &Instance, password: &str) {
    let server = instance.api_url();
    let text = format!("[instance.copy]\nserver = \"{server}\"\nlogin = \"root\"\n{password}\n");
    fs::write(folder.join("fonds.toml"), text).expect("a file");
}

/// A restore into the instance of the profile.
fn restore(folder: &Path) -> Command {
    let mut command = fonds(&folder.join("a.redb"));
    command.args(["restore", "--instance", "copy", "--file-api", "put", "--manifest"]).arg(museum());
    command.env_remove("FONDS_PASSWORD").current_dir(folder);
    command
}

/// Everything that the list of processes tells of a process and of all that it has started, as long as it runs.
fn watched(mut child: Child) -> (Option<i32>, BTreeMap<String, usize>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let began = Instant::now();
    loop {
        let mut open = vec![child.id()];
        while let Some(id) = open.pop() {
            for name in ["cmdline", "environ", "comm"] {
                let text = fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
                *seen.entry(String::from_utf8_lossy(&text).into_owned()).or_default() += 1;
            }
            for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
                let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
                open.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
            }
        }
        if let Some(status) = child.try_wait().expect("a child") {
            return (status.code(), seen);
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[track_caller]
fn keeps_it_to_itself(child: Child) {
    let (code, seen) = watched(child);
    assert_eq!(code, Some(4), "{:?}", seen.keys());
    assert!(seen.keys().any(|text| text.contains("restore")), "there was something to see");
    assert!(seen.values().copied().max() > Some(20), "it was watched while it worked");
    let secret = seen.keys().find(|text| text.contains(PASSWORD) || text.contains("Geheim"));
    assert!(secret.is_none(), "{secret:?}");
}

#[test]
fn a_password_of_a_file_is_not_to_be_seen() {
    let (dir, target) = (tempfile::tempdir().expect("a directory"), slow());
    fs::write(dir.path().join("secret"), PASSWORD).expect("a file");
    profile(dir.path(), &target, "password_file = \"secret\"");
    let child = restore(dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    keeps_it_to_itself(child);
}

#[test]
fn a_password_that_a_command_gives_is_not_to_be_seen() {
    let (dir, target) = (tempfile::tempdir().expect("a directory"), slow());
    fs::write(dir.path().join("secret"), PASSWORD).expect("a file");
    // Long enough to be seen as well.
    profile(dir.path(), &target, "password_command = \"sleep 0.2; cat secret\"");
    let child = restore(dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    keeps_it_to_itself(child);
}

#[test]
fn a_password_that_is_typed_is_not_to_be_seen() {
    use std::io::Write as _;
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("not tested: there is no script(1) here");
        return;
    }
    let (dir, target) = (tempfile::tempdir().expect("a directory"), slow());
    profile(dir.path(), &target, "");
    let typed = restore(dir.path());
    let words = std::iter::once(typed.get_program()).chain(typed.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let mut child = Command::new("script")
        .args(["-qec", &line.join(" "), "/dev/null"])
        .env_remove("FONDS_PASSWORD")
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("util-linux has it");
    let mut stdin = child.stdin.take().expect("a terminal");
    // The terminal keeps what is typed until it is asked for.
    writeln!(stdin, "{PASSWORD}").expect("it is typed");
    keeps_it_to_itself(child);
    drop(stdin);
}

#[test]
fn a_password_of_the_environment_is_in_no_command_line_and_handed_to_nobody() {
    let (dir, target) = (tempfile::tempdir().expect("a directory"), slow());
    profile(dir.path(), &target, "");
    let mut command = restore(dir.path());
    let child = command.env("FONDS_PASSWORD", PASSWORD).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.expect("it starts");
    let own = child.id();
    let mut others = 0;
    let (code, seen) = watched(child);
    assert_eq!(code, Some(4), "{own}");
    for text in seen.keys().filter(|text| text.contains(PASSWORD)) {
        assert!(text.contains(&format!("FONDS_PASSWORD={PASSWORD}")), "{text}");
        others += 1;
    }
    assert_eq!(others, 1, "only what was set by who started it");
}
