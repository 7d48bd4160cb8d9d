//! What is wrong with a form, field by field.

use std::borrow::Cow;

/// What is wrong with one field, in the language of who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub field: Cow<'static, str>,
    /// Goes on after the name of the field: `is missing`.
    pub what: String,
}

/// All that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaints(pub Vec<Complaint>);

impl Complaints {
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, what: impl Into<String>) {
        self.0.push(Complaint { field: field.into(), what: what.into() });
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds those about fields that nothing was said about.
    pub fn join(&mut self, more: Self) {
        let new = more.0.into_iter().filter(|one| self.of(&one.field).is_none()).collect::<Vec<_>>();
        self.0.extend(new);
    }

    /// The first complaint about a field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|complaint| complaint.field == field).map(|complaint| complaint.what.as_str())
    }

    /// Everything in one line: `password is missing; chunk-size is no number from 1 to 1000`.
    #[must_use]
    pub fn line(&self) -> String {
        let all = self.0.iter().map(|complaint| format!("{} {}", complaint.field, complaint.what));
        all.collect::<Vec<_>>().join("; ")
    }

    /// The value, if nothing is wrong.
    ///
    /// # Errors
    /// The complaints, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}
