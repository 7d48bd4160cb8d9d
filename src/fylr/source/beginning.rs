//! The beginning of a large file, kept until all of it is in the archive: blocks, each with a check behind it, so that what
//! an end of power has left is good as far as it is taken. Who cannot write one goes on without.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::fylr::source::kept::{Key, key};
use crate::fylr::source::turn::FileSource;

/// Smaller files are fetched anew sooner than they are kept.
pub(crate) const FILE_MIN: u64 = 64 << 20;
/// So much of a file is lost at most.
const BLOCK: usize = 4 << 20;
const CHECK: usize = 16;

pub(crate) struct Beginning {
    path: PathBuf,
    file: Option<File>,
    /// Blocks that are there.
    blocks: u64,
    /// Blocks that have been given back.
    given: u64,
    /// What is no whole block yet.
    rest: Vec<u8>,
}

impl Beginning {
    /// `None` for files that are too small.
    pub(super) fn open(folder: &Path, file: &FileSource) -> Option<Self> {
        let size = file.size.filter(|size| *size >= FILE_MIN)?;
        let told = [size.to_le_bytes(), file.id.to_le_bytes()].concat();
        let hash = file.sha256.unwrap_or_default();
        let name = key(&[file.path.as_bytes(), file.version.as_bytes(), &told, &hash]);
        let path = folder.join(format!("{}.part", blake3::hash(&name).to_hex()));
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).ok()?;
        let blocks = opened.metadata().ok()?.len() / (BLOCK + CHECK) as u64;
        Some(Self { path, file: Some(opened), blocks, given: 0, rest: Vec::new() })
    }

    /// The next block that was fetched before, until there is none that is sound.
    pub fn next(&mut self) -> Option<Bytes> {
        if self.given == self.blocks {
            return None;
        }
        let mut block = vec![0; BLOCK + CHECK];
        let offset = self.given * block.len() as u64;
        let read = self.file.as_ref()?.read_exact_at(&mut block, offset);
        let is_sound = read.is_ok() && block[BLOCK..] == check(self.given, &block[..BLOCK]);
        if !is_sound {
            self.blocks = self.given;
            return None;
        }
        self.given += 1;
        block.truncate(BLOCK);
        Some(block.into())
    }

    /// Adds what follows. When there is no room, what is there stays all there is.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while self.file.is_some() && !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(BLOCK - self.rest.len()));
            // The blocks that were there have been given back, or there are none.
            self.rest.extend_from_slice(taken);
            bytes = rest;
            if self.rest.len() == BLOCK {
                self.write();
            }
        }
    }

    fn write(&mut self) {
        let check = check(self.blocks, &self.rest);
        self.rest.extend_from_slice(&check);
        let offset = self.blocks * self.rest.len() as u64;
        let written = self.file.as_ref().is_some_and(|file| file.write_all_at(&self.rest, offset).is_ok());
        self.rest.clear();
        self.blocks += 1;
        self.given = self.blocks;
        if !written {
            self.file = None;
        }
    }

    /// Begins anew: what came was wrong.
    pub fn forget(&mut self) {
        (self.blocks, self.given) = (0, 0);
        self.rest.clear();
        if self.file.as_ref().is_some_and(|file| file.set_len(0).is_err()) {
            self.file = None;
        }
    }

    /// Where it stands, for who removes it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes a beginning of which the whole is safe.
pub(crate) fn remove(path: &Path) {
    // What stays is removed with its folder.
    let _ = fs::remove_file(path);
}

fn check(number: u64, block: &[u8]) -> Key {
    key(&[&number.to_le_bytes(), block])
}
