//! Items on their way that must all be there before the first of them can go on: kept in a file without a name, so that
//! there may be more of them than fit into memory.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 20;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    offset: u64,
    length: u32,
}

/// Takes items, then gives them back in any order.
pub(crate) struct Spool {
    file: BufWriter<File>,
    end: u64,
}

impl Spool {
    /// A spool on the disk of `folder`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), end: 0 })
    }

    pub fn put(&mut self, item: &[u8]) -> io::Result<Place> {
        let length = u32::try_from(item.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.file.write_all(item)?;
        let place = Place { offset: self.end, length };
        self.end += u64::from(length);
        Ok(place)
    }

    /// Gives an item back.
    pub fn get(&mut self, place: Place) -> io::Result<Vec<u8>> {
        self.file.flush()?;
        let mut item = vec![0; place.length as usize];
        self.file.get_ref().read_exact_at(&mut item, place.offset)?;
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let places = ["eins", "", "zwei"].map(|item| spool.put(item.as_bytes()).unwrap());
        assert_eq!(spool.get(places[2]).unwrap(), b"zwei");
        let more = spool.put(b"drei").unwrap();
        assert_eq!(spool.get(places[1]).unwrap(), b"");
        assert_eq!(spool.get(more).unwrap(), b"drei");
        assert_eq!(spool.get(places[0]).unwrap(), b"eins");
    }
}
