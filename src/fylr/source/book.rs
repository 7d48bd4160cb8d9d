//! The book of references: by which reference each user, group, pool, tag, collection and message of the source is to
//! be found on a target, where all of them get other ids.

use std::collections::{BTreeMap, HashMap, HashSet};

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

    /// Every id with its reference.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &str)> {
        self.0.iter().map(|(id, reference)| (*id, reference.as_str()))
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

/// Ids that a manifest tells: 30 bytes each, a tenth of what it may be long.
const TOLD_MAX: usize = 200_000;

impl Book {
    /// The references by base type and id, for who finds ids hidden in values. Of very many only those that cannot be told
    /// from the id: a target makes the others up as it is done here.
    pub fn told(&self) -> BTreeMap<String, BTreeMap<u64, String>> {
        let kinds = [
            ("user", &self.users),
            ("group", &self.groups),
            ("pool", &self.pools),
            ("tag", &self.tags),
            ("collection", &self.collections),
            ("message", &self.messages),
        ];
        let are_many = kinds.iter().map(|(_, references)| references.0.len()).sum::<usize>() > TOLD_MAX;
        let told = |kind: &str, references: &References| -> BTreeMap<u64, String> {
            let is_told = |(id, reference): &(u64, &str)| !are_many || *reference != format!("{kind}:{id}");
            references.iter().filter(is_told).map(|(id, reference)| (id, reference.to_owned())).collect()
        };
        let told = kinds.map(|(kind, references)| (kind.to_owned(), told(kind, references)));
        told.into_iter().filter(|(_, ids)| !ids.is_empty()).collect()
    }
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
