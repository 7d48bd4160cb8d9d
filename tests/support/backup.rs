//! Backups in directories: written, read back, compared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The plain bytes of every file of a backup.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Makes a directory hold these files and nothing else. Each is as old as its content says, so that times are part of
/// what has to come back.
pub fn write_dir(dir: &Path, files: &Files) {
    if dir.exists() {
        fs::remove_dir_all(dir).expect("a directory that can be removed");
    }
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        let mut file = File::create(path).expect("a new file");
        let stored = if name.ends_with(".json.gz") { &gzip(bytes) } else { bytes };
        file.write_all(stored).expect("room for a file");
        file.set_modified(age_of(bytes)).expect("a new time");
    }
}

/// The files in a directory.
///
/// # Panics
/// When one of them is not as old as it was when it was written.
pub fn read_dir(dir: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a name").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).expect("a path below").to_str().expect("a name in UTF-8").to_owned();
            let stored = fs::read(&path).expect("a readable file");
            let bytes = if name.ends_with(".json.gz") { gunzip(&stored) } else { stored };
            let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
            assert_eq!(modified, age_of(&bytes), "the time of {name}");
            files.insert(name, bytes);
        }
    }
    files
}

/// Some time between 1970 and 2006, to the nanosecond.
fn age_of(bytes: &[u8]) -> SystemTime {
    let digest = blake3::hash(bytes);
    let number = |at: usize| u32::from_le_bytes(digest.as_bytes()[at..at + 4].try_into().expect("four bytes"));
    SystemTime::UNIX_EPOCH + Duration::new(u64::from(number(0) >> 2), number(4) % 1_000_000_000)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut plain).expect("whole gzip");
    plain
}
