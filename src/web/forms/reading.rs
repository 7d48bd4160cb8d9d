//! Reads fields one by one, and gathers what is wrong with them.

use std::ops::RangeInclusive;

use secrecy::SecretString;

use crate::web::forms::complaint::Complaints;
use crate::web::forms::fields::Fields;
use crate::web::words::{Language, forms};

/// What is read, and what was wrong with it up to now.
pub struct Reading {
    fields: Fields,
    pub language: Language,
    pub complaints: Complaints,
}

impl Reading {
    #[must_use]
    pub fn new(fields: Fields, language: Language) -> Self {
        Self { fields, language, complaints: Complaints::default() }
    }

    /// Nothing may be left over: a field with a wrong name would be passed over in silence.
    #[must_use]
    pub fn finish(mut self) -> Complaints {
        for name in self.fields.left() {
            self.complaints.add(name, self.language.say(forms::E_UNKNOWN));
        }
        self.complaints
    }

    pub fn all(&mut self, name: &str) -> Vec<String> {
        self.fields.take(name)
    }

    /// A text; empty if it is not there.
    pub fn text(&mut self, name: &'static str) -> String {
        let mut values = self.fields.take(name);
        if values.len() > 1 {
            self.complaints.add(name, self.language.say(forms::E_TWICE));
        }
        values.pop().map(|value| value.trim().to_owned()).unwrap_or_default()
    }

    /// A secret; what is empty is none.
    pub fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        let mut values = self.fields.take(name);
        if values.len() > 1 {
            self.complaints.add(name, self.language.say(forms::E_TWICE));
        }
        values.pop().and_then(secret)
    }

    /// Yes or no; `usual` is what a script means that says nothing.
    pub fn flag(&mut self, name: &'static str, usual: bool) -> bool {
        let is_silent = self.fields.take(name);
        let Some(value) = is_silent.first() else { return self.fields.is_script && usual };
        match value.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" | "yes" => true,
            "" | "false" | "off" | "0" | "no" => false,
            _ => {
                self.complaints.add(name, self.language.fill(forms::E_CHOICE, &["true, false"]));
                false
            }
        }
    }

    /// A number; `None` if there is nothing.
    pub fn number(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (start, end) = (range.start().to_string(), range.end().to_string());
            self.complaints.add(name, self.language.fill(forms::E_RANGE, &[&start, &end]));
        }
        number
    }

    /// One of several; the first if there is nothing.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> T {
        let text = self.text(name);
        let found = choices.iter().find(|(value, _)| *value == text);
        if found.is_none() && !text.is_empty() {
            let all = choices.iter().map(|(value, _)| *value).filter(|value| !value.is_empty());
            let all = all.collect::<Vec<_>>().join(", ");
            self.complaints.add(name, self.language.fill(forms::E_CHOICE, &[&all]));
        }
        found.unwrap_or(&choices[0]).1
    }
}

/// What is empty is no secret.
#[must_use]
pub fn secret(text: String) -> Option<SecretString> {
    Some(text).filter(|text| !text.is_empty()).map(SecretString::from)
}
