//! What is wrong with a bag.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BagFault {
    Missing,
    /// In the list of this algorithm.
    Unlisted(&'static str),
    /// From what the list of this algorithm says.
    Different(&'static str),
    Twice,
    Line(u64),
    Long,
    Fetch,
    Declaration,
    NoList,
    Algorithm,
    Oxum,
    TooMany,
}

impl fmt::Display for BagFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(out, "is listed in the bag but missing"),
            Self::Unlisted(algorithm) => write!(out, "is in the bag but not listed in manifest-{algorithm}.txt"),
            Self::Different(algorithm) => write!(out, "does not have the {algorithm} digest that the bag lists"),
            Self::Twice => write!(out, "is in the bag or one of its lists twice"),
            Self::Line(number) => write!(out, "has no digest and clean path in line {number}"),
            Self::Long => write!(out, "is too long for what it is"),
            Self::Fetch => write!(out, "names files that would have to be fetched, which is not done"),
            Self::Declaration => write!(out, "is missing, or declares no bag of a known version in UTF-8"),
            Self::NoList => write!(out, "has no list of digests"),
            Self::Algorithm => write!(out, "lists digests of an unknown algorithm"),
            Self::TooMany => write!(out, "is one file too many beside the content of a bag"),
            Self::Oxum => write!(out, "does not tell how much is in the bag"),
        }
    }
}
