//! Kinds of trouble: lines that differ in numbers and names only are of one kind.

use crate::archive::runs::{Group, encoded_groups};
use crate::model::log::{Level, Line};

/// Kinds that are told apart; what else there is counts as one more.
const GROUPS_MAX: usize = 200;
/// What the kind of all others is called.
const OTHERS: &str = "…";

/// The kinds of trouble of a run, each with its count.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    groups: Vec<Group>,
    is_changed: bool,
}

impl Groups {
    /// Counts a line, if it is trouble.
    pub fn add(&mut self, number: u64, line: &Line) {
        if line.level == Level::Info {
            return;
        }
        self.is_changed = true;
        let shape = shape(&line.text);
        let is_same = |group: &Group| group.level == line.level && group.what == shape;
        let known = self.groups.iter().position(is_same);
        let at = match known {
            Some(at) => at,
            None => {
                let what = if self.groups.len() < GROUPS_MAX { shape } else { OTHERS.to_owned() };
                if self.groups.len() > GROUPS_MAX {
                    GROUPS_MAX
                } else {
                    self.groups.push(Group { level: line.level, what, count: 0, first: number });
                    self.groups.len() - 1
                }
            }
        };
        self.groups[at].count += 1;
    }

    /// The most frequent first.
    #[must_use]
    pub fn sorted(&self) -> Vec<Group> {
        let mut groups = self.groups.clone();
        groups.sort_by_key(|group| std::cmp::Reverse((group.level, group.count)));
        groups
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    pub(super) fn encoded(&mut self) -> Vec<u8> {
        self.is_changed = false;
        encoded_groups(self.sorted())
    }
}

/// The text without what differs from line to line: numbers, quoted names, ids.
fn shape(text: &str) -> String {
    const GAP: &str = "…";
    let mut words: Vec<String> = Vec::new();
    let mut is_quoted = false;
    for word in text.split(' ') {
        let quotes = word.bytes().filter(|byte| *byte == b'"').count();
        let was_quoted = is_quoted;
        is_quoted ^= quotes % 2 == 1;
        if !was_quoted && quotes == 0 && !word.bytes().any(|byte| byte.is_ascii_digit()) {
            words.push(word.to_owned());
            continue;
        }
        if words.last().is_some_and(|last| last == GAP) {
            words.pop();
        }
        let end = word.trim_end_matches([':', ',', ';', '.', ')']).len();
        words.push(format!("{GAP}{}", &word[end..]));
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_in_numbers_and_names_are_of_one_kind() {
        let mut groups = Groups::default();
        for (number, text) in [
            "objekt 12 version 1 is not on the target: 400 \"Krug a\" breaks a key",
            "objekt 7 version 3 is not on the target: 400 \"Vase\" breaks a key",
            "the file 3 is not there",
        ]
        .into_iter()
        .enumerate()
        {
            groups.add(number as u64, &Line::new(0, Level::Error, text.to_owned()));
        }
        groups.add(3, &Line::new(0, Level::Info, "all is well".to_owned()));
        let found: Vec<_> = groups.sorted().into_iter().map(|group| (group.what, group.count, group.first)).collect();
        assert_eq!(found[0].1, 2, "{found:?}");
        assert_eq!(found[1], ("the file … is not there".to_owned(), 1, 2));
    }

    #[test]
    fn there_is_an_end_of_kinds() {
        let mut groups = Groups::default();
        for number in 0..1000_u32 {
            let text: String = (0..8).map(|at| char::from(b'a' + ((number >> (2 * at)) % 4) as u8)).collect();
            groups.add(u64::from(number), &Line::new(0, Level::Warning, text));
        }
        let found = groups.sorted();
        assert_eq!(found.len(), GROUPS_MAX + 1);
        assert_eq!(found.iter().map(|group| group.count).sum::<u64>(), 1000);
        assert_eq!(found[0].what, OTHERS);
    }
}
