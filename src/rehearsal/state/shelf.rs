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
}

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

    /// Puts a thing in its place; what stood there comes back.
    pub fn put(&mut self, id: u64, item: Item) -> Option<Item> {
        self.last = self.last.max(id);
        let reference = reference(&item.doc).map(str::to_owned);
        let before = self.items.insert(id, item);
        if let Some(old) = before.as_ref().and_then(|item| self::reference(&item.doc)) {
            self.references.remove(old);
        }
        if let Some(reference) = reference {
            self.references.insert(reference, id);
        }
        before
    }

    pub fn remove(&mut self, id: u64) -> Option<Item> {
        let before = self.items.remove(&id)?;
        if let Some(old) = reference(&before.doc) {
            self.references.remove(old);
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

/// The reference of a thing, in the block that is named after its base type.
fn reference(doc: &Doc) -> Option<&str> {
    let block = doc.at("_basetype").text()?;
    doc.at(block).at("reference").text().filter(|reference| !reference.is_empty())
}
