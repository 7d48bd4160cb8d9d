//! The levels of a hierarchy: what stands on a level needs only what stands above it. A version needs the version before
//! it and the first version of its parents, for a target finds parents only when they are there.

use std::collections::HashMap;

/// A version of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    pub id: u64,
    pub parents: &'a [u64],
}

/// The level of every version, 0 for roots; the versions of a record stand in a row, the oldest first. Parents that are
/// not among them do not count. The second value tells whether parents went in a circle, which has no order.
pub(crate) fn levels<'a>(count: usize, version: impl Fn(usize) -> Version<'a>) -> (Vec<u32>, bool) {
    let mut firsts = HashMap::with_capacity(count);
    for at in 0..count {
        firsts.entry(version(at).id).or_insert(at);
    }
    let mut levels: Vec<Option<u32>> = vec![None; count];
    let mut has_circle = false;
    for at in 0..count {
        has_circle |= settle(firsts[&version(at).id], &firsts, &version, &mut levels);
    }
    for at in 0..count {
        let own = version(at);
        if firsts[&own.id] == at {
            continue;
        }
        let before = levels[at - 1].unwrap_or(0);
        let parents = own.parents.iter().filter_map(|parent| levels[*firsts.get(parent)?]);
        levels[at] = Some(parents.map(|level| level + 1).max().unwrap_or(0).max(before));
    }
    (levels.into_iter().map(Option::unwrap_or_default).collect(), has_circle)
}

/// Settles the level of a first version and of all that it needs; whether there was a circle. Without recursion: a
/// hierarchy can be as deep as it is large.
fn settle<'a>(
    at: usize,
    firsts: &HashMap<u64, usize>,
    version: &impl Fn(usize) -> Version<'a>,
    levels: &mut [Option<u32>],
) -> bool {
    let mut has_circle = false;
    let mut open = vec![(at, 0)];
    let mut on_the_way = std::collections::HashSet::from([at]);
    while let Some((at, next)) = open.last().copied() {
        let parents = version(at).parents;
        let Some(parent) = parents.get(next) else {
            let above = parents.iter().filter_map(|parent| levels[*firsts.get(parent)?]);
            if levels[at].is_none() {
                levels[at] = Some(above.map(|level| level + 1).max().unwrap_or(0));
            }
            on_the_way.remove(&at);
            open.pop();
            continue;
        };
        if let Some((_, next)) = open.last_mut() {
            *next += 1;
        }
        let Some(parent) = firsts.get(parent).copied().filter(|parent| levels[*parent].is_none()) else { continue };
        if on_the_way.insert(parent) {
            open.push((parent, 0));
        } else {
            has_circle = true;
        }
    }
    has_circle
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leveled(versions: &[(u64, &[u64])]) -> (Vec<u32>, bool) {
        levels(versions.len(), |at| Version { id: versions[at].0, parents: versions[at].1 })
    }

    #[test]
    fn children_stand_below_their_parents() {
        assert_eq!(leveled(&[(1, &[]), (2, &[3]), (3, &[1]), (4, &[9])]), (vec![0, 2, 1, 0], false));
    }

    #[test]
    fn a_record_with_many_parents_stands_below_the_lowest() {
        assert_eq!(leveled(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[1, 3])]), (vec![0, 1, 2, 3], false));
    }

    #[test]
    fn a_record_that_moved_down_waits_for_its_new_parent() {
        assert_eq!(leveled(&[(1, &[]), (2, &[1]), (2, &[4]), (3, &[1]), (4, &[3])]), (vec![0, 1, 3, 1, 2], false));
    }

    #[test]
    fn two_that_have_changed_places_still_have_an_order() {
        // 2 was below 1; later 1 was put below 2.
        assert_eq!(leveled(&[(1, &[]), (1, &[2]), (2, &[1]), (2, &[])]), (vec![0, 2, 1, 1], false));
    }

    #[test]
    fn circles_are_told() {
        let (levels, has_circle) = leveled(&[(1, &[2]), (2, &[1]), (3, &[3])]);
        assert!(has_circle && levels.len() == 3);
    }

    #[test]
    fn a_chain_of_any_length_is_no_trouble() {
        let parents: Vec<Vec<u64>> = (0..100_000_u64).map(|at| vec![at + 1]).collect();
        let (levels, has_circle) =
            levels(parents.len(), |at| Version { id: at as u64, parents: parents[at].as_slice() });
        assert!(!has_circle && levels[0] == 99_999);
    }

    proptest! {
        #[test]
        fn nothing_stands_above_what_it_needs(parents in prop::collection::vec(prop::collection::vec(0..30_u64, 0..3), 30)) {
            // A parent with a smaller number: no circles.
            let parents: Vec<Vec<u64>> = (0..).zip(parents)
                .map(|(at, parents)| parents.into_iter().filter(|parent| *parent < at).collect()).collect();
            let (levels, has_circle) = levels(parents.len(), |at| Version { id: at as u64, parents: &parents[at] });
            prop_assert!(!has_circle);
            for (at, parents) in parents.iter().enumerate() {
                for parent in parents {
                    prop_assert!(levels[*parent as usize] < levels[at]);
                }
            }
        }
    }
}
