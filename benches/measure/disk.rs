//! Sizes of what lies on disk, and the removal of it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Linux counts blocks of this many bytes whatever the file system.
const BLOCK: u64 = 512;

/// The size of a file or of all files of a directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    pub length_bytes: u64,
    pub allocated_bytes: u64,
}

pub fn size(path: &Path) -> io::Result<Size> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        let allocated_bytes = metadata.blocks() * BLOCK;
        return Ok(Size { length_bytes: metadata.len(), allocated_bytes });
    }
    let mut total = Size::default();
    for entry in fs::read_dir(path)? {
        let part = size(&entry?.path())?;
        total.length_bytes += part.length_bytes;
        total.allocated_bytes += part.allocated_bytes;
    }
    Ok(total)
}

/// Makes an empty directory in place of whatever was there.
pub fn empty_dir(path: &Path) -> io::Result<()> {
    remove(path)?;
    fs::create_dir_all(path)
}

pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Names the first file that one of two flat directories lacks or has with other bytes.
pub fn first_difference(left: &Path, right: &Path) -> io::Result<Option<String>> {
    for (here, there) in [(left, right), (right, left)] {
        for entry in fs::read_dir(here)? {
            let name = entry?.file_name();
            match fs::read(there.join(&name)) {
                Ok(bytes) if bytes == fs::read(here.join(&name))? => {}
                _ => return Ok(Some(name.to_string_lossy().into_owned())),
            }
        }
    }
    Ok(None)
}
