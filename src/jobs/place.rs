//! Where files lie, links followed.

use std::path::Path;

/// Whether both are one file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Whether `file`, which need not exist yet, lies in `directory` or below. What cannot be found lies nowhere: those who
/// open it tell why.
pub(super) fn lies_in(file: &Path, directory: &Path) -> bool {
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match (folder.canonicalize(), directory.canonicalize()) {
        (Ok(folder), Ok(directory)) => folder.starts_with(directory),
        _ => false,
    }
}
