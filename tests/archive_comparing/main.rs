//! Backups are compared and searched: what is told is what was changed, counted by unique record.

#[path = "../support/mod.rs"]
mod support;

mod catalogue;
mod differences;
mod finding;
mod history;

use std::path::{Path, PathBuf};

use fonds::archive::Snapshot;
use fonds::jobs::diff::{Change, Diff, Differences, RecordChange, Side, What};
use fonds::jobs::{self, Error};
use tempfile::TempDir;

use crate::catalogue::Catalogue;
use crate::support::archives::import;
use crate::support::backup::write_dir;

/// An archive in a temporary directory, and the last backup that was imported.
struct Story(TempDir);

impl Story {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn archive(&self) -> PathBuf {
        self.0.path().join("fonds.redb")
    }

    /// Writes today's backup to a directory.
    fn write(&self, catalogue: &Catalogue, batch: usize) -> PathBuf {
        let source = self.0.path().join("backup");
        write_dir(&source, &catalogue.files(batch));
        source
    }

    fn import(&self, catalogue: &Catalogue, batch: usize) -> Snapshot {
        import(&self.archive(), &self.write(catalogue, batch)).expect("an import")
    }
}

fn snapshot(number: u64) -> Side {
    Side::Snapshot(number.to_string().parse().expect("a number"))
}

/// Compares, with all details.
fn compare(archive: &Path, before: Side, after: Side) -> (Differences, Vec<(String, RecordChange)>) {
    let mut changes = Vec::new();
    let diff = Diff { before, after, details: true };
    let found = diff.run(archive, |change| {
        if let Change::Record(kind, change) = change {
            changes.push((kind.objecttype.clone().unwrap_or_else(|| kind.kind.clone()), change));
        }
        Ok::<(), Error>(())
    });
    (found.expect("two backups"), changes)
}

/// `objekt 17 v2 ~ /objekt/text`
fn told((objecttype, change): &(String, RecordChange)) -> String {
    let id = change.identity.key().map_or_else(String::new, |key| key.to_string());
    let version = change.identity.version.as_deref().unwrap_or("-");
    let what = match &change.what {
        What::Added => "+".to_owned(),
        What::Removed => "-".to_owned(),
        What::Changed(fields) => {
            let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
            format!("~ {}", pointers.join(" "))
        }
    };
    format!("{objecttype} {id} v{version} {what}")
}

fn find(archive: &Path, find: &jobs::Find) -> Vec<jobs::Found> {
    let mut found = Vec::new();
    let searched = find.run(archive, |one| {
        found.push(one);
        Ok::<(), Error>(())
    });
    searched.expect("an archive");
    found
}
