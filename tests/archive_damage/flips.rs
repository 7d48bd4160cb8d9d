//! A flipped bit anywhere in the file is harmless, or it is told and named; it is never served.

use std::collections::{BTreeMap, BTreeSet};

use fonds::archive::Archive;
use fonds::archive::check::Hit;

use crate::Story;
use crate::damage::{Damage, PAGE, used_pages};
use crate::sight::{Key, Sight};
use crate::support::archives::{findings, read_all};
use crate::support::rounds::{chance, rounds};

/// Bytes of the file's header that redb uses.
const HEADER: usize = 320;
/// Says which of two commits is the later one; of an archive that was not closed nothing in the file can tell otherwise.
const PRIMARY: usize = 8 * 9;

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
fn a_flipped_bit_in_an_archive_that_was_not_closed_is_harmless_or_told() {
    let mut chance = chance("a_flipped_bit_in_an_archive_that_was_not_closed_is_harmless_or_told");
    let story = Story::tell(chance.u64(..)).unclosed();
    let mut bits = Vec::new();
    for page in used_pages(&story.image) {
        bits.extend((0..rounds(3)).map(|_| 8 * PAGE * page + chance.usize(0..8 * PAGE)));
        bits.extend((0..rounds(3)).map(|_| 8 * PAGE * page + chance.usize(0..8 * 40)));
    }
    story.suffer(bits.into_iter().map(Damage::Flipped).collect(), None);
}

#[test]
fn a_flipped_bit_in_the_header_of_the_file_is_harmless_or_told() {
    let mut chance = chance("a_flipped_bit_in_the_header_of_the_file_is_harmless_or_told");
    let story = Story::tell(chance.u64(..));
    let bits = || (0..8 * HEADER).filter(|bit| *bit != PRIMARY).map(Damage::Flipped);
    story.suffer(chance.choose_multiple(bits(), rounds(200).min(8 * HEADER)), None);
    story.unclosed().suffer(chance.choose_multiple(bits(), rounds(200).min(8 * HEADER)), None);
}

#[test]
fn a_flipped_bit_in_a_picture_is_named_with_every_snapshot_that_needs_it() {
    // Large enough for packs of their own.
    let story = Story::with_pictures(1, 3 << 20);
    let snapshots = read_all(&Archive::open(&story.archive()).expect("an archive")).expect("readable snapshots");
    let (name, picture) = snapshots[&1].iter().find(|(_, bytes)| bytes.len() == 3 << 20).expect("a picture");
    // Noise does not shrink, so that it stands in the file as it is; once more, maybe, in a page that is free by now.
    let part = &picture[picture.len() / 2..][..100];
    let mut damaged = story.image.clone();
    while let Some(place) = damaged.windows(part.len()).position(|window| window == part) {
        damaged = Damage::Flipped(8 * place).done_to(damaged);
    }
    std::fs::write(story.archive(), damaged).expect("room for an archive");

    let found = findings(&Archive::open(&story.archive()).expect("an archive")).expect("a check");
    let path = |hit: &Hit| hit.path.as_ref().map_or_else(String::new, ToString::to_string);
    let hits = found.iter().flat_map(|finding| &finding.hits);
    let named: BTreeSet<Key> = hits.map(|hit| (hit.snapshot.0, path(hit))).collect();
    let needing: Vec<u64> =
        snapshots.iter().filter(|(_, files)| files.get(name) == Some(picture)).map(|(number, _)| *number).collect();
    assert!(needing.len() > 1, "the picture was kept for more than a day");
    for number in needing {
        assert!(
            named.contains(&(number, name.clone())) || named.contains(&(number, String::new())),
            "{number}: {found:?}"
        );
    }
    // What is named is what is lost, and nothing else.
    assert_eq!(named, Sight::of(&story.archive()).expect("an archive").lost());
    let entries: usize = snapshots.values().map(BTreeMap::len).sum();
    assert!(named.len() < entries, "everything is lost: {named:?}");
}
