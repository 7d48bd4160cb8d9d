//! Values as nobody should write them, and changes of them.

use std::fmt;

use proptest::prelude::*;

/// A value as text: with members twice and blanks, as nobody should write it.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Scalar(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}\"{name}\":{value}", if at > 0 { "," } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

pub(super) const NAMES: [&str; 44] = [
    "a",
    "b",
    "title",
    "ü",
    "x\\u0041",
    "_objecttype",
    "_mask",
    "_uuid",
    "_owner",
    "_create_user",
    "_created",
    "_tags",
    "_acl",
    "_pool",
    "_last_modified",
    "_version",
    "_id",
    "lookup:_id",
    "lookup:_id_parent",
    "lookup:_global_object_id",
    "_system_object_id",
    "_latest_version_deleted_at",
    "_nested:o__r",
    "_nested:o__s",
    "_reverse_nested:p:q",
    "versions",
    "original",
    "hash",
    "preferred",
    "leave_on_remote",
    "o",
    "p",
    "user",
    "reference",
    "_user",
    "_webfrontend_props",
    "mask_ids",
    "in",
    "watermark",
    "timestamp",
    "who",
    "_allow_defer",
    "_standard",
    "_path",
];
const SCALARS: [&str; 34] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "7",
    "800",
    "9007199254740993",
    "9007199254740992",
    "1.50",
    "-1e+4",
    "\"\"",
    "\"o\"",
    "\"p\"",
    "\"text\"",
    "\"Text\"",
    "\"system:root\"",
    "\"\\u00fc\"",
    "\"ü\"",
    "\"a\\nb\"",
    "\"\\ud800\"",
    "\"7\"",
    "3",
    "4",
    "9",
    "13",
    "\"2024-05-28T08:00:00Z\"",
    "\"2024-05-28T08:00:00.000Z\"",
    "\"2024-05-28T10:00:00+02:00\"",
    "\"2024-05-28T08:00:00.120300Z\"",
    "\"2024-05-28T08:00:00.0500000000Z\"",
    "\"2024-02-31T08:00:00Z\"",
    "\"0000000000000000000000000000000000000000000000000000000000000000\"",
    "\"a text that is longer than one step of looking for quotes, with an \\\" in it\"",
];

pub(super) fn name(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(names).prop_map(str::to_owned)
}

pub(super) fn tree(names: &'static [&'static str]) -> impl Strategy<Value = Tree> {
    let scalar = prop::sample::select(&SCALARS[..]).prop_map(|text| Tree::Scalar(text.to_owned()));
    scalar.prop_recursive(5, 40, 6, move |inner| {
        let link = inner.clone().prop_map(|value| {
            let lookup = Tree::Object(vec![("lookup:_id".to_owned(), value)]);
            Tree::Object(vec![("_objecttype".to_owned(), Tree::Scalar("\"p\"".to_owned())), ("p".to_owned(), lookup)])
        });
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            4 => prop::collection::vec((name(names), inner), 0..7).prop_map(Tree::Object),
            1 => link,
        ]
    })
}

impl Tree {
    /// Every part counts down; the one at 0 becomes something else.
    pub fn change(&mut self, at: &mut usize, to: &Change) {
        if *at == 0 {
            match (&mut *self, to) {
                (Self::Object(members), Change::Turned) => members.reverse(),
                (Self::List(items), Change::Turned) => items.reverse(),
                (Self::Object(members), Change::Shorter) => drop(members.pop()),
                (Self::List(items), Change::Shorter) => drop(items.pop()),
                (Self::Object(members), Change::Longer(name, tree)) => members.push((name.clone(), tree.clone())),
                (place, Change::Other(tree)) => *place = tree.clone(),
                _ => {}
            }
        }
        *at = at.wrapping_sub(1);
        match self {
            Self::Scalar(_) => {}
            Self::List(items) => items.iter_mut().for_each(|item| item.change(at, to)),
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.change(at, to)),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Turned,
    Shorter,
    Longer(String, Tree),
    Other(Tree),
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let more = (name(&NAMES), tree(&NAMES)).prop_map(|(name, tree)| Change::Longer(name, tree));
    prop_oneof![Just(Change::Turned), Just(Change::Shorter), more, tree(&NAMES).prop_map(Change::Other)]
}
