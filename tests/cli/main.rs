//! The program as its users meet it: what they type, what they read, and the exit code a script gets.

mod archives;
mod demo;
mod ends;
mod json;
mod life;
mod museum;
mod sources;
mod subset;
mod texts;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A working directory, in which `fonds.redb` is the archive.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file; the folders on the way to it are made.
    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, content).expect("a new file");
    }

    /// A backup whose manifest names the given payloads, and those of them that have a content.
    fn backup(&self, name: &str, payloads: &[(&str, Option<&str>)]) {
        let names = payloads.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>();
        self.put(&format!("{name}/manifest.json"), format!("{{\"payloads\": [{}]}}", names.join(", ")));
        for (payload, content) in payloads {
            if let Some(content) = content {
                self.put(&format!("{name}/{payload}"), content);
            }
        }
    }

    /// `fonds` with these words, and nothing of the environment that would change what it does.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
        command.args(words.split(' ').filter(|word| !word.is_empty())).current_dir(self.0.path());
        command.stdin(Stdio::null()).env_remove("FONDS_ARCHIVE").env("TZ", "UTC");
        command
    }

    fn run(&self, words: &str) -> Output {
        self.command(words).output().expect("the program starts")
    }

    /// What a person sees: results, then what stands on stderr, then the exit code if it is not 0.
    fn transcript(&self, words: &str) -> String {
        let output = self.run(words);
        let exit = match output.status.code() {
            Some(0) => String::new(),
            Some(code) => format!("[exit {code}]\n"),
            None => format!("[signal {:?}]\n", output.status.signal()),
        };
        text(&output.stdout) + &text(&output.stderr) + &exit
    }

    /// Runs to the end; what was printed on stdout.
    #[track_caller]
    fn succeed(&self, words: &str) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "fonds {words}: {}{}", output.status, text(&output.stderr));
        text(&output.stdout)
    }

    /// Everything in the working directory: hidden names, too.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).expect("a directory");
        let mut names: Vec<_> =
            names.map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The sample backup of a museum.
fn museum() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum")
}

fn import_museum(place: &Place) {
    place.succeed(&format!("import {}", museum().display()));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}
