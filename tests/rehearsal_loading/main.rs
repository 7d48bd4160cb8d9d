//! Instances are filled from backups through their own API: a good backup goes in whole, and of a bad one the instance
//! says what a real server would say.

mod command;
mod faults;
#[path = "../support/mod.rs"]
mod support;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};

use fonds::layout::{self, DirectoryReader, MissingPayloads};
use fonds::model::event::Silent;
use fonds::rehearsal::{self, Instance, LoadError, Loaded, Options};
use serde_json::Value;
use tempfile::TempDir;

fn museum() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum")
}

fn load(dir: &Path, options: Options) -> Result<(Instance, Loaded), LoadError<layout::Error>> {
    let reader = DirectoryReader::open(dir, MissingPayloads::Refuse, &Silent).expect("a backup");
    let instance = Instance::start(options).expect("an instance");
    let loaded = rehearsal::load(&instance, &reader)?;
    Ok((instance, loaded))
}

/// A copy of the museum of which some files were changed.
fn changed(changes: &[(&str, &dyn Fn(&mut Value))]) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy(&museum(), dir.path());
    for (name, change) in changes {
        let path = dir.path().join(name);
        let mut json: Value = serde_json::from_slice(&fs::read(&path).expect(name)).expect("json");
        change(&mut json);
        fs::write(&path, json.to_string()).expect("a file");
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("a name").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
