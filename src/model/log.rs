//! Lines of the log of a run.

use bincode::{Decode, Encode};

/// The longest text of a line, in bytes; what is longer is cut.
pub const LINE_BYTES_MAX: usize = 4 << 10;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Level {
    Info,
    /// A person should know.
    Warning,
    /// Something that was asked for is missing, or the work has ended.
    Error,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Line {
    /// Nanoseconds since 1970-01-01T00:00:00Z; 0 where that is not known.
    pub at: i64,
    pub level: Level,
    pub text: String,
}

/// A line and its number in the log; the first is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    pub number: u64,
    pub line: Line,
}

impl Line {
    /// A line; a text that is too long is cut, and says so by its last sign.
    #[must_use]
    pub fn new(at: i64, level: Level, mut text: String) -> Self {
        const CUT: char = '…';
        if text.len() > LINE_BYTES_MAX {
            let room = LINE_BYTES_MAX - CUT.len_utf8();
            let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push(CUT);
        }
        Self { at, level, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_cut_between_signs() {
        let line = Line::new(1, Level::Info, "ä".repeat(LINE_BYTES_MAX));
        assert!(line.text.len() <= LINE_BYTES_MAX && line.text.ends_with("ä…"));
        assert_eq!(Line::new(1, Level::Info, "Maß".to_owned()).text, "Maß");
    }
}
