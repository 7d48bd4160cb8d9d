//! Records that have one version more on the target than in the backup, because their files came after them. The ledger
//! keeps them under `mended/`, by objecttype and id.

use crate::model::ledger::Change;

/// Where the ledger keeps them.
pub const MENDED: &str = "mended/";

/// Which version stands for which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mended {
    /// The newest version that the backup has, as the target counts.
    pub of: u64,
    /// The version on the target that is the same, with its files.
    pub is: u64,
}

impl Mended {
    pub(super) fn key(objecttype: &str, system_id: u64) -> String {
        format!("{MENDED}{objecttype}/{system_id:012}")
    }

    pub(super) fn note(self, objecttype: &str, system_id: u64) -> Change {
        (Self::key(objecttype, system_id), Some(self.text()))
    }

    pub(super) fn text(self) -> String {
        format!("{} {}", self.of, self.is)
    }

    pub(super) fn of_text(text: &str) -> Option<Self> {
        let (of, is) = text.split_once(' ')?;
        Some(Self { of: of.parse().ok()?, is: is.parse().ok()? })
    }

    /// Reads a note: the record, and its versions.
    #[must_use]
    pub fn read(note: &str, text: &str) -> Option<(u64, Self)> {
        Some((note.rsplit_once('/')?.1.parse().ok()?, Self::of_text(text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let mended = Mended { of: 3, is: 4 };
        let (note, text) = mended.note("objekt", 9_007_199_254_740_993);
        assert_eq!(Mended::read(&note, &text.unwrap()), Some((9_007_199_254_740_993, mended)));
        assert_eq!(Mended::read("mended/objekt/1", "3"), None);
    }
}
