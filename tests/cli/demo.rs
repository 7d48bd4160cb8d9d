//! The demonstration: the whole journey, told as what is typed, and nothing left behind.

use std::fs;

use crate::{Place, text};

#[test]
fn the_demonstration_is_the_whole_journey_and_leaves_nothing_behind() {
    let place = Place::new();
    // What is there already stays as it is, and is not used.
    place.put("fonds.toml", "[instance.museum]\nserver = \"http://127.0.0.1:1/api/v1\"\n");
    place.put("fonds.redb", "not an archive");
    let command = |words: &str| {
        let mut command = place.command(words);
        command.env("TMPDIR", place.path("")).env("FONDS_PASSWORD", "another one");
        command
    };
    let output = command("demo").output().expect("the program starts");
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}{}", text(&output.stderr));
    let order = [
        "$ fonds instance --load museum",
        "$ cat fonds.toml",
        "[instance.training]",
        "$ fonds backup --instance museum",
        "museum: snapshot 1, 29 records, 18 files",
        "$ curl --json",
        "$ fonds backup --instance museum",
        "museum: snapshot 2, 30 records, 18 files",
        "$ fonds diff museum~1 museum",
        "schlagwort      2        0        1",
        "$ fonds list",
        "$ fonds restore museum --target test --target training",
        "test: 36 records, 20 files",
        "$ fonds verify museum --target test --upload-versions\n",
        "everything of museum (snapshot 2) is there",
        "$ fonds verify museum --target training --upload-versions\n",
        "everything of museum (snapshot 2) is there",
    ];
    let mut rest = told.as_str();
    for wanted in order {
        let at = rest.find(wanted).unwrap_or_else(|| panic!("{wanted} is missing, or comes too early:\n{told}"));
        rest = &rest[at + wanted.len()..];
    }
    assert_eq!(place.names(), ["fonds.redb", "fonds.toml"]);
    assert_eq!(fs::read_to_string(place.path("fonds.redb")).expect("the file"), "not an archive");
}

#[test]
fn the_demonstration_fails_where_there_is_no_room_for_it() {
    let place = Place::new();
    let output = place.command("demo").env("TMPDIR", place.path("not-there")).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("the demonstration failed"), "{}", text(&output.stderr));
}
