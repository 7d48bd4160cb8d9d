//! A flipped bit anywhere in the file is harmless, or it is told and named; it is never served.

use std::collections::BTreeSet;

use fonds::archive::Archive;

use crate::Story;
use crate::damage::{Damage, PAGE, used_pages};
use crate::sight::Sight;
use crate::support::archives::{findings, read_all};
use crate::support::rounds::{chance, rounds};

/// Bytes of the file's header that redb uses.
const HEADER: usize = 320;

#[test]
fn a_flipped_bit_in_any_page_is_harmless_or_told() {
    let mut chance = chance("a_flipped_bit_in_any_page_is_harmless_or_told");
    let story = Story::tell(chance.u64(..));
    let mut bits = Vec::new();
    for page in used_pages(&story.image) {
        // Anywhere, and where pages say what they are.
        bits.extend((0..rounds(6)).map(|_| 8 * PAGE * page + chance.usize(0..8 * PAGE)));
        bits.extend((0..rounds(6)).map(|_| 8 * PAGE * page + chance.usize(0..8 * 40)));
    }
    story.suffer(bits.into_iter().map(Damage::Flipped).collect(), None);
}

#[test]
fn a_flipped_bit_in_the_header_of_the_file_is_harmless_or_told() {
    let mut chance = chance("a_flipped_bit_in_the_header_of_the_file_is_harmless_or_told");
    let story = Story::tell(chance.u64(..));
    let bits = chance.choose_multiple(0..8 * HEADER, rounds(400).min(8 * HEADER));
    story.suffer(bits.into_iter().map(Damage::Flipped).collect(), None);
}

#[test]
fn a_flipped_bit_in_a_picture_is_named_with_every_snapshot_that_needs_it() {
    let story = Story::tell(4);
    let snapshots = read_all(&Archive::open(&story.archive()).expect("an archive")).expect("readable snapshots");
    let (name, picture) = snapshots[&1].iter().find(|(name, _)| name.ends_with("1.png")).expect("a picture");
    // Noise does not shrink, so that it stands in the file as it is.
    let part = &picture[picture.len() / 2..][..100];
    let place = story.image.windows(part.len()).position(|window| window == part).expect("the picture's bytes");
    std::fs::write(story.archive(), Damage::Flipped(8 * place).done_to(story.image.clone()))
        .expect("room for an archive");

    let found = findings(&Archive::open(&story.archive()).expect("an archive")).expect("a check");
    let hits = found.iter().flat_map(|finding| &finding.hits);
    let named: BTreeSet<_> =
        hits.map(|hit| (hit.snapshot.0, hit.path.as_ref().map_or_else(String::new, ToString::to_string))).collect();
    for number in snapshots.iter().filter(|(_, files)| files.get(name) == Some(picture)).map(|(number, _)| *number) {
        assert!(named.contains(&(number, name.clone())), "snapshot {number}: {found:?}");
    }
    assert_eq!(named, Sight::of(&story.archive()).expect("an archive").missing());
}
