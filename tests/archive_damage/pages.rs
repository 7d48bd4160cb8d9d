//! Whole pages that are lost, swapped or doubled, and files that are cut: told, named, and nothing is changed.

use std::os::unix::process::ExitStatusExt as _;

use fonds::archive::Archive;

use crate::Story;
use crate::damage::{Damage, PAGE, used_pages};
use crate::support::archives::findings;
use crate::support::program::{fonds, told};
use crate::support::rounds::{chance, rounds};

#[test]
fn a_zeroed_page_is_harmless_or_told() {
    let story = Story::tell(1);
    story.suffer(used_pages(&story.image).into_iter().map(Damage::Zeroed).collect(), None);
}

#[test]
fn swapped_and_doubled_pages_are_harmless_or_told() {
    let mut chance = chance("swapped_and_doubled_pages_are_harmless_or_told");
    let story = Story::tell(chance.u64(..));
    let pages = used_pages(&story.image);
    let mut page = || pages[chance.usize(0..pages.len())];
    let damages =
        (0..rounds(100)).flat_map(|_| [Damage::Swapped(page(), page()), Damage::Copied { from: page(), to: page() }]);
    story.suffer(damages.collect(), None);
}

/// What is left can be looked at, if it is enough; that the rest is missing is told in any case.
#[test]
fn a_file_that_is_cut_is_refused_or_told_to_be_cut() {
    let story = Story::tell(2);
    let len = story.image.len();
    let lengths = [0, 1, 8, 9, 63, 64, 319, 320, PAGE - 1, PAGE, PAGE + 1, len / 2, len - PAGE, len - 1];
    let lengths: Vec<usize> = lengths.into_iter().chain((PAGE..len).step_by(len / 20)).collect();
    for length in &lengths {
        let image = Damage::Cut(*length).done_to(story.image.clone());
        std::fs::write(story.archive(), &image).expect("room for an archive");
        let text = match Archive::open(&story.archive()).and_then(|archive| findings(&archive)) {
            Err(error) => error.to_string(),
            Ok(found) => found.into_iter().map(|finding| finding.damage).collect(),
        };
        let reasons = ["is no fonds archive: it ", "the archive is damaged: ", "the file is cut off"];
        assert!(reasons.iter().any(|reason| text.contains(reason)), "{length}: {text}");
        assert!(std::fs::read(story.archive()).expect("the archive") == image, "{length}: the file was changed");
    }
    story.suffer(lengths.into_iter().map(Damage::Cut).collect(), None);
}

#[test]
fn bytes_behind_the_end_are_harmless_or_told() {
    let story = Story::tell(3);
    let lengths = [1, 512, PAGE, 100 * PAGE, 3 << 20];
    let outcomes = lengths.into_iter().map(Damage::Longer);
    story.suffer(outcomes.chain([Damage::Cut(PAGE)]).collect(), None);
}

/// The program itself, for a panic or an abort is its end.
#[test]
fn the_program_ends_in_order_whatever_page_is_lost() {
    let mut chance = chance("the_program_ends_in_order_whatever_page_is_lost");
    let story = Story::tell(chance.u64(..));
    for page in chance.choose_multiple(used_pages(&story.image), rounds(12)) {
        let image = Damage::Zeroed(page).done_to(story.image.clone());
        std::fs::write(story.archive(), &image).expect("room for an archive");
        let out = story.dir.path().join("out");
        for arguments in
            [&["check", "--read-data"][..], &["list"], &["show", "museum"], &["stats"], &["runs"], &["export", "2"]]
        {
            let mut command = fonds(&story.archive());
            command.args(arguments);
            if arguments[0] == "export" {
                command.arg(&out);
            }
            let output = command.output().expect("the program starts");
            assert!(matches!(output.status.code(), Some(0 | 1 | 6)), "page {page}: {command:?}: {}", told(&output));
            assert_eq!(output.status.signal(), None);
            let is_silent = output.status.code() != Some(0) && output.stderr.is_empty() && output.stdout.is_empty();
            assert!(!is_silent, "page {page}: {command:?} says nothing");
        }
        assert!(std::fs::read(story.archive()).expect("the archive") == image, "page {page}: the file was changed");
        let _ = std::fs::remove_dir_all(out);
    }
}
