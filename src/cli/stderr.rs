//! Lines for people on stderr. Colours only on terminals, and never with `NO_COLOR`.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::format;

/// What kind of line.
#[derive(Clone, Copy)]
pub enum Label {
    Error,
    Hint,
    Warning,
    Plan,
    Audit,
}

impl Label {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Plan => "plan",
            Self::Audit => "audit",
        }
    }

    fn style(self) -> Style {
        let color = match self {
            Self::Error => AnsiColor::Red,
            Self::Hint | Self::Plan | Self::Audit => AnsiColor::Cyan,
            Self::Warning => AnsiColor::Yellow,
        };
        color.on_default().bold()
    }
}

/// Prints one line. Where stderr is closed there is nobody to be told.
pub fn say(label: Label, text: &str) {
    let style = label.style();
    let _ = writeln!(anstream::stderr(), "{style}{}:{style:#} {}", label.name(), format::printable(text));
}
