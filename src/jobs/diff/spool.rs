//! Records that differ, kept until they are told; what is too much for memory goes to a file without a name.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use tempfile::SpooledTempFile;

/// Bytes that are kept in memory.
const MEMORY_MAX: usize = 32 << 20;

/// Records one behind the other.
pub(in crate::jobs) struct Spool {
    file: Option<SpooledTempFile>,
    end: u64,
}

/// Where a record is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::jobs) struct Kept {
    start: u64,
    length: u64,
}

impl Spool {
    /// Keeps records only if they are wanted.
    pub(in crate::jobs) fn new(is_wanted: bool) -> Self {
        Self { file: is_wanted.then(|| SpooledTempFile::new(MEMORY_MAX)), end: 0 }
    }

    pub(in crate::jobs) fn keep(&mut self, record: &[u8]) -> io::Result<Kept> {
        let Some(file) = &mut self.file else { return Ok(Kept::default()) };
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(record)?;
        let kept = Kept { start: self.end, length: record.len() as u64 };
        self.end += kept.length;
        Ok(kept)
    }

    /// The record; `None` if none are kept.
    pub(in crate::jobs) fn get(&mut self, kept: Kept) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = &mut self.file else { return Ok(None) };
        file.seek(SeekFrom::Start(kept.start))?;
        let mut record = vec![0; usize::try_from(kept.length).map_err(io::Error::other)?];
        file.read_exact(&mut record)?;
        Ok(Some(record))
    }
}
