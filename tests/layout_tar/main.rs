//! A backup in a tar: what comes back, in which order it may come, what is refused, and what is left behind then.

mod bags;
mod bombs;
mod destinations;
mod foreign;
mod hostile;
mod order;
mod round_trip;
#[path = "../support/mod.rs"]
mod support;
mod tarball;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use support::program::told;

/// A directory to work in, with an archive.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fonds(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null()).env_remove("FONDS_ARCHIVE");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.fonds(words).output().expect("the program starts")
    }

    #[track_caller]
    fn succeed(&self, words: &[&str]) -> Vec<u8> {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", told(&output));
        output.stdout
    }

    /// Runs with `bytes` on standard input.
    fn feed(&self, words: &[&str], bytes: &[u8]) -> Output {
        let mut command = self.fonds(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("a pipe");
        std::thread::scope(|scope| {
            // What is refused is not read to the end.
            scope.spawn(move || drop(input.write_all(bytes)));
            child.wait_with_output().expect("the program ends")
        })
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).expect("a directory");
        let mut names: Vec<_> =
            names.map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// Files with their bytes and times, and empty folders, by their paths.
fn tree(root: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut names = fs::read_dir(&folder).expect("a folder").peekable();
        let is_empty = names.peek().is_none();
        for path in is_empty.then(|| folder.clone()).into_iter().chain(names.map(|name| name.expect("a name").path())) {
            let metadata = fs::symlink_metadata(&path).expect("a file");
            if metadata.is_dir() && path != folder {
                folders.push(path);
                continue;
            }
            let bytes = metadata.is_file().then(|| fs::read(&path).expect("a readable file"));
            let name = path.strip_prefix(root).expect("a path below").to_owned();
            found.insert(name, (bytes, metadata.mtime(), metadata.mtime_nsec()));
        }
    }
    found
}

/// Lines that `fonds show -v` prints for the newest snapshot of `name`, without those that tell when and which it is.
fn listed(place: &Place, name: &str) -> Vec<serde_json::Value> {
    let shown = place.succeed(&["show", name, "-v", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown).expect("JSON");
    let entries = shown["entries"].as_array().expect("the entries").clone();
    assert!(!entries.is_empty(), "{shown}");
    entries
}
