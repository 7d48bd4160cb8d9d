//! The members of an object, in order.

use std::borrow::Cow;

use crate::fylr::json::Json;

/// The members of an object, in order. Keys are kept as they are written, without their quotes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members<'t>(pub(super) Vec<(Cow<'t, str>, Json<'t>)>);

impl<'t> From<Members<'t>> for Json<'t> {
    fn from(members: Members<'t>) -> Self {
        Self::Object(members)
    }
}

impl<'t> Members<'t> {
    /// An object of these members.
    pub(crate) fn of<const N: usize>(members: [(&'static str, Json<'t>); N]) -> Self {
        Self(members.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    }

    /// The member of this name; of several the last one, as every reader does.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Json<'t>> {
        self.0.iter_mut().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Takes the member out; all of that name are gone then.
    pub(crate) fn take(&mut self, key: &str) -> Option<Json<'t>> {
        let mut taken = None;
        let mut at = 0;
        while at < self.0.len() {
            if self.0[at].0 == key {
                taken = Some(self.0.remove(at).1);
            } else {
                at += 1;
            }
        }
        taken
    }

    /// Replaces the member at its place, or adds it at the end.
    pub(crate) fn set(&mut self, key: impl Into<Cow<'t, str>>, value: Json<'t>) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(old) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Adds members in front.
    pub(crate) fn put_first(&mut self, members: Vec<(Cow<'t, str>, Json<'t>)>) {
        self.0.splice(0..0, members);
    }

    pub(crate) fn rename(&mut self, key: &str, name: &'static str) {
        if let Some((key, _)) = self.0.iter_mut().find(|(found, _)| found == key) {
            *key = Cow::Borrowed(name);
        }
    }

    pub(crate) fn remove(&mut self, keys: &[&str]) {
        self.0.retain(|(name, _)| !keys.contains(&&**name));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'t>)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str, &Json<'t>) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }
}
