//! Paths inside a backup. Only clean relative paths can be built, so whatever comes out of a manifest, a directory,
//! a tar member or a page can never reach outside the backup.

use std::fmt;
use std::str::FromStr;

/// The longest path in bytes (`PATH_MAX` of Linux).
pub const PATH_MAX: usize = 4096;
/// The longest part of a path in bytes (`NAME_MAX` of the usual file systems).
pub const PART_MAX: usize = 255;

/// The path of an entry below the root of its backup: parts joined by `/`, no part empty, `.` or `..`, no NUL, no
/// backslash, no drive letter in front. Bytes, because file names need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Box<[u8]>);

/// Why bytes are no path of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("is empty")]
    Empty,
    #[error("is absolute")]
    Absolute,
    #[error("starts with a drive letter")]
    Drive,
    #[error("has an empty part, \".\" or \"..\"")]
    Unclean,
    #[error("holds a NUL byte")]
    Nul,
    #[error("holds a backslash")]
    Backslash,
    #[error("is longer than {PATH_MAX} bytes or has a part of more than {PART_MAX}")]
    TooLong,
}

impl EntryPath {
    /// Checks `bytes` and keeps them.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let bytes = bytes.as_ref();
        match bytes {
            [] => return Err(PathError::Empty),
            [b'/', ..] => return Err(PathError::Absolute),
            [letter, b':', ..] if letter.is_ascii_alphabetic() => return Err(PathError::Drive),
            _ => {}
        }
        if bytes.contains(&0) {
            return Err(PathError::Nul);
        }
        if bytes.contains(&b'\\') {
            return Err(PathError::Backslash);
        }
        let mut parts = bytes.split(|byte| *byte == b'/');
        if parts.clone().any(|part| matches!(part, b"" | b"." | b"..")) {
            return Err(PathError::Unclean);
        }
        if bytes.len() > PATH_MAX || parts.any(|part| part.len() > PART_MAX) {
            return Err(PathError::TooLong);
        }
        Ok(Self(bytes.into()))
    }

    /// The path of `name` in the folder `self`.
    ///
    /// # Errors
    /// When the joined path breaks a rule, as [`EntryPath::new`].
    pub fn join(&self, name: &[u8]) -> Result<Self, PathError> {
        Self::new([self.as_bytes(), b"/", name].concat())
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The parts between the slashes, at least one.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/')
    }

    /// The last part.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.parts().last().unwrap_or_default()
    }

    /// Whether the path lies below the top folder `folder`.
    #[must_use]
    pub fn is_below(&self, folder: &str) -> bool {
        self.0.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'))
    }
}

impl FromStr for EntryPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

/// Safe to print: control characters and bytes that are no UTF-8 are shown as `\u{..}` and `\xNN`.
impl fmt::Display for EntryPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.utf8_chunks() {
            for character in piece.valid().chars() {
                if character.is_control() || is_bidi_control(character) {
                    write!(out, "{}", character.escape_unicode())?;
                } else {
                    write!(out, "{character}")?;
                }
            }
            for byte in piece.invalid() {
                write!(out, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

/// Characters that reorder the text around them on a terminal or a page.
fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_relative_paths_are_accepted() {
        for good in ["a", "manifest.json", "files/0/900000/900002-Krug & Kanne.png", "ä/ö", "ab:c/d", "..a/b..", "x/C:"]
        {
            assert_eq!(EntryPath::new(good).map(|path| path.to_string()), Ok(good.to_owned()));
        }
        for (bad, why) in [
            ("", PathError::Empty),
            ("/etc/passwd", PathError::Absolute),
            ("C:/x", PathError::Drive),
            ("c:x", PathError::Drive),
            ("../x", PathError::Unclean),
            ("a/../b", PathError::Unclean),
            ("a/..", PathError::Unclean),
            ("./a", PathError::Unclean),
            ("a//b", PathError::Unclean),
            ("a/", PathError::Unclean),
            ("a\0b", PathError::Nul),
            ("a\\b", PathError::Backslash),
        ] {
            assert_eq!(EntryPath::new(bad), Err(why), "{bad:?}");
        }
        assert_eq!(EntryPath::new("x".repeat(256)), Err(PathError::TooLong));
        assert_eq!(EntryPath::new("x/".repeat(2050) + "x"), Err(PathError::TooLong));
    }

    #[test]
    fn odd_names_are_shown_without_harm() {
        let path = EntryPath::new(b"a\x1b[2J\xff\xe2\x80\xae.png").expect("legal bytes");
        assert_eq!(path.to_string(), "a\\u{1b}[2J\\xff\\u{202e}.png");
    }
}
