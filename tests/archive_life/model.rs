//! Days go by, snapshots are forgotten, tagged and pruned in any order: what is kept is always whole.

use fonds::archive::prune::Unused;
use fonds::jobs::{self, TagChange};

use crate::support::archives::silent;
use crate::support::museum::{Museum, Size};
use crate::support::rounds::{chance, rounds};
use crate::{Story, all};

const SIZE: Size = Size { objects: 300, pictures: 4, picture_bytes: 90_000 };

#[test]
fn whatever_is_done_in_whatever_order_the_snapshots_that_are_left_are_whole() {
    let mut chance = chance("whatever_is_done_in_whatever_order_the_snapshots_that_are_left_are_whole");
    let mut museums = [Museum::new(chance.u64(..), SIZE), Museum::new(chance.u64(..), SIZE)];
    let mut story = Story::new();
    story.import(&museums[0]);
    for _ in 0..rounds(30) {
        let numbers: Vec<u64> = story.snapshots.keys().copied().collect();
        match chance.u8(0..8) {
            0..=2 => {
                let museum = &mut museums[chance.usize(0..2)];
                museum.next_day();
                story.import(museum);
            }
            3 | 4 if numbers.len() > 1 => {
                let forgotten = chance.choose_multiple(numbers.iter().copied(), numbers.len() / 2);
                story.forget(&forgotten);
            }
            5 => {
                let Some(number) = chance.choice(&numbers) else { continue };
                let name = number.to_string().parse().expect("a number");
                let change = TagChange::Add(format!("tag-{}", chance.u8(..)));
                jobs::tag(&story.archive(), &name, &[change]).expect("a snapshot");
            }
            _ => {
                let unused = Unused(chance.u64(0..=1000));
                jobs::prune(&story.archive(), unused, &silent()).expect("a prune");
            }
        }
        story.verify();
        assert_eq!(all(&story.archive()).len(), story.snapshots.len());
    }
}
