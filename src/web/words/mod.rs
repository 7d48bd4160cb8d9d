//! What the pages say, in German and in English: every text stands in both beside each other, by the page that says it,
//! and numbers, sizes and times are written as people of the language write them.

mod figures;
mod language;

pub mod backups;
pub mod forms;
pub mod frame;
pub mod plan;
pub mod runs;
pub mod sign_in;

pub use figures::utc;
pub use language::{COOKIE, Language};

/// A text in both languages. `{0}`, `{1}` … stand where [`Language::fill`] puts something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    pub english: &'static str,
    pub german: &'static str,
}

/// A text in both languages.
#[must_use]
pub const fn text(english: &'static str, german: &'static str) -> Text {
    Text { english, german }
}
