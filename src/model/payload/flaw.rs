//! What keeps a payload from being split into records.

use std::fmt;

/// Why a payload holds no records, and where: the place counts from the start of the plain bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    pub offset: u64,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Not JSON at the place.
    Syntax,
    /// The bytes end in the middle of a value.
    Truncated,
    /// JSON, but neither an array nor an object with an array.
    NoArray,
    /// Nothing but white space.
    Empty,
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match self.reason {
            Reason::Syntax => write!(out, "not JSON at byte {offset}"),
            Reason::Truncated => write!(out, "not JSON: it ends in the middle of a value at byte {offset}"),
            Reason::NoArray => write!(out, "no array of records, looked up to byte {offset}"),
            Reason::Empty => write!(out, "empty up to byte {offset}, so there are no records"),
        }
    }
}
