//! The files of a bag that are not its content, told by their names.

use crate::layout::bag::DECLARATION;
use crate::layout::bag::sums::Algorithm;
use crate::model::path::EntryPath;

/// What a file beside the content is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tagged {
    Declaration,
    Info,
    /// Names what would have to be fetched from elsewhere.
    Fetch,
    /// Digests; the algorithm if it is known.
    List(Lists, Option<Algorithm>),
    Other,
}

/// Of which files a list has the digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    Content,
    Tags,
}

impl Tagged {
    /// `path` counts from the top of the bag.
    pub(crate) fn of(path: &EntryPath) -> Self {
        let Ok(name) = std::str::from_utf8(path.as_bytes()) else { return Self::Other };
        let list = |start: &str| name.strip_prefix(start)?.strip_suffix(".txt").map(Algorithm::named);
        match name {
            DECLARATION => Self::Declaration,
            "bag-info.txt" => Self::Info,
            "fetch.txt" => Self::Fetch,
            _ => match (list("manifest-"), list("tagmanifest-")) {
                (Some(algorithm), _) => Self::List(Lists::Content, algorithm),
                (None, Some(algorithm)) => Self::List(Lists::Tags, algorithm),
                (None, None) => Self::Other,
            },
        }
    }
}
