//! What the revisions of a record have changed: one sentence each.

use super::chance::{Purpose, draw};
use super::plan::Entry;

/// The two languages of a prose field; the discriminants are part of a sentence's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    German = 0,
    English = 1,
}

/// The sentences a record's edits have replaced, oldest first.
pub struct Edits {
    replaced: Vec<(Language, u64)>,
}

impl Edits {
    /// For a field that no revision changes.
    pub fn none() -> Edits {
        Edits { replaced: Vec::new() }
    }

    /// `sentences` is the number of sentences the edited field has in each language.
    pub fn of(seed: u64, entry: Entry, sentences: u64) -> Edits {
        let replaced = (1..=entry.revision)
            .map(|revision| {
                let mut rng = draw(seed, Purpose::Edit, entry.id, revision);
                let language = if rng.bool() { Language::German } else { Language::English };
                (language, rng.u64(0..sentences.max(1)))
            })
            .collect();
        Edits { replaced }
    }

    /// The revision a sentence stems from, 0 for the first wording.
    pub fn revision(&self, language: Language, sentence: u64) -> u64 {
        self.replaced.iter().rposition(|replaced| *replaced == (language, sentence)).map_or(0, |index| index as u64 + 1)
    }
}
