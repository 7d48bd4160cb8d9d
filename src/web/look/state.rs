//! States of runs: a word and a sign of its own shape, so that nobody needs colours to tell them apart.

use maud::{Markup, html};

use crate::web::words::{Language, Text, frame};

/// How it stands with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Queued,
    /// Another process writes to the archive.
    WaitingForArchive,
    Running,
    WaitingForRetry,
    Cancelling,
    Cancelled,
    Failed,
    /// It was ended by something else, and can be continued.
    Incomplete,
    Done,
    DoneWithAside,
    /// A verify that found differences.
    Different,
}

impl State {
    /// The value of `data-state` and of JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::WaitingForArchive => "waiting-for-archive",
            Self::Running => "running",
            Self::WaitingForRetry => "waiting-for-retry",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
            Self::Done => "done",
            Self::DoneWithAside => "done-with-aside",
            Self::Different => "different",
        }
    }

    #[must_use]
    pub fn word(self) -> Text {
        match self {
            Self::Queued => frame::QUEUED,
            Self::WaitingForArchive => frame::WAITING_FOR_ARCHIVE,
            Self::Running => frame::RUNNING,
            Self::WaitingForRetry => frame::WAITING_FOR_RETRY,
            Self::Cancelling => frame::CANCELLING,
            Self::Cancelled => frame::CANCELLED,
            Self::Failed => frame::FAILED,
            Self::Incomplete => frame::INCOMPLETE,
            Self::Done => frame::DONE,
            Self::DoneWithAside => frame::DONE_WITH_ASIDE,
            Self::Different => frame::DIFFERENT,
        }
    }

    /// Whether it will change by itself.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(
            self,
            Self::Queued | Self::WaitingForArchive | Self::Running | Self::WaitingForRetry | Self::Cancelling
        )
    }

    /// What is drawn in a box of 16 by 16.
    fn sign(self) -> &'static str {
        match self {
            // Dots, an hourglass, an arc, an arrow around.
            Self::Queued => "M3 8h.01M8 8h.01M13 8h.01",
            Self::WaitingForArchive => "M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3 6 5 6 11M11 2.5c0 3-6 5-6 11",
            Self::Running => "M8 2a6 6 0 1 1-6 6",
            Self::WaitingForRetry => "M13.5 8a5.5 5.5 0 1 1-1.8-4.1M13.5 1.8v3h-3",
            // A square, a square that is struck out, a cross.
            Self::Cancelling => "M4 4h8v8H4z",
            Self::Cancelled => "M4 4h8v8H4zM2 14 14 2",
            Self::Failed => "M3.5 3.5l9 9M12.5 3.5l-9 9",
            // Half a circle, a tick, a tick with a dot, unequal.
            Self::Incomplete => "M8 2v12M8 2a6 6 0 0 0 0 12",
            Self::Done => "M2.5 8.5l3.5 3.5 7.5-8",
            Self::DoneWithAside => "M1.5 9l3 3 6-7M13.5 12h.01",
            Self::Different => "M3 6h10M3 10h10M11 3 5 13",
        }
    }
}

/// The sign and the word of a state.
#[must_use]
pub fn state(state: State, language: Language) -> Markup {
    html! {
        span.state data-state=(state.name()) {
            svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" { path d=(state.sign()); }
            (language.say(state.word()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_state_has_a_word_and_a_sign_of_its_own() {
        let all = [
            State::Queued,
            State::WaitingForArchive,
            State::Running,
            State::WaitingForRetry,
            State::Cancelling,
            State::Cancelled,
            State::Failed,
            State::Incomplete,
            State::Done,
            State::DoneWithAside,
            State::Different,
        ];
        assert_eq!(all.map(State::name).into_iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(all.map(State::sign).into_iter().collect::<HashSet<_>>().len(), all.len());
        for language in Language::ALL {
            let words = all.map(|state| language.say(state.word()));
            assert_eq!(words.into_iter().collect::<HashSet<_>>().len(), all.len());
        }
        let drawn = state(State::Running, Language::German).into_string();
        assert!(drawn.contains("data-state=\"running\"") && drawn.ends_with("läuft</span>"), "{drawn}");
    }
}
