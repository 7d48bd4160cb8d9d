//! A command line, ready to be copied.

use maud::{Markup, html};

use crate::web::words::{Language, forms};

/// Where the command line of a form follows what is typed, and the button that asks for it where nothing follows.
#[must_use]
pub fn command_of_form(language: Language, action: &str) -> Markup {
    html! {
        section.command {
            div.line {
                h3 { (language.say(forms::COMMAND_LINE)) }
                button.quiet type="submit" formaction=(action) { (language.say(forms::COMMAND_SHOW)) }
            }
            div.copyable hidden {
                pre { code data-lines {} }
                button.quiet type="button" data-copy hidden { (language.say(forms::COPY)) }
            }
            p.help { (language.say(forms::COMMAND_LINE_HELP)) }
        }
    }
}

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
