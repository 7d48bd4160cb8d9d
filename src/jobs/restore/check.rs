//! A look at every byte that a restore will need, before it writes anything: records that are no JSON, and packed files
//! that are not there, or are not what the backup says they are.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use crate::fylr::json::{Json, Members};
use crate::fylr::target::is_hash;
use crate::jobs::Error;
use crate::jobs::restore::scan::Scan;
use crate::jobs::restore::segments::SegmentReader;
use crate::jobs::restore::source::BackupSource;
use crate::model::event::{Event, Observer};
use crate::model::path::EntryPath;

/// Things that are named; of more there is a count.
const NAMED_MAX: usize = 20;

/// What is wrong, a line for each thing.
///
/// # Errors
/// When a payload cannot be read.
pub(super) fn check(source: &BackupSource, scan: &Scan, observer: &dyn Observer) -> Result<Vec<String>, Error> {
    let mut checking = Checking { source, seen: HashSet::new(), found: Vec::new(), more: 0 };
    observer.observe(Event::Started { verb: "check", entries: scan.payloads.len() as u64, bytes: 0 });
    for (payload, array) in scan.payloads.iter().zip(&scan.arrays) {
        let failed = |source| Error::Entry { path: payload.path.clone(), source };
        let mut reader = SegmentReader::new(source.coming(&payload.path)?, *array);
        let mut number = 0;
        while let Some(segment) = reader.next().map_err(failed)? {
            for text in &segment {
                number += 1;
                let json = std::str::from_utf8(text).ok().and_then(|text| Json::parse(text).ok());
                match json {
                    Some(json) => checking.files(&json),
                    None => checking.tell(format!("item {number} of {} is no JSON", payload.path)),
                }
            }
        }
        observer.observe(Event::Advanced { entries: 1, bytes: 0 });
    }
    let Checking { mut found, more, .. } = checking;
    if more > 0 {
        found.push(format!("and {more} more things are wrong with the backup"));
    }
    Ok(found)
}

struct Checking<'a> {
    source: &'a BackupSource,
    /// Packed files that were read, by short stand-ins for their paths.
    seen: HashSet<u64>,
    found: Vec<String>,
    more: u64,
}

impl Checking<'_> {
    fn tell(&mut self, what: String) {
        if self.found.len() < NAMED_MAX {
            self.found.push(what);
        } else {
            self.more += 1;
        }
    }

    /// Reads the packed files below a value, each once.
    fn files(&mut self, json: &Json<'_>) {
        match json {
            Json::Scalar(_) => {}
            Json::Array(items) => items.iter().for_each(|item| self.files(item)),
            Json::Object(members) => match members.get("versions").and_then(Json::members) {
                Some(versions) => versions.iter().for_each(|(_, version)| self.version(version.members())),
                None => members.iter().for_each(|(_, value)| self.files(value)),
            },
        }
    }

    fn version(&mut self, version: Option<&Members<'_>>) {
        let text = |key: &str| version.and_then(|version| version.get(key)?.as_str());
        let Some(name) = text("path").filter(|path| !path.is_empty()) else { return };
        let Ok(path) = EntryPath::new(name.as_bytes()) else {
            return self.tell(format!("\"{name}\" is no path of a packed file"));
        };
        if !self.seen.insert(stand_in(&path)) {
            return;
        }
        let (size, hash) = match self.read(&path) {
            Ok(found) => found,
            Err(why) => return self.tell(format!("{path} cannot be read: {why}")),
        };
        let told = version.and_then(|version| version.get("filesize")?.as_id());
        if told.is_some_and(|told| told != size) {
            self.tell(format!("{path} has {size} bytes and should have {}", told.unwrap_or_default()));
        } else if text("hash").is_some_and(|told| told.len() == 2 * hash.len() && !is_hash(&hash, &told)) {
            self.tell(format!("{path} has other bytes than its record says"));
        }
    }

    /// How many bytes a file has, and their SHA-256.
    fn read(&self, path: &EntryPath) -> Result<(u64, Vec<u8>), String> {
        let (mut hash, mut size) = (Sha256::new(), 0);
        let mut take = |block: &[u8]| {
            size += block.len() as u64;
            hash.update(block);
        };
        self.source.blocks(path, &mut take).map_err(|error| crate::jobs::chain(&error))?;
        Ok((size, hash.finalize().to_vec()))
    }
}

fn stand_in(path: &EntryPath) -> u64 {
    let hash = blake3::hash(path.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}
