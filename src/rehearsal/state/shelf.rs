//! Things of one base type, by id, with their unique references.

use std::collections::{BTreeMap, HashMap};

use crate::rehearsal::json::Doc;

/// One thing: its version and what it says, ids in place of lookups.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Item {
    pub version: u64,
    pub doc: Doc,
}

#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Shelf {
    last: u64,
    items: BTreeMap<u64, Item>,
    references: HashMap<String, u64>,
    /// By other members that are unique or looked for.
    members: HashMap<(&'static str, String), u64>,
}

/// Members of the block that things are found by, beside the reference.
const FOUND_BY: [&str; 3] = ["login", "email", "uuid"];

impl Shelf {
    /// A number that was never used.
    pub fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub fn get(&self, id: u64) -> Option<&Item> {
        self.items.get(&id)
    }

    pub fn by_reference(&self, reference: &str) -> Option<u64> {
        self.references.get(reference).copied()
    }

    /// The one whose block has this value, of `login`, `email` or `uuid`.
    pub fn by_member(&self, name: &'static str, value: &str) -> Option<u64> {
        self.members.get(&(name, value.to_owned())).copied()
    }

    /// Puts a thing in its place; what stood there comes back.
    pub fn put(&mut self, id: u64, item: Item) -> Option<Item> {
        self.last = self.last.max(id);
        let before = self.remove(id);
        if let Some(reference) = reference(&item.doc) {
            self.references.insert(reference.to_owned(), id);
        }
        for (name, value) in members(&item.doc) {
            self.members.insert((name, value), id);
        }
        self.items.insert(id, item);
        before
    }

    pub fn remove(&mut self, id: u64) -> Option<Item> {
        let before = self.items.remove(&id)?;
        if let Some(old) = reference(&before.doc) {
            self.references.remove(old);
        }
        for member in members(&before.doc) {
            if self.members.get(&member) == Some(&id) {
                self.members.remove(&member);
            }
        }
        Some(before)
    }

    /// Undoes a [`Shelf::put`].
    pub fn restore(&mut self, id: u64, before: Option<Item>) {
        match before {
            Some(item) => drop(self.put(id, item)),
            None => drop(self.remove(id)),
        }
    }

    /// All, by ascending id.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Item)> {
        self.items.iter().map(|(id, item)| (*id, item))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }
}

/// What a thing is found by.
fn members(doc: &Doc) -> Vec<(&'static str, String)> {
    let Some(block) = doc.at("_basetype").text().map(|name| doc.at(name)) else { return Vec::new() };
    FOUND_BY.iter().filter_map(|name| Some((*name, block.at(name).text()?.to_owned()))).collect()
}

/// The reference of a thing, in the block that is named after its base type.
fn reference(doc: &Doc) -> Option<&str> {
    let block = doc.at("_basetype").text()?;
    doc.at(block).at("reference").text().filter(|reference| !reference.is_empty())
}
