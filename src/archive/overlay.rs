//! Looks at an archive that was not closed properly without changing a byte of it: redb repairs it, but every byte that
//! it writes stays in memory. With quick-repair that is a handful of pages.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

const PAGE: u64 = 4096;
/// Pages that may be kept in memory: repairs write few; more than 64 MiB means that something is badly wrong.
const PAGES_MAX: usize = 16_384;

/// A file that is read, and the pages that were written over it.
#[derive(Debug)]
pub struct Overlay {
    file: File,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    pages: BTreeMap<u64, Box<[u8]>>,
    len: u64,
    /// Bytes of the file beyond this were cut off.
    file_len: u64,
}

impl Overlay {
    /// # Errors
    /// When the file cannot be opened for reading.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self { file, written: Mutex::new(Written { pages: BTreeMap::new(), len, file_len: len }) })
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the file alone; what it does not reach is zero.
    fn read_file(&self, file_len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let inside = file_len.saturating_sub(offset).min(out.len() as u64) as usize;
        std::os::unix::fs::FileExt::read_exact_at(&self.file, &mut out[..inside], offset)?;
        out[inside..].fill(0);
        Ok(())
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written();
        let end = offset.checked_add(out.len() as u64).filter(|end| *end <= written.len);
        let end = end.ok_or(ErrorKind::UnexpectedEof)?;
        self.read_file(written.file_len, offset, out)?;
        for (page, bytes) in written.pages.range(offset / PAGE..end.div_ceil(PAGE)) {
            let start = page * PAGE;
            let (from, to) = (start.max(offset), (start + PAGE).min(end));
            out[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written();
        written.file_len = written.file_len.min(len);
        written.len = len;
        written.pages.split_off(&len.div_ceil(PAGE));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        let end = offset + data.len() as u64;
        written.len = written.len.max(end);
        let file_len = written.file_len;
        for page in offset / PAGE..end.div_ceil(PAGE) {
            let start = page * PAGE;
            if !written.pages.contains_key(&page) {
                if written.pages.len() == PAGES_MAX {
                    return Err(io::Error::other("repairing the archive would write too much"));
                }
                let mut bytes = vec![0; PAGE as usize].into_boxed_slice();
                self.read_file(file_len, start, &mut bytes)?;
                written.pages.insert(page, bytes);
            }
            let bytes = written.pages.get_mut(&page).ok_or(ErrorKind::NotFound)?;
            let (from, to) = (start.max(offset), (start + PAGE).min(end));
            bytes[(from - start) as usize..(to - start) as usize]
                .copy_from_slice(&data[(from - offset) as usize..(to - offset) as usize]);
        }
        Ok(())
    }
}
