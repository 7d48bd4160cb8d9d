//! JSON as it came over the network, taken apart into its tokens. Numbers and texts keep their bytes, members their
//! order, so that what is not touched is written as it was read: 2^53+1, `1.50` and `\u00fc` alike.

mod members;
mod reader;
mod writer;

use std::borrow::Cow;

use serde_json::value::RawValue;

pub(crate) use members::Members;
pub(crate) use reader::{Elements, Reader};

/// Values nested deeper than this are refused; real records have a dozen levels.
pub(crate) const DEPTH_MAX: usize = 128;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'t> {
    /// A number, a string with its quotes, `true`, `false` or `null`, as it stands in the text.
    Scalar(Cow<'t, str>),
    Array(Vec<Json<'t>>),
    Object(Members<'t>),
}

/// The text is no JSON, or nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is no JSON")]
    NotJson,
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
}

/// The elements of an array, each as its text, however deep it is. All of it is checked to be JSON.
pub(crate) fn elements(text: &[u8]) -> Result<Vec<&str>, Unreadable> {
    let raw: Vec<&RawValue> = serde_json::from_slice(text).map_err(|_| Unreadable::NotJson)?;
    Ok(raw.into_iter().map(RawValue::get).collect())
}

impl<'t> Json<'t> {
    pub(crate) fn null() -> Self {
        Self::Scalar(Cow::Borrowed("null"))
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self::Scalar(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    pub(crate) fn number(value: u64) -> Self {
        Self::Scalar(Cow::Owned(value.to_string()))
    }

    pub(crate) fn string(value: &str) -> Self {
        Self::Scalar(Cow::Owned(serde_json::Value::from(value).to_string()))
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "null")
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "true")
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        let Self::Scalar(text) = self else { return None };
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') { serde_json::from_str(text).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
    }

    /// An id: a whole number, or a string with one, as easydb5 writes some.
    pub(crate) fn as_id(&self) -> Option<u64> {
        let Self::Scalar(text) = self else { return None };
        text.trim_matches('"').parse().ok()
    }

    pub(crate) fn members(&self) -> Option<&Members<'t>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    pub(crate) fn members_mut(&mut self) -> Option<&mut Members<'t>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    pub(crate) fn items(&self) -> &[Json<'t>] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// A copy that does not depend on the text it was read from.
    pub(crate) fn detached<'o>(&self) -> Json<'o> {
        match self {
            Self::Scalar(text) => Json::Scalar(Cow::Owned(text.clone().into_owned())),
            Self::Array(items) => Json::Array(items.iter().map(Json::detached).collect()),
            Self::Object(members) => {
                let copy =
                    members.0.iter().map(|(key, value)| (Cow::Owned(key.clone().into_owned()), value.detached()));
                Json::Object(Members(copy.collect()))
            }
        }
    }

    /// The member of this name, if it is an object that has one.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.members()?.get(key)
    }
}

#[cfg(test)]
mod tests;
