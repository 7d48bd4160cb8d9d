//! Damage is tried out in a process of its own, with little memory and little time: whatever becomes of it is seen from
//! outside.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bincode::{Decode, Encode};

use crate::damage::Damage;
use crate::sight::{Outcome, Sight};
use crate::support::archives::import;

/// Where the process finds what it has to try.
const DIR: &str = "FONDS_TEST_SANDBOX";
/// For one trial, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// KiB of address space: redb may claim 4 GiB for one damaged page.
const MEMORY: &str = "6291456";

/// What is tried.
#[derive(Debug, Clone, Encode, Decode)]
pub struct Trials {
    /// The archive before it is damaged.
    pub image: Vec<u8>,
    /// A backup that is imported into the damaged archive before that is looked at.
    pub import: Option<PathBuf>,
    pub damages: Vec<Damage>,
}

impl Trials {
    /// Tries each damage by itself, in two processes.
    pub fn run(self) -> Vec<(Damage, Outcome)> {
        let (left, right) = self.damages.split_at(self.damages.len() / 2);
        let outcomes = thread::scope(|scope| {
            let halves = [left, right].map(|damages| {
                let trials = Self { damages: damages.to_vec(), ..self.clone() };
                scope.spawn(move || trials.run_half())
            });
            halves.map(|half| half.join().expect("a thread that does not panic")).concat()
        });
        self.damages.into_iter().zip(outcomes).collect()
    }

    fn run_half(mut self) -> Vec<Outcome> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut outcomes = Vec::new();
        while !self.damages.is_empty() {
            let trials = bincode::encode_to_vec(&self, bincode::config::standard()).expect("memory takes all");
            fs::write(dir.path().join("trials"), trials).expect("room for the trials");
            let before = outcomes.len();
            let end = sandbox(dir.path(), |line| outcomes.push(Outcome::from(line)));
            self.damages.drain(..outcomes.len() - before);
            if !self.damages.is_empty() {
                self.damages.remove(0);
                outcomes.push(Outcome::Wrong(format!("the process {end}")));
            }
        }
        outcomes
    }
}

/// Runs a process that makes the trials in `dir`; how it ended.
fn sandbox(dir: &Path, mut told: impl FnMut(&str)) -> String {
    let me = std::env::current_exe().expect("this program");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]).arg(me);
    command.args(["sandbox::inside", "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(DIR, dir);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let (sender, receiver) = channel();
    let reader = thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let end = loop {
        match receiver.recv_timeout(PATIENCE) {
            // Something may stand in front of the first.
            Ok(line) => line.split_once("outcome ").into_iter().for_each(|(_, outcome)| told(outcome)),
            Err(RecvTimeoutError::Timeout) => break "hangs",
            Err(RecvTimeoutError::Disconnected) => break "died",
        }
    };
    // It may have ended by itself.
    let _ = child.kill();
    let status = child.wait().expect("a process that ends");
    reader.join().expect("a reader that does not panic");
    format!("{end}: {status}")
}

/// What is done in that process.
#[test]
#[ignore = "a part of other tests, and nothing by itself"]
fn inside() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    std::panic::set_hook(Box::new(|_| {}));
    let trials = fs::read(dir.join("trials")).expect("the trials");
    let (trials, _): (Trials, _) = bincode::decode_from_slice(&trials, bincode::config::standard()).expect("trials");
    let path = dir.join("trial.redb");
    fs::write(&path, &trials.image).expect("room for an archive");
    let whole = Sight::of(&path).expect("an archive that is whole");
    for damage in trials.damages {
        fs::write(&path, damage.done_to(trials.image.clone())).expect("room for an archive");
        if let Some(source) = &trials.import {
            // It may well fail.
            let _ = import(&path, source);
        }
        let before = fs::read(&path).expect("the archive");
        let compared = std::panic::catch_unwind(|| whole.compare(&path, damage.moves_pages()));
        let mut outcome = compared.unwrap_or_else(|_| Outcome::Wrong("a panic".to_owned()));
        if fs::read(&path).expect("the archive") != before {
            outcome = Outcome::Wrong("looking has changed the file".to_owned());
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "outcome {outcome}").and_then(|()| out.flush()).expect("somebody who listens");
    }
}
