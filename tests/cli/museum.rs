//! The way of a backup: in, looked at, out.

use std::fs;
use std::path::Path;

use snapbox::{assert_data_eq, str};

use crate::{Place, import_museum, museum, text};

#[test]
fn a_museum_is_imported_and_listed() {
    let place = Place::new();
    let museum = museum();
    let import = format!("import {} --name museum", museum.display());
    assert_data_eq!(
        place.transcript(&import),
        str![[r"
museum: snapshot 1, 70 of 70 records are new, [..] kB added

"]]
    );
    assert_data_eq!(
        place.transcript(&import),
        str![[r"
museum: snapshot 2, 0 of 70 records are new, 0 bytes added

"]]
    );
    assert_data_eq!(
        place.transcript("list"),
        str![[r"
no  name    created              source                            records  files      size    added
 1  museum  [..]  https://fylr.seedorf.example.org       70     18  161.4 kB  [..] kB
 2  museum  [..]  https://fylr.seedorf.example.org       70     18  161.4 kB  0 bytes

"]]
    );
    assert_eq!(place.transcript("ls"), place.transcript("list"));
}

#[test]
fn a_snapshot_is_shown_with_its_source_and_the_records_of_each_kind() {
    let place = Place::new();
    import_museum(&place);
    let shown = place.succeed("show seedorf");
    let (facts, kinds) = shown.split_once("\n\n").expect("two parts");
    assert_data_eq!(
        facts,
        str![[r"
snapshot 1 of seedorf
  created   [..] by run 1
  source    https://fylr.seedorf.example.org (fylr v6.34.2, backup finished 2025-03-01T08:14:24Z)
  payloads  35 payloads, 70 records, 97.8 kB
  files     10 files, 8 renditions, 2.9 kB
  all       57 entries, 161.4 kB
  new       70 records, [..] kB, stored in [..] kB
"]]
    );
    assert!(
        kinds.contains("db                        objekt                2        7               2    7    34.5 kB\n")
    );
    assert!(
        kinds.contains("event/list                                      2        8               0    8     3.9 kB\n")
    );
}

#[test]
fn details_name_every_entry_with_its_digest() {
    let place = Place::new();
    import_museum(&place);
    let shown = place.succeed("show 1 -v");
    let manifest = fs::read(museum().join("manifest.json")).expect("the fixture");
    let digest = blake3::hash(&manifest).to_hex();
    assert!(shown.contains(&format!("manifest             3 048  {digest}  manifest.json\n")), "{shown}");
    assert_eq!(shown.matches("\nfile ").count(), 10);
    assert_eq!(shown.matches("\nrendition ").count(), 8);
}

#[test]
fn what_is_exported_is_what_was_imported() {
    let place = Place::new();
    import_museum(&place);
    assert_data_eq!(
        place.transcript("export seedorf out/again"),
        str![[r"
seedorf: snapshot 1 is in out/again, 57 entries, 161.4 kB

"]]
    );
    assert!(same(&museum(), &place.path("out/again")) > 50);
}

#[test]
fn an_export_can_compress_and_its_import_finds_every_record_again() {
    let place = Place::new();
    import_museum(&place);
    place.succeed("export 1 packed --compression 9");
    assert!(place.path("packed/basetype-tags-0000.json.gz").exists());
    assert!(!place.path("packed/basetype-tags-0000.json").exists());
    let imported = place.succeed("import packed");
    assert!(imported.starts_with("seedorf: snapshot 2, 0 of 70 records are new,"), "{imported}");
    place.succeed("export 2 plain --compression 0");
    assert_eq!(same(&museum(), &place.path("plain")), 57);
}

#[test]
fn an_entry_is_printed_as_plain_bytes_under_either_name() {
    let place = Place::new();
    import_museum(&place);
    place.succeed("export 1 packed --compression 6");
    place.succeed("import packed --name packed");
    let tags = fs::read_to_string(museum().join("basetype-tags-0000.json")).expect("the fixture");
    for words in [
        "cat 1 basetype-tags-0000.json",
        "cat 1 basetype-tags-0000.json.gz",
        "cat packed basetype-tags-0000.json.gz",
        "cat packed basetype-tags-0000.json",
        "cat packed basetype-tags-0000.json --json",
    ] {
        assert_eq!(place.succeed(words), tags, "{words}");
    }
    let mut command = place.command("cat 1");
    let output = command.arg("files/1000000/1000000/1000413-Krug & Kanne.png").output().expect("the program starts");
    let file = fs::read(museum().join("files/1000000/1000000/1000413-Krug & Kanne.png")).expect("the fixture");
    assert!(output.stdout == file && output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn several_sources_become_snapshots_in_the_order_given() {
    let place = Place::new();
    place.backup("monday", &[("tags.json", Some("[{\"_id\": 1}]"))]);
    place.backup("tuesday", &[("tags.json", Some("[{\"_id\": 1}, {\"_id\": 2}]"))]);
    assert_data_eq!(
        place.transcript("import monday tuesday/manifest.json --name museum"),
        str![[r"
museum: snapshot 1, 1 of 1 record is new, [..] bytes added
museum: snapshot 2, 1 of 2 records are new, [..] bytes added

"]]
    );
    assert_eq!(place.succeed("cat museum~1 tags.json"), "[{\"_id\": 1}]");
    assert_eq!(place.succeed("cat museum tags.json"), "[{\"_id\": 1}, {\"_id\": 2}]");
}

#[test]
fn without_a_name_the_instance_gives_it_or_else_the_directory() {
    let place = Place::new();
    place.backup("monday", &[]);
    place.put("tuesday/manifest.json", "{\"instance\": {\"name\": \"seedorf\"}, \"payloads\": []}");
    place.put("2026/manifest.json", "{\"payloads\": []}");
    assert!(place.succeed("import monday").starts_with("monday: "));
    assert!(place.succeed("import monday/manifest.json").starts_with("monday: "));
    assert!(place.succeed("import tuesday").starts_with("seedorf: "));
    assert_data_eq!(
        place.transcript("import 2026"),
        str![[r"
error: 2026 cannot be used as a backup name; give one with --name
hint: a backup name looks like museum, museum-test or seedorf.2026
[exit 2]

"]]
    );
}

#[test]
fn a_healthy_archive_is_told_to_be_one() {
    let place = Place::new();
    import_museum(&place);
    assert_data_eq!(
        place.transcript("check"),
        str![[r"
nothing wrong: 1 snapshot, 57 entries, 1 pack; --read-data would read every byte, too

"]]
    );
    assert_data_eq!(
        place.transcript("check --read-data"),
        str![[r"
nothing wrong: 1 snapshot, 57 entries, 1 pack, [..] chunks, [..] kB read

"]]
    );
}

#[test]
fn stats_tell_what_a_name_holds_and_what_it_takes() {
    let place = Place::new();
    import_museum(&place);
    import_museum(&place);
    assert_data_eq!(
        place.transcript("stats"),
        str![[r"
held           322.8 kB in 2 snapshots
deduplication  ×[..], leaves [..] kB in [..] chunks
compression    ×[..], leaves [..] kB in 1 pack
index          [..]
file           [..]

name     snapshots      held       new   stored
seedorf          2  322.8 kB  [..] kB  [..] kB

"]]
    );
}

/// Compares two directories file by file; how many there are.
#[track_caller]
fn same(one: &Path, other: &Path) -> usize {
    let names = |path: &Path| {
        let names = fs::read_dir(path).expect("a directory").map(|entry| entry.expect("a name").file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(one), names(other), "{}", one.display());
    let mut files = 0;
    for name in names(one) {
        let (one, other) = (one.join(&name), other.join(&name));
        if one.is_dir() {
            files += same(&one, &other);
        } else {
            assert!(fs::read(&one).expect("a file") == fs::read(&other).expect("a file"), "{}", one.display());
            files += 1;
        }
    }
    files
}
