//! A command line, ready to be copied.

use maud::{Markup, html};

use crate::web::words::{Language, forms};

/// Shows command lines; they hold no secrets.
#[must_use]
pub fn command_line(language: Language, lines: &[String]) -> Markup {
    html! {
        section.command {
            h3 { (language.say(forms::COMMAND_LINE)) }
            @for line in lines {
                div.copyable {
                    pre { code { (line) } }
                    button.quiet type="button" data-copy hidden { (language.say(forms::COPY)) }
                }
            }
            p.help { (language.say(forms::COMMAND_LINE_HELP)) }
        }
    }
}
