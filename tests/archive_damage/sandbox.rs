//! Damage is tried out in a process of its own, with little memory and little time: whatever becomes of it is seen from
//! outside.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::sight::{Outcome, Sight};

/// Where the process finds what it has to try.
const DIR: &str = "FONDS_TEST_SANDBOX";
/// For one trial, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// KiB of address space: redb may claim 4 GiB for one damaged page.
const MEMORY: &str = "6291456";

/// A change of an archive: other bytes at some place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub offset: u64,
    pub bytes: Vec<u8>,
}

/// Tries every change of the archive `image`, each by itself.
pub fn try_all(dir: &Path, image: &[u8], changes: &[Change]) -> Vec<Outcome> {
    fs::write(dir.join("image"), image).expect("room for an archive");
    let mut outcomes: Vec<Outcome> = Vec::new();
    while outcomes.len() < changes.len() {
        let before = outcomes.len();
        let lines: Vec<String> = changes[before..].iter().map(Change::line).collect();
        fs::write(dir.join("changes"), lines.join("\n")).expect("room for a list");
        let end = run(dir, |line| outcomes.push(parse(line)));
        if outcomes.len() < changes.len() {
            outcomes.push(Outcome::Wrong(format!("the process {end}")));
        }
    }
    outcomes
}

/// Starts a process that tries the changes in `dir`; how it ended.
fn run(dir: &Path, mut told: impl FnMut(&str)) -> String {
    let me = std::env::current_exe().expect("this program");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]).arg(me);
    command.args(["sandbox::inside", "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(DIR, dir);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let (sender, receiver) = channel();
    let reader = thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let mut end = "hangs";
    loop {
        match receiver.recv_timeout(PATIENCE) {
            // Something may stand in front of the first.
            Ok(line) => line.split_once("outcome ").into_iter().for_each(|(_, outcome)| told(outcome)),
            Err(error) => {
                if error == std::sync::mpsc::RecvTimeoutError::Disconnected {
                    end = "died";
                }
                break;
            }
        }
    }
    // It may have ended by itself.
    let _ = child.kill();
    let status = child.wait().expect("a process that ends");
    reader.join().expect("a reader that does not panic");
    format!("{end}: {status}")
}

/// What is done in that process; by itself it does nothing.
#[test]
#[ignore = "a part of other tests"]
fn inside() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    static LAST: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());
    std::panic::set_hook(Box::new(|info| { let t = format!("{info} {}", std::backtrace::Backtrace::force_capture()); let t: Vec<&str> = t.lines().filter(|l| (l.contains("at ./") || l.contains("panicked")) && !l.contains("sandbox")).take(60).collect(); *LAST.lock().unwrap() = t.join(" "); }));
    let path = dir.join("trial.redb");
    fs::copy(dir.join("image"), &path).expect("a copy of the archive");
    let file = OpenOptions::new().read(true).write(true).open(&path).expect("the archive");
    let whole = Sight::of(&path).expect("an archive that is whole");
    for line in fs::read_to_string(dir.join("changes")).expect("the changes").lines() {
        let Change { offset, bytes } = Change::parse(line);
        let mut before = vec![0; bytes.len()];
        file.read_exact_at(&mut before, offset).expect("the bytes before");
        file.write_all_at(&bytes, offset).expect("the bytes after");
        let damaged = fs::read(&path).expect("the archive");
        let compared = std::panic::catch_unwind(|| whole.compare(&path));
        let mut outcome = compared.unwrap_or_else(|_| Outcome::Wrong(format!("a panic {}", LAST.lock().unwrap())));
        if fs::read(&path).expect("the archive") != damaged {
            outcome = Outcome::Wrong("looking has changed the file".to_owned());
        }
        file.write_all_at(&before, offset).expect("the bytes before");
        let mut out = std::io::stdout().lock();
        writeln!(out, "outcome {}", worded(&outcome)).and_then(|()| out.flush()).expect("somebody who listens");
    }
}

fn worded(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Harmless => "harmless".to_owned(),
        Outcome::Told => "told".to_owned(),
        Outcome::Wrong(why) => why.replace('\n', " "),
    }
}

fn parse(line: &str) -> Outcome {
    match line {
        "harmless" => Outcome::Harmless,
        "told" => Outcome::Told,
        why => Outcome::Wrong(why.to_owned()),
    }
}

impl Change {
    /// `offset byte byte …`
    fn line(&self) -> String {
        let bytes = self.bytes.iter().map(|byte| format!(" {byte}"));
        format!("{}{}", self.offset, bytes.collect::<String>())
    }

    fn parse(line: &str) -> Self {
        let mut numbers = line.split(' ').map(|number| number.parse::<u64>().expect("a number"));
        let offset = numbers.next().expect("an offset");
        Self { offset, bytes: numbers.map(|byte| byte as u8).collect() }
    }
}
