//! Versions of fylr and easydb5, as far as what a server can do depends on them.

use std::fmt;
use std::str::FromStr;

/// `6.34.2`; letters in front and what follows the third number do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }
}

/// The text holds no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no version")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let numbers = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let mut parts = numbers.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
        let major = parts.next().ok_or(NoVersion)?.map_err(|_| NoVersion)?;
        let mut next = || parts.next().and_then(Result::ok).unwrap_or(0);
        Ok(Self { major, minor: next(), patch: next() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_servers_write_them() {
        assert_eq!("v6.34.2".parse(), Ok(Version::new(6, 34, 2)));
        assert_eq!("5.139".parse(), Ok(Version::new(5, 139, 0)));
        assert_eq!("6.35.0-rc1".parse(), Ok(Version::new(6, 35, 0)));
        assert_eq!("dev".parse::<Version>(), Err(NoVersion));
        assert!(Version::new(6, 9, 0) < Version::new(6, 10, 0));
    }
}
