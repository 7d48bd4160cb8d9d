//! Pruning gives back what nobody needs, all of it, and nothing else.

use std::fs;

use fonds::archive::id::SnapshotNumber;
use fonds::archive::prune::Unused;
use fonds::archive::{Archive, ArchiveMut, ArchiveWriter, Strictness, WriteOptions};
use fonds::jobs;
use fonds::model::backup::BackupWriter as _;
use fonds::model::entry::{Content, Encoding, EntryHead, Role};

use crate::Story;
use crate::support::archives::silent;
use crate::support::museum::{Museum, Size};

const SIZE: Size = Size { objects: 2_500, pictures: 8, picture_bytes: 200_000 };
/// Of so many packs that one more is no matter.
const LARGE: Size = Size { objects: 4_000, pictures: 70, picture_bytes: 300_000 };

#[test]
fn what_was_forgotten_is_given_back_as_if_it_had_never_been_there() {
    for kept in [vec![5], vec![1, 3]] {
        let mut museum = Museum::new(5, LARGE);
        let (mut story, mut fresh) = (Story::new(), Story::new());
        for day in 1..=5 {
            for _ in 0..4 {
                museum.next_day();
            }
            story.import(&museum);
            if kept.contains(&day) {
                fresh.import(&museum);
            }
        }
        let forgotten: Vec<u64> = (1..=5).filter(|day| !kept.contains(day)).collect();
        story.forget(&forgotten);
        story.verify();
        let pruned = story.prune(Unused::default());
        story.verify();
        let length = |story: &Story| fs::metadata(story.archive()).expect("an archive").len();
        assert_eq!(pruned.bytes_after, length(&story));
        assert!(pruned.bytes_after < pruned.bytes_before, "{} bytes given back", pruned.bytes_before);
        let (pruned, fresh) = (length(&story), length(&fresh));
        assert!(pruned * 100 <= fresh * 105, "{pruned} bytes for {kept:?}, where a fresh archive takes {fresh}");
        assert!(jobs::plan_prune(&story.archive(), Unused::default(), &[]).expect("a plan").is_empty());
    }
}

#[test]
fn a_plan_says_what_will_be_done_and_changes_no_byte() {
    let mut museum = Museum::new(6, SIZE);
    let mut story = Story::new();
    for _ in 0..3 {
        museum.next_day();
        story.import(&museum);
    }
    let before = fs::read(story.archive()).expect("an archive");
    let plan = jobs::plan_prune(&story.archive(), Unused::default(), &[]).expect("a plan");
    assert!(plan.is_empty() && plan.chunks_unneeded == 0, "{plan:?}");
    let foreseen =
        jobs::plan_prune(&story.archive(), Unused(0), &[SnapshotNumber(1), SnapshotNumber(2)]).expect("a plan");
    assert!(fs::read(story.archive()).expect("an archive") == before, "the file was changed");
    story.forget(&[1, 2]);
    let plan = jobs::plan_prune(&story.archive(), Unused(0), &[]).expect("a plan");
    assert_eq!(plan, foreseen);
    assert_eq!((plan.needed.snapshots, plan.gone()), (1, plan.chunks_unneeded));
    let stats = |story: &Story| Archive::open(&story.archive()).and_then(|archive| archive.stats()).expect("stats");
    let chunks = stats(&story).chunks;
    jobs::prune(&story.archive(), Unused(0), &silent()).expect("a prune");
    assert_eq!(stats(&story).chunks, chunks - plan.gone());
}

#[test]
fn what_went_is_stored_again_when_it_comes_again_however_little_was_rewritten() {
    for unused in [Unused(0), Unused::default(), Unused(1000)] {
        let mut museum = Museum::new(7, SIZE);
        let mut story = Story::new();
        museum.next_day();
        story.import(&museum);
        let first = museum.files();
        museum.next_day();
        story.import(&museum);
        story.forget(&[1]);
        story.prune(unused);
        // The same backup as the first, from another museum that went the same way.
        let mut again = Museum::new(7, SIZE);
        again.next_day();
        assert!(again.files() == first, "the same museum");
        story.import(&again);
        story.verify();
        story.forget(&[2, 3]);
        story.prune(unused);
        story.verify();
        story.import(&again);
        story.verify();
    }
}

#[test]
fn what_an_unfinished_import_left_goes() {
    let mut museum = Museum::new(8, Size::SMALL);
    let mut story = Story::new();
    museum.next_day();
    story.import(&museum);
    let clean = fs::metadata(story.archive()).expect("an archive").len();
    let archive = ArchiveMut::open(&story.archive()).expect("an archive");
    let run = archive.begin_run("import museum").expect("a run");
    let options = WriteOptions { name: "museum".into(), run: run.id, strictness: Strictness::KeepFlawed };
    let mut writer = ArchiveWriter::new(&archive, options, silent()).expect("a writer");
    let head = EntryHead {
        path: "files/noise".parse().expect("a path"),
        role: Role::File,
        encoding: Encoding::Plain,
        modified: None,
        size: None,
    };
    let mut noise = vec![0; 150 << 20];
    fastrand::Rng::with_seed(1).fill(&mut noise);
    writer.put(&head, Content::Bytes(&mut &noise[..])).expect("room for noise");
    drop(writer);
    archive.close().expect("a disk that works");
    assert!(fs::metadata(story.archive()).expect("an archive").len() > 60 << 20, "a part was committed");
    let pruned = story.prune(Unused::default());
    assert!(pruned.plan.packs_dropped > 50, "{:?}", pruned.plan);
    assert!(pruned.bytes_after <= clean + (64 << 10), "{} bytes of {clean} are left", pruned.bytes_after);
    story.verify();
}

#[test]
fn snapshot_numbers_are_not_given_again() {
    let mut museum = Museum::new(9, Size::SMALL);
    let mut story = Story::new();
    story.import(&museum);
    museum.next_day();
    story.import(&museum);
    story.forget(&[1, 2]);
    story.prune(Unused::default());
    assert_eq!(story.import(&museum).number.0, 3);
    story.verify();
}
