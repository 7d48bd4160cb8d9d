//! Fields of forms: a label with a line of help and the flag it stands for, and the control beside it. Names of controls
//! are the words of the long flags.

use maud::{Markup, html};

use crate::web::words::{Language, Text};

/// What all fields have.
pub struct Field<'a> {
    pub language: Language,
    /// What ids begin with: the same field may stand in several forms of a page.
    pub form: &'a str,
    pub name: &'a str,
    pub label: Text,
    pub help: Option<Text>,
    /// The flag as it is typed; none where no flag does it.
    pub flag: Option<&'a str>,
    /// What is wrong with what was sent.
    pub error: Option<&'a str>,
}

/// A choice: its value, and what it says.
pub struct Choice<'a> {
    pub value: &'a str,
    pub label: String,
    pub help: Option<Text>,
}

/// The kind of an input of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Text,
    Url,
    /// Not filled in by anything, and never sent back.
    Secret,
    Number,
}

impl Field<'_> {
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}", self.form, self.name)
    }

    /// An input of one line.
    #[must_use]
    pub fn line(&self, line: Line, value: &str, placeholder: &str) -> Markup {
        self.line_with(line, value, placeholder, &[])
    }

    /// The same, with proposals.
    #[must_use]
    pub fn line_with(&self, line: Line, value: &str, placeholder: &str, proposals: &[&str]) -> Markup {
        let id = self.id();
        let kind = match line {
            Line::Text => "text",
            Line::Url => "url",
            Line::Secret => "password",
            Line::Number => "number",
        };
        let value = (line != Line::Secret && !value.is_empty()).then_some(value);
        let list = (!proposals.is_empty()).then(|| format!("{id}-list"));
        self.around(&html! {
            input id=(id) name=(self.name) type=(kind) value=[value] placeholder=[some(placeholder)]
                autocomplete=(if line == Line::Secret { "new-password" } else { "off" }) spellcheck="false"
                min=[(line == Line::Number).then_some("0")] list=[list.as_deref()]
                aria-describedby=(self.described()) aria-invalid=[self.error.map(|_| "true")];
            @if let Some(list) = &list {
                datalist id=(list) { @for proposal in proposals { option value=(proposal) {} } }
            }
        })
    }

    /// An input of one line with a label of its own, which waits for the words `expected`.
    #[must_use]
    pub fn expecting(&self, label: &str, expected: &str) -> Markup {
        let id = self.id();
        html! {
            div.field {
                div.words {
                    label for=(id) { (label) }
                    (self.help())
                }
                div.control {
                    input id=(id) name=(self.name) type="text" autocomplete="off" spellcheck="false" autocapitalize="none"
                        data-expected=(expected) aria-describedby=(self.described())
                        aria-invalid=[self.error.map(|_| "true")];
                    (self.complaint())
                }
            }
        }
    }

    /// A choice of one among several in one line.
    #[must_use]
    pub fn select(&self, value: &str, choices: &[Choice<'_>]) -> Markup {
        self.around(&html! {
            select id=(self.id()) name=(self.name) aria-describedby=(self.described())
                aria-invalid=[self.error.map(|_| "true")] {
                @for choice in choices {
                    option value=(choice.value) selected[choice.value == value] { (choice.label) }
                }
            }
        })
    }

    /// Yes or no.
    #[must_use]
    pub fn check(&self, is_on: bool) -> Markup {
        let id = self.id();
        html! {
            div.field.check {
                div.words {
                    label for=(id) { (self.language.say(self.label)) }
                    (self.help())
                }
                div.control {
                    input id=(id) name=(self.name) type="checkbox" value="true" checked[is_on]
                        aria-describedby=(self.described());
                    (self.complaint())
                }
            }
        }
    }

    /// A choice of one among several, all in sight.
    #[must_use]
    pub fn radios(&self, value: &str, choices: &[Choice<'_>]) -> Markup {
        self.cards("radio", choices, |choice| choice == value)
    }

    /// A choice of any among several.
    #[must_use]
    pub fn checks(&self, values: &[String], choices: &[Choice<'_>]) -> Markup {
        self.cards("checkbox", choices, |choice| values.iter().any(|value| value == choice))
    }

    fn cards(&self, kind: &str, choices: &[Choice<'_>], is_on: impl Fn(&str) -> bool) -> Markup {
        html! {
            fieldset.field aria-describedby=(self.described()) {
                legend.words {
                    span.label { (self.language.say(self.label)) }
                    (self.help())
                }
                div.control.cards {
                    @for choice in choices {
                        label.card for={ (self.id()) "-" (choice.value) } {
                            input id={ (self.id()) "-" (choice.value) } name=(self.name) type=(kind)
                                value=(choice.value) checked[is_on(choice.value)];
                            span {
                                (choice.label)
                                @if let Some(help) = choice.help { small { (self.language.say(help)) } }
                            }
                        }
                    }
                    (self.complaint())
                }
            }
        }
    }

    /// Controls of one's own under one label.
    #[must_use]
    pub fn grouped(&self, controls: &Markup) -> Markup {
        html! {
            fieldset.field id=(self.id()) aria-describedby=(self.described()) {
                legend.words {
                    span.label { (self.language.say(self.label)) }
                    (self.help())
                }
                div.control { (controls) (self.complaint()) }
            }
        }
    }

    /// A control of one's own.
    #[must_use]
    pub fn around(&self, control: &Markup) -> Markup {
        html! {
            div.field {
                div.words {
                    label for=(self.id()) { (self.language.say(self.label)) }
                    (self.help())
                }
                div.control { (control) (self.complaint()) }
            }
        }
    }

    /// The line of help below a label, the flag in it.
    #[must_use]
    pub fn help(&self) -> Markup {
        html! {
            p.help id={ (self.id()) "-help" } {
                @if let Some(flag) = self.flag { code { (flag) } " " }
                @if let Some(help) = self.help { (self.language.say(help)) }
            }
        }
    }

    fn complaint(&self) -> Markup {
        html! {
            @if let Some(error) = self.error {
                p.wrong id={ (self.id()) "-wrong" } { (error) }
            }
        }
    }

    fn described(&self) -> String {
        let id = self.id();
        if self.error.is_some() { format!("{id}-wrong {id}-help") } else { format!("{id}-help") }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::forms;

    #[test]
    fn a_secret_is_never_sent_back() {
        let field = Field {
            language: Language::English,
            form: "restore",
            name: "password",
            label: forms::PASSWORD,
            help: None,
            flag: Some("--password-file"),
            error: Some("is missing"),
        };
        let drawn = field.line(Line::Secret, "s3cret", "").into_string();
        assert!(!drawn.contains("s3cret") && drawn.contains("id=\"restore-password\""), "{drawn}");
        assert!(drawn.contains("aria-describedby=\"restore-password-wrong restore-password-help\""), "{drawn}");
    }
}
