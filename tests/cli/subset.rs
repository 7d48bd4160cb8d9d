//! A part of a backup goes out: chosen objecttypes, with what they need.

use std::fs;

use crate::{Place, import_museum, museum, text};

fn names(place: &Place, dir: &str, start: &str) -> Vec<String> {
    let names = fs::read_dir(place.path(dir)).expect("a directory").map(|entry| entry.expect("a name").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with(start));
    names.sort();
    names
}

#[test]
fn only_chosen_objecttypes_go_out_and_links_to_the_others_are_told() {
    let place = Place::new();
    import_museum(&place);
    let output = place.run("export seedorf out --include ^(ort|objekt)$");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.contains("of objekt point to records of person, which are left out"), "{told}");
    assert!(!told.contains("records of ort"), "{told}");

    let records = names(&place, "out", "db__");
    assert!(!records.is_empty());
    assert!(
        records.iter().all(|name| name.starts_with("db__ort__") || name.starts_with("db__objekt__")),
        "{records:?}"
    );
    let manifest = fs::read_to_string(place.path("out/manifest.json")).expect("a manifest");
    assert!(manifest.contains("db__ort__") && !manifest.contains("db__person__"), "{manifest}");
    // It is a backup of its own, and what is in it is as it was.
    place.succeed("import out --name part");
    assert!(place.succeed("check --read-data").starts_with("nothing wrong"));
    for name in records {
        let (before, after) = (museum().join(&name), place.path("out").join(&name));
        assert!(fs::read(before).expect("a payload") == fs::read(after).expect("a payload"), "{name}");
    }
}

#[test]
fn files_that_only_others_have_stay_here() {
    let place = Place::new();
    import_museum(&place);
    place.succeed("export seedorf all");
    place.succeed("export seedorf part --include ^ort$");
    place.succeed("export seedorf objects.tar --include ^objekt$");
    let count = |dir: &str| place.succeed(&format!("import {dir} --name {}", dir.replace('.', "-")));
    assert!(count("all").contains("all: snapshot 2"));
    count("part");
    count("objects.tar");
    let files = |name: &str| {
        let shown: serde_json::Value =
            serde_json::from_str(&place.succeed(&format!("show {name} --json"))).expect("JSON");
        shown["snapshot"]["files"].as_u64().expect("a number")
            + shown["snapshot"]["renditions"].as_u64().expect("a number")
    };
    let (all, part, objects) = (files("all"), files("part"), files("objects-tar"));
    assert!(part < objects && objects < all, "{part} {objects} {all}");
}

#[test]
fn a_pattern_that_matches_nothing_writes_nothing() {
    let place = Place::new();
    import_museum(&place);
    let transcript = place.transcript("export seedorf out --include ^vase$");
    assert!(transcript.starts_with("error: no objecttype matches \"^vase$\"; there are "), "{transcript}");
    assert!(transcript.ends_with("[exit 2]\n"), "{transcript}");
    assert_eq!(place.names(), ["fonds.redb"]);
}
