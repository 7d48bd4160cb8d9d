//! Ids of records and files, each its own type.

use std::fmt;

/// The id of a record within the instance: `_system_object_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::rehearsal) struct SystemId(pub u64);

/// The id of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::rehearsal) struct FileId(pub u64);

/// A UUID, whatever its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::rehearsal) struct Uuid(pub u128);

impl Uuid {
    /// The UUID that a text in its canonical form names.
    pub fn parse(text: &str) -> Option<Self> {
        let dashes_stand =
            text.len() == 36 && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == DASHES.contains(&at));
        let hex: String = text.chars().filter(|c| *c != '-').collect();
        if !dashes_stand || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(&hex, 16).ok().map(Self)
    }

    /// A new one by chance (version 4).
    pub fn random(chance: &mut fastrand::Rng) -> Self {
        let bits = chance.u128(..);
        Self(bits & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62))
    }
}

const DASHES: [usize; 4] = [8, 13, 18, 23];

impl fmt::Display for Uuid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(out, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_come_back_as_they_were() {
        let text = "886a33c4-53f4-47d7-a1b2-e2e84aa64218";
        assert_eq!(Uuid::parse(text).unwrap().to_string(), text);
        assert_eq!(Uuid::parse("886a33c453f447d7a1b2e2e84aa64218"), None);
        assert_eq!(Uuid::parse("886a33c4-53f4-47d7-a1b2-e2e84aa6421ü"), None);
        let random = Uuid::random(&mut fastrand::Rng::with_seed(1)).to_string();
        assert_eq!(&random[14..15], "4");
    }
}
