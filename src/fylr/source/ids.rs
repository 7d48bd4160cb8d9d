//! Sets of ids of records, small because ids lie close together: ten million take a few megabytes.

use std::collections::HashMap;

/// Ids of a block, as a power of two.
const BLOCK_BITS: u32 = 12;
const WORDS: usize = 1 << (BLOCK_BITS - 6);

#[derive(Debug, Clone, Default)]
pub(crate) struct IdSet {
    blocks: HashMap<u64, Box<[u64; WORDS]>>,
    count: u64,
}

impl IdSet {
    /// Whether the id is new.
    pub fn insert(&mut self, id: u64) -> bool {
        let block = self.blocks.entry(id >> BLOCK_BITS).or_insert_with(|| Box::new([0; WORDS]));
        let (word, bit) = place(id);
        let is_new = block[word] & bit == 0;
        block[word] |= bit;
        self.count += u64::from(is_new);
        is_new
    }

    pub fn contains(&self, id: u64) -> bool {
        let (word, bit) = place(id);
        self.blocks.get(&(id >> BLOCK_BITS)).is_some_and(|block| block[word] & bit != 0)
    }

    pub fn len(&self) -> u64 {
        self.count
    }
}

fn place(id: u64) -> (usize, u64) {
    let within = id & ((1 << BLOCK_BITS) - 1);
    ((within >> 6) as usize, 1 << (within & 63))
}

/// The system object ids of each objecttype that are in the backup.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventory(Vec<(String, IdSet)>);

impl Inventory {
    pub fn of(&mut self, objecttype: &str) -> &mut IdSet {
        let at = self.0.iter().position(|(name, _)| name == objecttype).unwrap_or_else(|| {
            self.0.push((objecttype.to_owned(), IdSet::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// Records of all objecttypes.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(_, ids)| ids.len()).sum()
    }

    pub fn objecttype_of(&self, id: u64) -> Option<String> {
        self.0.iter().find(|(_, ids)| ids.contains(id)).map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_in(ids in prop::collection::vec(prop_oneof![0..10_000_u64, any::<u64>()], 0..300)) {
            let mut set = IdSet::default();
            let mut expected = HashSet::new();
            for id in &ids {
                prop_assert_eq!(set.insert(*id), expected.insert(*id));
            }
            prop_assert_eq!(set.len(), expected.len() as u64);
            for id in ids.iter().flat_map(|id| [*id, id ^ 1, id ^ (1 << 20)]) {
                prop_assert_eq!(set.contains(id), expected.contains(&id));
            }
        }
    }
}
