//! What changed between two backups is told, all of it, and nothing else.

use fonds::jobs::diff::{Differences, EntryCounts, Side};
use fonds::model::entry::Role;

use crate::catalogue::{Catalogue, FIRST};
use crate::{Story, compare, snapshot, told};

/// Changes of every sort.
fn changed(before: &Catalogue) -> Catalogue {
    let mut after = before.clone();
    after.day += 1;
    after.objects.remove(&(FIRST + 3));
    after.objects.insert(FIRST + 1000, vec!["Neu".into()]);
    after.objects.get_mut(&(FIRST + 5)).expect("an object").push("Gefäß 5, ausgestellt".into());
    after.objects.get_mut(&(FIRST + 7)).expect("an object")[1] = "Gefäß 7, 'zerbrochen'".into();
    *after.places.get_mut(&2).expect("a place") = "Überlingen".into();
    after.users.insert("müller".into(), "m@example.org".into());
    after.users.remove("editor");
    after.users.insert("root".into(), "admin@example.org".into());
    after.transitions[1] = "{\"type\":\"reject\"}".into();
    after.numbers[4] = 17;
    after.pictures.remove("files/0/0-Größe.png");
    after.pictures.insert("files/0/1-Größe.png".into(), b"other".to_vec());
    after.pictures.insert("files/0/9-neu.png".into(), b"new".to_vec());
    after.datamodel = r#"{"version":2,"schema":{"tables":[{"name":"objekt"},{"name":"ort"}]}}"#.into();
    after
}

const TOLD: [&str; 13] = [
    "objekt 9007199254740996 v1 -",
    "objekt 9007199254740996 v2 -",
    "objekt 9007199254740998 v3 +",
    "objekt 9007199254741000 v2 ~ /objekt/text",
    "objekt 9007199254741993 v1 +",
    "ort ort-2 v1 ~ /ort/name",
    "odd  v- -",
    "odd  v- +",
    "transitions  v- -",
    "transitions  v- +",
    "user editor v- -",
    "user müller v- +",
    "user root v- ~ /user/email",
];

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// Added, removed, changed and unchanged records of each kind or objecttype.
fn counts(differences: &Differences) -> Vec<(&str, [u64; 4])> {
    let count = |kind: &fonds::jobs::diff::KindDiff| [kind.added, kind.removed, kind.changed, kind.unchanged];
    differences.kinds.iter().map(|kind| (kind.objecttype.as_deref().unwrap_or(&kind.kind), count(kind))).collect()
}

const COUNTS: [(&str, [u64; 4]); 5] = [
    ("objekt", [2, 2, 1, 397]),
    ("ort", [0, 0, 1, 19]),
    ("odd", [1, 1, 0, 4]),
    ("transitions", [1, 1, 0, 1]),
    ("user", [1, 1, 1, 1]),
];

fn check(differences: &Differences) {
    assert_eq!(counts(differences), COUNTS.into_iter().collect::<Vec<_>>());
    let files = EntryCounts { added: 1, removed: 1, changed: 1, unchanged: 2 };
    assert_eq!(differences.entries[&Role::File], files);
    let (role, fields) = &differences.fields[0];
    let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!((*role, differences.fields.len()), (Role::Datamodel, 1));
    assert_eq!(pointers, ["/version", "/schema/tables/1"]);
}

#[test]
fn what_changed_between_two_snapshots_is_told_whatever_payloads_it_stands_in() {
    for (one, other) in [(100, 100), (100, 37), (7, 1000)] {
        let story = Story::new();
        let before = Catalogue::new(200);
        story.import(&before, one);
        story.import(&changed(&before), other);
        let (differences, changes) = compare(&story.archive(), snapshot(1), snapshot(2));
        check(&differences);
        assert_eq!(sorted(changes.iter().map(told).collect()), sorted(TOLD.map(str::to_owned).to_vec()));
        assert!(compare(&story.archive(), snapshot(2), snapshot(2)).0.is_empty());
    }
}

