//! The rounds in which base types go to a target: what they name must be there before.

/// A round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Round {
    /// Everything but what later rounds bring.
    First,
    /// Rights and owners: users, groups, pools and presets are there.
    Rights,
    /// Pin codes of collections: these are there.
    PinCodes,
    /// Transitions: all records are there, so that none of them is changed by any.
    Transitions,
    /// Records that are deleted at the source and linked to, before all others.
    Deleted,
}

impl Round {
    /// Those of base types.
    pub const OF_BASE: [Self; 4] = [Self::First, Self::Rights, Self::PinCodes, Self::Transitions];

    /// For keys of the ledger.
    pub fn number(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Rights => 1,
            Self::PinCodes => 2,
            Self::Transitions => 3,
            Self::Deleted => 4,
        }
    }
}
