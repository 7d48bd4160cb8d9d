//! Boxes that say something: what is worth knowing, what went wrong.

use maud::{Markup, html};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

impl Tone {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// A box. What is bad is told to those who hear the page at once.
#[must_use]
pub fn notice(tone: Tone, content: Markup) -> Markup {
    html! { div.notice data-tone=(tone.name()) role=[(tone == Tone::Bad).then_some("alert")] { (content) } }
}
