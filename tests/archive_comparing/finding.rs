//! Records are found by pattern, each distinct one once.

use fonds::jobs::{Among, Find, Found};
use regex::bytes::Regex;

use crate::catalogue::{Catalogue, FIRST};
use crate::{Story, find};

fn job(pattern: &str, among: Among) -> Find {
    Find { pattern: Regex::new(pattern).expect("a pattern"), at: None, objecttypes: Vec::new(), among }
}

fn ids(found: &[Found]) -> Vec<String> {
    let id = |one: &Found| one.identity.key().map_or_else(String::new, |key| key.to_string());
    found.iter().map(id).collect()
}

/// Three days: on the second one object is described anew, on the third it is gone.
fn story() -> Story {
    let story = Story::new();
    let mut catalogue = Catalogue::new(100);
    story.import(&catalogue, 30);
    catalogue.day = 2;
    catalogue.objects.get_mut(&(FIRST + 42)).expect("an object")[1] = "Bauhaus, Weimar".into();
    story.import(&catalogue, 25);
    catalogue.day = 3;
    catalogue.objects.remove(&(FIRST + 42));
    story.import(&catalogue, 20);
    story
}

#[test]
fn a_pattern_is_searched_in_the_newest_snapshot_or_in_all() {
    let story = story();
    let archive = story.archive();
    assert_eq!(find(&archive, &job("Bauhaus", Among::Newest)), []);
    let all = find(&archive, &job("Bau[h]aus, W", Among::All));
    assert_eq!(ids(&all), [(FIRST + 42).to_string()]);
    assert_eq!(all[0].snapshots.iter().map(|number| number.0).collect::<Vec<_>>(), [2]);
    // The 42nd object before it has two versions, 25 stand in a payload.
    assert_eq!((all[0].path.to_string().as_str(), all[0].record), ("db__objekt__0004.json", 86 - 75));
    assert_eq!(&all[0].text[all[0].matched.clone()], "Bauhaus, W".as_bytes());
    let named = Among::These(vec!["2".parse().expect("a number")]);
    assert_eq!(find(&archive, &job("Bauhaus", named)).len(), 1);
}

#[test]
fn a_record_in_many_snapshots_is_told_once_with_all_of_them() {
    let story = story();
    let found = find(&story.archive(), &job("\"Gefäß 7\"", Among::All));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].snapshots.iter().map(|number| number.0).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(found[0].path.to_string(), "db__objekt__0001.json");
}

#[test]
fn objecttypes_and_pointers_narrow_it_down() {
    let story = story();
    let archive = story.archive();
    let of_type = |objecttype: &str| Find { objecttypes: vec![objecttype.to_owned()], ..job("7", Among::Newest) };
    let (objects, places) = (find(&archive, &of_type("objekt")), find(&archive, &of_type("ort")));
    assert!(objects.iter().all(|one| one.objecttype.as_deref() == Some("objekt")) && !objects.is_empty());
    assert_eq!(ids(&places), ["ort-7", "ort-8"]);
    let at = |pointer: &str, pattern: &str| {
        let at = Some(pointer.to_owned());
        find(&archive, &Find { at, ..job(pattern, Among::Newest) })
    };
    assert_eq!(ids(&at("/ort/name", "^Ort 7$")), ["ort-8"]);
    assert_eq!(ids(&at("/_system_object_id", "^9007199254740993$")), [FIRST.to_string(), FIRST.to_string()]);
    assert_eq!(ids(&at("/user/email", "jürgen")), ["jürgen"]);
    assert!(at("/objekt/nothing", "").is_empty());
}

#[test]
fn numbers_and_long_records_are_found_though_they_are_no_chunks() {
    let story = Story::new();
    let mut catalogue = Catalogue::new(10);
    *catalogue.objects.get_mut(&(FIRST + 2)).expect("an object") = vec![format!("{}Ende", "lang ".repeat(200_000))];
    catalogue.numbers = vec![1, 12_345, 2];
    story.import(&catalogue, 10);
    let number = find(&story.archive(), &job("^12345$", Among::Newest));
    assert_eq!((number.len(), number[0].record, number[0].kind.as_str()), (1, 2, "odd"));
    assert_eq!(ids(&find(&story.archive(), &job("lang Ende", Among::Newest))), [(FIRST + 2).to_string()]);
}