#[test]
fn a_data_model_whose_urls_are_signed_anew_has_not_changed() {
    let signed = |signature: &str, name: &str| {
        format!(r#"{{"logo":"https://a.example/1?x-fylr-signature={signature}&b=1","name":"{name}"}}"#)
    };
    let story = Story::new();
    let mut catalogue = Catalogue::new(5);
    for (signature, name) in [("00ff", "Größe"), ("beef", "Größe"), ("cafe", "Maß")] {
        catalogue.datamodel = signed(signature, name);
        story.import(&catalogue, 100);
    }
    let (differences, changes) = compare(&story.archive(), snapshot(1), snapshot(2));
    assert!(differences.is_empty() && changes.is_empty(), "{differences:?}");
    let (differences, _) = compare(&story.archive(), snapshot(2), snapshot(3));
    let pointers: Vec<&str> = differences.fields[0].1.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name"]);
}

#[test]
fn a_backup_on_disk_is_compared_as_if_it_had_been_imported() {
    let story = Story::new();
    let before = Catalogue::new(200);
    story.import(&before, 100);
    let source = story.write(&changed(&before), 41);
    let (differences, changes) = compare(&story.archive(), snapshot(1), Side::Layout(source.clone()));
    check(&differences);
    assert_eq!(sorted(changes.iter().map(told).collect()), sorted(TOLD.map(str::to_owned).to_vec()));

    let (back, _) = compare(&story.archive(), Side::Layout(source), snapshot(1));
    let turned: Vec<_> = COUNTS
        .iter()
        .map(|(name, [added, removed, rest @ ..])| (*name, [*removed, *added, rest[0], rest[1]]))
        .collect();
    assert_eq!(counts(&back), turned);
    assert!(compare(&story.archive(), snapshot(1), Side::Layout(story.write(&before, 33))).0.is_empty());
}

#[test]
fn a_backup_in_a_tar_is_compared_as_well_the_manifest_may_come_last() {
    let story = Story::new();
    let before = Catalogue::new(200);
    story.import(&before, 100);
    let files = changed(&before).files(41);
    for manifest_last in [false, true] {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("museum/{name}"), bytes).expect("memory takes all");
        };
        let others = files.iter().filter(|(name, _)| *name != "manifest.json");
        if !manifest_last {
            add("manifest.json", &files["manifest.json"]);
        }
        others.for_each(|(name, bytes)| add(name, bytes));
        if manifest_last {
            add("manifest.json", &files["manifest.json"]);
        }
        let path = story.0.path().join("backup.tar");
        std::fs::write(&path, tar.into_inner().expect("memory takes all")).expect("room for a tar");
        check(&compare(&story.archive(), snapshot(1), Side::Layout(path)).0);
    }
}

#[test]
fn other_signatures_and_another_order_are_no_change() {
    let story = Story::new();
    let mut catalogue = Catalogue::new(50);
    story.import(&catalogue, 20);
    catalogue.day = 99;
    story.import(&catalogue, 11);
    assert!(compare(&story.archive(), snapshot(1), snapshot(2)).0.is_empty());
}

#[test]
fn of_backups_with_latest_versions_alone_a_new_version_is_a_change() {
    let story = Story::new();
    let record = |version: u64, text: &str| {
        format!(r#"[{{"_objecttype":"o","_system_object_id":5,"o":{{"_version":{version},"t":"{text}"}}}}]"#)
    };
    for (version, text) in [(3, "alt"), (4, "neu")] {
        let files = [("manifest.json", r#"{"payloads":["db.json"]}"#.to_owned()), ("db.json", record(version, text))];
        let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes())).into();
        let source = story.0.path().join("backup");
        crate::support::backup::write_dir(&source, &files);
        crate::support::archives::import(&story.archive(), &source).expect("an import");
    }
    let (differences, changes) = compare(&story.archive(), snapshot(1), snapshot(2));
    assert_eq!(differences.kinds[0].changed, 1);
    assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), ["db 5 v4 ~ /o/_version /o/t"]);
}

#[test]
fn a_record_too_long_for_a_chunk_is_compared_like_any_other() {
    let story = Story::new();
    let mut catalogue = Catalogue::new(20);
    *catalogue.objects.get_mut(&(FIRST + 2)).expect("an object") = vec!["lang ".repeat(200_000)];
    story.import(&catalogue, 10);
    catalogue.objects.get_mut(&(FIRST + 2)).expect("an object")[0].push('!');
    catalogue.objects.get_mut(&(FIRST + 3)).expect("an object")[0].push('!');
    story.import(&catalogue, 10);
    let (_, changes) = compare(&story.archive(), snapshot(1), snapshot(2));
    let expected = ["objekt 9007199254740995 v1 ~ /objekt/text", "objekt 9007199254740996 v1 ~ /objekt/text"];
    assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), expected);
}
