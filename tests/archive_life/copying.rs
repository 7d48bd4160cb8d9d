//! Snapshots move between archives.

use std::fs;

use fonds::jobs::{CopyTo, Error, TagChange, tag};

use crate::support::archives::silent;
use crate::support::museum::{Museum, Size};
use crate::{Story, all};

const SIZE: Size = Size { objects: 2_000, pictures: 5, picture_bytes: 200_000 };

#[test]
fn copied_snapshots_are_the_same_and_share_what_the_other_archive_has() {
    let mut museum = Museum::new(1, SIZE);
    let (mut story, mut other) = (Story::new(), Story::new());
    for _ in 0..3 {
        museum.next_day();
        story.import(&museum);
    }
    tag(&story.archive(), &"2".parse().expect("a number"), &[TagChange::Add("öl".into())]).expect("a snapshot");
    other.import(&Museum::new(99, Size::SMALL));
    let copy = |snapshots: &[&str]| {
        let snapshots = snapshots.iter().map(|name| name.parse().expect("a name")).collect();
        CopyTo { snapshots, target: other.archive() }.run(&story.archive(), &silent()).expect("a copy")
    };
    let first = copy(&["museum~1"]);
    assert_eq!((first[0].from.number.0, first[0].to.number.0, first[0].was_there), (2, 2, false));
    assert_eq!((first[0].to.created, &first[0].to.tags), (first[0].from.created, &vec!["öl".to_owned()]));
    let rest = copy(&[]);
    let told: Vec<_> = rest.iter().map(|one| (one.from.number.0, one.to.number.0, one.was_there)).collect();
    assert_eq!(told, [(1, 3, false), (2, 2, true), (3, 4, false)]);
    assert!(rest[2].to.added.bytes_stored < first[0].to.added.bytes_stored / 2, "{rest:?}");
    for (from, to) in [(2, 2), (1, 3), (3, 4)] {
        other.snapshots.insert(to, story.snapshots[&from].clone());
    }
    other.verify();
    story.verify();
    assert_eq!(all(&other.archive()).len(), 4);
}

#[test]
fn an_archive_is_not_copied_into_itself() {
    let mut story = Story::new();
    story.import(&Museum::new(1, Size::SMALL));
    let before = fs::read(story.archive()).expect("an archive");
    let link = story.dir.path().join("link.redb");
    std::os::unix::fs::symlink(story.archive(), &link).expect("a link");
    for target in [story.archive(), link] {
        let refused = CopyTo { snapshots: Vec::new(), target }.run(&story.archive(), &silent());
        assert!(matches!(refused, Err(Error::SameArchive(_))), "{refused:?}");
    }
    assert!(fs::read(story.archive()).expect("an archive") == before, "the file was changed");
}
