//! Tag and rename: what people call snapshots.

use std::path::Path;

use crate::archive::snapshot::{NameError, backup_name};
use crate::archive::{Archive, ArchiveMut, Snapshot, SnapshotName, snapshot};
use crate::jobs::Error;
use crate::jobs::record::recorded;

/// A change of a snapshot's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    Add(String),
    Remove(String),
}

impl std::str::FromStr for TagChange {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix('-') {
            Some(tag) => snapshot::tag(tag).map(Self::Remove),
            None => snapshot::tag(text.strip_prefix('+').unwrap_or(text)).map(Self::Add),
        }
    }
}

/// Changes the tags of a snapshot; with no changes it only looks.
///
/// # Errors
/// When the archive cannot be opened, there is no such snapshot, or it cannot be written.
pub fn tag(archive: &Path, name: &SnapshotName, changes: &[TagChange]) -> Result<Snapshot, Error> {
    let before = snapshot::find(&Archive::open(archive)?.read()?, name)?;
    let mut after = before.clone();
    for change in changes {
        match change {
            TagChange::Add(tag) if after.tags.contains(tag) => {}
            TagChange::Add(tag) => after.tags.push(tag.clone()),
            TagChange::Remove(tag) => after.tags.retain(|had| had != tag),
        }
    }
    if after != before {
        let command = format!("tag {}", before.number);
        let log = vec![format!("the tags of snapshot {} are {}", after.number, after.tags.join(", "))];
        recorded(archive, &command, ArchiveMut::close, |archive, _| {
            Ok((archive.relabel(&[(before, after.clone())])?, log))
        })?;
    }
    Ok(after)
}

/// Gives all snapshots of a backup name another one; they are given back with it.
///
/// # Errors
/// When there is no such name, the other one is no name or taken, or the archive cannot be read or written.
pub fn rename(archive: &Path, name: &str, new: &str) -> Result<Vec<Snapshot>, Error> {
    let (name, new) = (backup_name(name)?, backup_name(new)?);
    let transaction = Archive::open(archive)?.read()?;
    let snapshots = snapshot::all(&transaction)?.into_iter().collect::<Result<Vec<_>, _>>()?;
    drop(transaction);
    if !snapshots.iter().any(|snapshot| snapshot.name == name) {
        return Err(Error::NoBackup(name));
    }
    if name != new && snapshots.iter().any(|snapshot| snapshot.name == new) {
        return Err(Error::NameTaken(new));
    }
    let changes: Vec<(Snapshot, Snapshot)> = snapshots
        .into_iter()
        .filter(|snapshot| snapshot.name == name)
        .map(|before| (before.clone(), Snapshot { name: new.clone(), ..before }))
        .collect();
    let renamed: Vec<Snapshot> = changes.iter().map(|(_, after)| after.clone()).collect();
    if name != new {
        let log = vec![format!("{} snapshots of {name} are called {new}", changes.len())];
        let command = format!("rename {name} {new}");
        recorded(archive, &command, ArchiveMut::close, |archive, _| Ok((archive.relabel(&changes)?, log)))?;
    }
    Ok(renamed)
}
