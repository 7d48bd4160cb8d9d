//! Damage is not laundered: after another import, whose pages are written anew with good check sums, it is found all the
//! same, and none of it has become the content of an earlier snapshot.

use crate::Story;
use crate::damage::{Damage, PAGE, used_pages};
use crate::support::rounds::{chance, rounds};

#[test]
fn a_flipped_bit_is_still_told_after_another_import() {
    let mut chance = chance("a_flipped_bit_is_still_told_after_another_import");
    let story = Story::tell(chance.u64(..));
    let pages = used_pages(&story.image);
    let bits = (0..rounds(120)).map(|at| 8 * PAGE * pages[at % pages.len()] + chance.usize(0..8 * PAGE));
    story.suffer(bits.map(Damage::Flipped).collect(), Some(&story.source()));
}

#[test]
fn a_zeroed_page_is_still_told_after_another_import() {
    let mut chance = chance("a_zeroed_page_is_still_told_after_another_import");
    let story = Story::tell(chance.u64(..));
    let pages = used_pages(&story.image);
    let pages = chance.choose_multiple(pages, rounds(40));
    story.suffer(pages.into_iter().map(Damage::Zeroed).collect(), Some(&story.source()));
}
