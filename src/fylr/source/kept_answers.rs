//! Answers in a file, one behind the other: a mark, then of each answer its key, its length, a check and its bytes,
//! compressed. A file that was cut off anywhere is good up to there.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use bytes::Bytes;

use crate::fylr::request::BYTES_MAX;
use crate::fylr::source::kept::{Key, key};

/// What the file begins with.
const MAGIC: [u8; 16] = *b"fonds answers 1\n";
const FRONT: u64 = 32;
/// Key, length, check.
const HEAD: usize = 16 + 4 + 16;
/// Answers shrink to a fifth with the quickest level.
const LEVEL: i32 = 1;

/// Where an answer stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    length: u32,
    check: Key,
}

#[derive(Debug)]
pub(super) struct KeptAnswers {
    file: File,
    end: u64,
    places: HashMap<Key, Place>,
}

impl KeptAnswers {
    /// The answers in a file; `None` if it is not there or has another mark.
    pub fn open(path: &Path, mark: Key) -> io::Result<Option<Self>> {
        let file = match options().open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut front = [0; FRONT as usize];
        if file.read_exact_at(&mut front, 0).is_err() || front != front_of(mark) {
            return Ok(None);
        }
        let mut kept = Self { file, end: FRONT, places: HashMap::new() };
        kept.look()?;
        Ok(Some(kept))
    }

    /// A new file.
    pub fn create(path: &Path, mark: Key) -> io::Result<Self> {
        let file = options().create_new(true).open(path)?;
        file.write_all_at(&front_of(mark), 0)?;
        Ok(Self { file, end: FRONT, places: HashMap::new() })
    }

    /// Finds all answers that are whole.
    fn look(&mut self) -> io::Result<()> {
        let length_of_file = self.file.metadata()?.len();
        let mut head = [0; HEAD];
        while self.end + HEAD as u64 <= length_of_file {
            self.file.read_exact_at(&mut head, self.end)?;
            let (key, rest) = head.split_first_chunk::<16>().expect("a head begins with a key");
            let (length, check) = rest.split_first_chunk::<4>().expect("then comes a length");
            let place = Place {
                offset: self.end + HEAD as u64,
                length: u32::from_le_bytes(*length),
                check: *check.first_chunk().expect("then comes a check"),
            };
            let end = place.offset + u64::from(place.length);
            if end > length_of_file {
                break;
            }
            self.places.insert(*key, place);
            self.end = end;
        }
        Ok(())
    }

    /// An answer, if it is there and sound.
    pub fn get(&self, wanted: &Key) -> Option<Bytes> {
        let place = self.places.get(wanted)?;
        let mut packed = vec![0; place.length as usize];
        self.file.read_exact_at(&mut packed, place.offset).ok()?;
        if key(&[wanted, &packed]) != place.check {
            return None;
        }
        let answer = zstd::bulk::decompress(&packed, BYTES_MAX as usize).ok()?;
        Some(answer.into())
    }

    /// Keeps an answer.
    pub fn put(&mut self, answered: Key, answer: &[u8]) -> io::Result<()> {
        let packed = zstd::bulk::compress(answer, LEVEL)?;
        let length = u32::try_from(packed.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let check = key(&[&answered, &packed]);
        let text = [&answered[..], &length.to_le_bytes(), &check, &packed].concat();
        self.file.write_all_at(&text, self.end)?;
        self.places.insert(answered, Place { offset: self.end + HEAD as u64, length, check });
        self.end += text.len() as u64;
        Ok(())
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn front_of(mark: Key) -> [u8; FRONT as usize] {
    let mut front = [0; FRONT as usize];
    front[..16].copy_from_slice(&MAGIC);
    front[16..].copy_from_slice(&mark);
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_again_up_to_where_the_file_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        let mut kept = KeptAnswers::create(&path, [7; 16]).unwrap();
        kept.put([1; 16], b"[1]").unwrap();
        let first = kept.end;
        kept.put([2; 16], "[\"ü\"]".repeat(1000).as_bytes()).unwrap();
        let whole = kept.end;
        drop(kept);
        for cut in (FRONT..=whole).rev() {
            OpenOptions::new().write(true).open(&path).unwrap().set_len(cut).unwrap();
            let kept = KeptAnswers::open(&path, [7; 16]).unwrap().unwrap();
            assert_eq!(kept.get(&[1; 16]).as_deref(), (cut >= first).then_some(&b"[1]"[..]), "{cut}");
            assert_eq!(kept.get(&[2; 16]).is_some(), cut == whole, "{cut}");
        }
    }

    #[test]
    fn what_is_damaged_or_of_another_backup_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        KeptAnswers::create(&path, [7; 16]).unwrap().put([1; 16], b"[1]").unwrap();
        assert!(KeptAnswers::open(&path, [8; 16]).unwrap().is_none());
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(b"x", file.metadata().unwrap().len() - 1).unwrap();
        assert_eq!(KeptAnswers::open(&path, [7; 16]).unwrap().unwrap().get(&[1; 16]), None);
    }
}
