//! The book of references: by which reference each user, group, pool, tag, collection and message of the source is to
//! be found on a target, where all of them get other ids.

use std::collections::{HashMap, HashSet};

use bincode::{Decode, Encode};

/// References of one base type by the ids that the source knows them by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct References(HashMap<u64, String>);

/// A reference that had to be made up otherwise, because somebody has given it to something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clash {
    pub wanted: String,
    pub taken: String,
}

impl References {
    /// Settles the reference of every item of a base type: its own one, else `kind:id`. What is made up depends on the
    /// id alone, wherever pages begin and end.
    pub fn settle(kind: &str, items: impl IntoIterator<Item = (u64, Option<String>)>) -> (Self, Vec<Clash>) {
        let items: Vec<_> = items.into_iter().collect();
        let mut used: HashSet<String> = items.iter().filter_map(|(_, own)| own.clone()).collect();
        let mut clashes = Vec::new();
        let settled = items.into_iter().map(|(id, own)| {
            let reference = own.unwrap_or_else(|| {
                let wanted = format!("{kind}:{id}");
                let mut taken = wanted.clone();
                while !used.insert(taken.clone()) {
                    taken.push_str(":source");
                }
                if taken != wanted {
                    clashes.push(Clash { wanted, taken: taken.clone() });
                }
                taken
            });
            (id, reference)
        });
        (Self(settled.collect()), clashes)
    }

    pub fn get(&self, id: u64) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }
}

/// All references of a source. Kept with an unfinished backup, so that continuing needs no second look at base types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Book {
    pub tag_groups: References,
    pub tags: References,
    pub groups: References,
    pub users: References,
    pub pools: References,
    pub collections: References,
    pub messages: References,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_made_of_the_id_alone_and_stay_unique() {
        let own = |text: &str| Some(text.to_owned());
        let (references, clashes) =
            References::settle("user", [(1, own("root")), (2, None), (3, own("user:4")), (4, None), (5, None)]);
        let all = [1, 2, 3, 4, 5].map(|id| references.get(id).unwrap());
        assert_eq!(all, ["root", "user:2", "user:4", "user:4:source", "user:5"]);
        assert_eq!(clashes, [Clash { wanted: "user:4".to_owned(), taken: "user:4:source".to_owned() }]);
        assert_eq!(references.get(6), None);
    }
}
