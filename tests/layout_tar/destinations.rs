//! Where a tar is written to: nothing is replaced unasked, nothing half written is visible, and every end has its code.

use std::fs::{self, File};
use std::process::Stdio;

use crate::support::program::told;
use crate::tarball::Tarball;
use crate::{Place, tree};

fn archive() -> Place {
    let place = Place::new();
    fs::write(place.path("in.tar"), Tarball::backup().file("files/1", &vec![1; 300_000]).end()).expect("a new file");
    place.succeed(&["import", "in.tar", "--name", "museum"]);
    fs::remove_file(place.path("in.tar")).expect("a file");
    place
}

#[test]
fn what_stands_there_is_only_replaced_if_that_is_asked_for() {
    let place = archive();
    fs::write(place.path("x.tar"), "precious").expect("a new file");
    fs::create_dir(place.path("dir.tar")).expect("a new folder");
    std::os::unix::fs::symlink("x.tar", place.path("link.tar")).expect("a link");
    for (words, why) in [
        (&["export", "museum", "x.tar"][..], "x.tar exists already"),
        (&["export", "museum", "link.tar"], "is a symbolic link"),
        (&["export", "museum", "link.tar", "--force"], "is a symbolic link"),
        (&["export", "museum", "dir.tar", "--format", "tar", "--force"], "is a directory"),
        (&["export", "museum", "fonds.redb", "--format", "tar", "--force"], "fonds.redb"),
    ] {
        let output = place.run(words);
        assert_eq!(output.status.code(), Some(6), "{words:?}: {}", told(&output));
        assert!(told(&output).contains(why), "{words:?}: {}", told(&output));
    }
    assert_eq!(fs::read(place.path("x.tar")).expect("a file"), b"precious");
    place.succeed(&["export", "museum", "x.tar", "--force"]);
    assert!(fs::read(place.path("x.tar")).expect("a file").starts_with(b"museum/manifest.json\0"));
    assert_eq!(place.names(), ["dir.tar", "fonds.redb", "link.tar", "x.tar"]);
    place.succeed(&["check", "--read-data"]);
}

#[test]
fn the_form_is_told_by_the_name_or_asked_for() {
    let place = archive();
    for (name, format, magic) in [
        ("a.tar", None, &b"museum/"[..]),
        ("a.TGZ", None, b"\x1f\x8b"),
        ("a.tar.zst", None, b"\x28\xb5\x2f\xfd"),
        ("a.bin", Some("tar.zst"), b"\x28\xb5\x2f\xfd"),
        ("b.tar.gz", Some("tar"), b"museum/"),
        ("folder/below/c.tar", None, b"museum/"),
    ] {
        let more: Vec<_> = format.iter().flat_map(|format| ["--format", format]).collect();
        place.succeed(&[&["export", "museum", name][..], &more].concat());
        assert!(fs::read(place.path(name)).expect("a tar").starts_with(magic), "{name}");
    }
    place.succeed(&["export", "museum", "d.tar", "--format", "dir"]);
    assert!(place.path("d.tar/manifest.json").is_file());
    for name in ["x.tar.xz", "x.zip"] {
        assert_eq!(place.run(&["export", "museum", name]).status.code(), Some(2), "{name}");
    }
    assert_eq!(place.run(&["export", "museum", "-", "--format", "dir"]).status.code(), Some(2));
}

#[test]
fn a_tar_is_alone_on_standard_output() {
    let place = archive();
    let output = place.run(&["export", "museum", "-"]);
    assert!(output.status.success() && output.stdout.starts_with(b"museum/manifest.json\0"));
    assert!(output.stdout.ends_with(&[0; 1024]));
    let output = place.run(&["export", "museum", "-", "--json"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("standard output is taken"), "{}", told(&output));
}

#[test]
fn a_reader_that_goes_away_and_a_full_disk_are_told() {
    let place = archive();
    let mut export = place.fonds(&["export", "museum", "-"]);
    let mut child = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("cannot write standard output: Broken pipe"), "{}", told(&output));

    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let output = place.fonds(&["export", "museum", "-"]).stdout(full).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        assert!(told(&output).contains("cannot write standard output: No space left"), "{}", told(&output));
    }
}

#[test]
fn a_tar_that_cannot_be_completed_is_not_there() {
    let place = archive();
    let limited = r#"ulimit -f 100; exec "$0" export museum x.tar"#;
    let output = std::process::Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_fonds")])
        .current_dir(place.path(""))
        .env_remove("FONDS_ARCHIVE")
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert_eq!(place.names(), ["fonds.redb"]);
}

#[test]
fn what_a_killed_export_left_is_removed_by_the_next_one() {
    let place = archive();
    fs::write(place.path(".x.tar.fonds-partial-1"), "left").expect("a new file");
    fs::write(place.path(".x.tar.fonds-partial-"), "of somebody else").expect("a new file");
    place.succeed(&["export", "museum", "x.tar"]);
    assert_eq!(place.names(), [".x.tar.fonds-partial-", "fonds.redb", "x.tar"]);
    assert!(tree(&place.path("")).len() == 3);
}
