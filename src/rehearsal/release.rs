//! Which release of fylr or easydb5 is played: what came with a later one does not exist.

use std::fmt;
use std::str::FromStr;

/// A version of three numbers; `v6.34.2`, `6.34` and `6` are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32, pub u32);

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a version looks like v6.34.2")]
pub struct ReleaseError;

impl Release {
    /// The release of fylr that the documentation describes.
    pub const FYLR: Self = Self(6, 34, 2);
    /// A release of easydb5 whose histories are complete.
    pub const EASYDB5: Self = Self(5, 153, 0);

    /// Whether what came with `major.minor.patch` is there.
    #[must_use]
    pub fn has(self, major: u32, minor: u32, patch: u32) -> bool {
        self >= Self(major, minor, patch)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Release {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let mut numbers = [0; 3];
        let parts = text.strip_prefix('v').unwrap_or(text).split('.').collect::<Vec<_>>();
        if parts.len() > numbers.len() {
            return Err(ReleaseError);
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = part.parse().map_err(|_| ReleaseError)?;
        }
        Ok(Self(numbers[0], numbers[1], numbers[2]))
    }
}
