//! One record is followed through all snapshots.

use fonds::jobs::{Error, History, Step};

use crate::catalogue::{Catalogue, FIRST};
use crate::{Story, told};

fn history(story: &Story, id: &str) -> Result<Vec<Step>, Error> {
    History { id: id.to_owned(), name: None }.run(&story.archive())
}

/// `3 objekt 17 v2 ~ /objekt/text`
fn lines(steps: Vec<Step>) -> Vec<String> {
    let line = |step: Step| {
        let objecttype = step.objecttype.unwrap_or(step.kind);
        format!("{} {}", step.snapshot.number, told(&(objecttype, step.change)))
    };
    steps.into_iter().map(line).collect()
}

#[test]
fn each_snapshot_in_which_a_record_changed_is_told_and_what_changed() {
    let story = Story::new();
    let mut catalogue = Catalogue::new(60);
    let id = FIRST + 42;
    for day in 1..=7 {
        catalogue.day = day;
        match day {
            3 => catalogue.objects.get_mut(&id).expect("the object").push("verliehen".into()),
            5 => catalogue.objects.get_mut(&id).expect("the object")[0] = "Gefäss".into(),
            6 => drop(catalogue.objects.remove(&id)),
            7 => drop(catalogue.objects.insert(id, vec!["wieder da".into()])),
            _ => {}
        }
        story.import(&catalogue, 10 + day as usize);
    }
    let expected = [
        "1 objekt 9007199254741035 v1 +",
        "1 objekt 9007199254741035 v2 +",
        "3 objekt 9007199254741035 v3 +",
        "5 objekt 9007199254741035 v1 ~ /objekt/text",
        "6 objekt 9007199254741035 v1 -",
        "6 objekt 9007199254741035 v2 -",
        "6 objekt 9007199254741035 v3 -",
        "7 objekt 9007199254741035 v1 +",
    ];
    assert_eq!(lines(history(&story, &id.to_string()).expect("a record")), expected);
}

#[test]
fn a_uuid_or_a_reference_names_a_record_too() {
    let story = Story::new();
    let mut catalogue = Catalogue::new(60);
    story.import(&catalogue, 10);
    catalogue.users.insert("jürgen".into(), "j@example.org".into());
    story.import(&catalogue, 10);
    assert_eq!(lines(history(&story, "ort-3").expect("a place")), ["1 ort ort-3 v1 +"]);
    let steps = lines(history(&story, "jürgen").expect("a user"));
    assert_eq!(steps, ["1 user jürgen v- +", "2 user jürgen v- ~ /user/email"]);
}

#[test]
fn a_record_that_nobody_has_is_an_error() {
    let story = Story::new();
    story.import(&Catalogue::new(10), 10);
    // A part of an id is no id, and neither is a number that stands elsewhere.
    for id in ["900719925474099", "1", "ort"] {
        assert!(matches!(history(&story, id), Err(Error::NoRecord(_))), "{id}");
    }
}
