//! JSON as the API takes and gives it: a tree that borrows from the request, keeps the order of members, and keeps
//! numbers as the text they were, so that 2^53+1 and 1.10 come back as they went in. Nothing here knows what it means.

mod parse;
mod write;

use std::borrow::Cow;

pub use parse::{parse, parse_stored};
pub use write::{HOLE, escape};

/// One value. Members keep their order; of a name given twice the last one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Node<'a> {
    #[default]
    Null,
    Bool(bool),
    /// The text of a number, as it was written.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
    /// JSON that is written already.
    Raw(Cow<'a, str>),
}

/// A value that owns all it holds.
pub type Doc = Node<'static>;

/// The value of a member that is not there.
static NULL: Node<'static> = Node::Null;

impl<'a> Node<'a> {
    /// The member `name` of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        match self {
            Self::Object(members) => members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member `name`; null where there is none.
    #[must_use]
    pub fn at(&self, name: &str) -> &Node<'a> {
        self.get(name).unwrap_or(&NULL)
    }

    /// The member at the end of a path of names; null where there is none.
    #[must_use]
    pub fn path(&self, names: &[&str]) -> &Node<'a> {
        names.iter().fold(self, |node, name| node.at(name))
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node<'a>> {
        match self {
            Self::Object(members) => members.iter_mut().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sets a member of an object; anything else becomes an object with this member.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Node<'a>>) {
        let (name, value) = (name.into(), value.into());
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        if let Some(found) = self.get_mut(&name) {
            *found = value;
        } else if let Self::Object(members) = self {
            members.push((name, value));
        }
    }

    /// Takes a member out of an object, each time it is there.
    pub fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let Self::Object(members) = self else { return None };
        let mut taken = None;
        while let Some(at) = members.iter().position(|(key, _)| key == name) {
            taken = Some(members.remove(at).1);
        }
        taken
    }

    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The elements of a list; none of anything else.
    #[must_use]
    pub fn list(&self) -> &[Node<'a>] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// The members of an object; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// What kind of value it is, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Raw(_) => "json",
        }
    }

    #[must_use]
    pub fn into_owned(self) -> Doc {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(value),
            Self::Number(text) => Node::Number(own(text)),
            Self::Text(text) => Node::Text(own(text)),
            Self::Raw(text) => Node::Raw(own(text)),
            Self::List(elements) => Node::List(elements.into_iter().map(Node::into_owned).collect()),
            Self::Object(members) => {
                Node::Object(members.into_iter().map(|(name, value)| (own(name), value.into_owned())).collect())
            }
        }
    }

    /// A copy that owns all it holds.
    #[must_use]
    pub fn to_doc(&self) -> Doc {
        self.clone().into_owned()
    }
}

/// An object with these members.
#[must_use]
pub fn object<'a, const N: usize>(members: [(&'static str, Node<'a>); N]) -> Node<'a> {
    Node::Object(members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

impl<'a> From<&'a str> for Node<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Node<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<bool> for Node<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Node<'_> {
    fn from(number: u64) -> Self {
        Self::Number(Cow::Owned(number.to_string()))
    }
}

impl From<usize> for Node<'_> {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

impl<'a> From<Vec<Node<'a>>> for Node<'a> {
    fn from(elements: Vec<Node<'a>>) -> Self {
        Self::List(elements)
    }
}

impl<'a, T: Into<Node<'a>>> From<Option<T>> for Node<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
