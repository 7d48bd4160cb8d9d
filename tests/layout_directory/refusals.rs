//! What a directory must not hold, and what must not happen to it while it is read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fonds::layout::{Error, Special};
use fonds::model::backup::BackupReader;
use fonds::model::entry::Content;

use crate::{Change, backup, chain, directory, entries, gzip, open, put};

fn refused(dir: &Path) -> Error {
    match open(dir) {
        Ok(_) => panic!("{} was accepted", dir.display()),
        Err(error) => error,
    }
}

fn fifo(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).expect("a FIFO");
}

#[test]
fn links_are_refused_wherever_they_are_and_wherever_they_lead() {
    let outside = directory(&[("secret", "s"), ("dir/secret", "s")]);
    let targets =
        [outside.path().join("secret"), outside.path().join("dir"), "a.json".into(), ".".into(), "gone".into()];
    for target in targets {
        for name in
            ["link", ".link", "x.log", "files/0/link", "sub/link", "files", "datamodel.json", "base_config.json"]
        {
            let dir = backup(&[("sub/x", ""), ("files/0/x", "")]);
            if name == "files" {
                fs::remove_dir_all(dir.path().join(name)).expect("a folder to replace");
            }
            symlink(&target, dir.path().join(name)).expect("a link");
            let error = refused(dir.path());
            assert!(
                matches!(&error, Error::Special { path, special: Special::Link } if path.to_string() == name),
                "{name} -> {}: {error:?}",
                target.display()
            );
        }
    }
}

#[test]
fn a_manifest_or_payload_that_is_a_link_is_refused() {
    for name in ["manifest.json", "a.json"] {
        let dir = backup(&[]);
        fs::rename(dir.path().join(name), dir.path().join("real")).expect("another name");
        symlink("real", dir.path().join(name)).expect("a link");
        for source in [dir.path().to_owned(), dir.path().join("manifest.json")] {
            let error = refused(&source);
            assert_eq!(error.to_string(), format!("{name} is a symbolic link, which no backup can hold"));
        }
    }
}

#[test]
fn fifos_sockets_and_devices_are_refused_without_waiting_for_them() {
    for name in ["a.json", "manifest.json", "files/1/fifo"] {
        let dir = backup(&[("files/1/x", "")]);
        let path = dir.path().join(name);
        let _ = fs::remove_file(&path);
        fifo(&path);
        assert_eq!(refused(dir.path()).to_string(), format!("{name} is a FIFO, which no backup can hold"));
    }
    let dir = backup(&[]);
    let _socket = UnixListener::bind(dir.path().join("socket")).expect("a socket");
    assert_eq!(refused(dir.path()).to_string(), "socket is a socket, which no backup can hold");
}

/// Nothing is unreadable for root, who cannot see this fail.
#[test]
fn an_unreadable_file_is_refused_before_anything_is_read() {
    let dir = backup(&[("files/1/a", "x")]);
    let path = dir.path().join("files/1/a");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("new permissions");
    if File::open(&path).is_err() {
        assert!(chain(&refused(dir.path())).starts_with("cannot read files/1/a: "));
    }
}

#[test]
fn a_name_that_is_no_path_of_an_entry_is_refused() {
    for (name, shown) in [
        (&b"C:x"[..], r#"the name "C:x" cannot be kept: starts with a drive letter"#),
        (b"files/a\\\x1b\xff", "the name \"files/a\\\\\\u{1b}\u{fffd}\" cannot be kept: holds a backslash"),
    ] {
        let dir = backup(&[]);
        put(dir.path(), name, b"x");
        assert_eq!(chain(&refused(dir.path())), shown);
    }
}

#[test]
fn folders_are_followed_only_so_deep() {
    let dir = backup(&[]);
    let deep = |depth| ["d/"].repeat(depth).concat() + "x";
    put(dir.path(), deep(256).as_bytes(), b"x");
    assert_eq!(entries(&open(dir.path()).expect("a backup")).expect("readable entries").len(), 3);
    put(dir.path(), deep(257).as_bytes(), b"x");
    assert!(matches!(refused(dir.path()), Error::TooDeep { .. }));
}

#[test]
fn missing_payloads_are_named_and_counted() {
    let dir = directory(&[("manifest.json", r#"{"payloads": ["a.json", "b.json", "c.json"]}"#), ("b.json", "[]")]);
    assert_eq!(refused(dir.path()).to_string(), "a.json is named by the manifest but missing, and so are 1 more");
    put(dir.path(), b"a.json", b"[]");
    assert_eq!(refused(dir.path()).to_string(), "c.json is named by the manifest but missing");
    put(dir.path(), b"c.json", b"[]");
    open(dir.path()).expect("a backup");
    for key in ["datamodel", "base_config"] {
        let json = format!(r#"{{"{key}": "d.json", "payloads": []}}"#);
        put(dir.path(), b"manifest.json", json.as_bytes());
        assert!(matches!(refused(dir.path()), Error::Missing { others: 0, .. }), "{key}");
    }
}

#[test]
fn a_payload_that_is_a_folder_is_refused() {
    for name in ["a.json", "manifest.json"] {
        let dir = backup(&[]);
        fs::remove_file(dir.path().join(name)).expect("a file to replace");
        put(dir.path(), format!("{name}/x").as_bytes(), b"");
        assert!(matches!(refused(dir.path()), Error::Folder { path } if path.to_string() == name));
    }
}

#[test]
fn without_a_usable_manifest_there_is_no_backup() {
    let dir = directory(&[("a.json", "[]")]);
    assert!(matches!(refused(dir.path()), Error::NoManifest { path } if path == dir.path().join("manifest.json")));
    assert!(matches!(refused(&dir.path().join("a.json")), Error::NoDirectory { .. }));
    assert!(matches!(refused(&dir.path().join("gone")), Error::Source { .. }));
    put(dir.path(), b"manifest.json", b"{\n]");
    let text = chain(&refused(dir.path()));
    assert!(text.starts_with("manifest.json cannot be used: the manifest is not JSON: "), "{text}");
    assert!(text.ends_with("line 2 column 1"), "{text}");
    put(dir.path(), b"manifest.json", br#"{"payloads": ["../secret"]}"#);
    assert!(matches!(refused(dir.path()), Error::Manifest(_)));
    let endless = File::create(dir.path().join("manifest.json")).expect("a manifest");
    endless.set_len((64 << 20) + 1).expect("a long file");
    assert!(matches!(refused(dir.path()), Error::ManifestTooLong));
}

#[test]
fn damaged_gzip_is_an_error_that_names_the_file() {
    let whole = gzip(b"[1, 2, 3]");
    let mut wrong = whole.clone();
    wrong[whole.len() - 6] ^= 1;
    for damaged in [&whole[..whole.len() - 1], &whole[..2], &wrong, &[&whole[..], b"\0"].concat()] {
        let dir = backup(&[]);
        put(dir.path(), b"a.json", damaged);
        let error = entries(&open(dir.path()).expect("a backup")).expect_err("damaged gzip");
        assert!(chain(&error).contains("a.json cannot be decompressed: "), "{}", chain(&error));
    }
}

/// Reads half of `files/1`, calls `change`, and reads the rest.
fn change_while_reading(change: impl Fn(&Path)) -> Result<(), Error> {
    let dir = backup(&[("files/1", &"x".repeat(1000))]);
    let file = dir.path().join("files/1");
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    File::options().write(true).open(&file).expect("a file").set_modified(hour_ago).expect("a new time");
    let reader = open(dir.path()).expect("a backup");
    let walk = reader.for_each(|head, content| match content {
        Content::Bytes(bytes) if head.path.to_string() == "files/1" => {
            let read = bytes.read_exact(&mut [0; 500]).and_then(|()| {
                change(&file);
                io::copy(bytes, &mut io::sink())
            });
            read.map(drop).map_err(|source| Error::Content { path: head.path.clone(), source })
        }
        _ => Ok(()),
    });
    walk.map(drop)
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let open = |path: &Path| File::options().append(true).open(path).expect("a file");
    change_while_reading(|_| {}).expect("an unchanged file");
    let changes: [Change; 4] = [
        &|path| open(path).write_all(b"more").expect("a longer file"),
        &|path| open(path).set_len(700).expect("a shorter file"),
        &|path| open(path).set_len(100).expect("a file shorter than what was read"),
        &|path| fs::write(path, "y".repeat(1000)).expect("other content"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let text = chain(&change_while_reading(change).expect_err("a changed file"));
        assert!(text.contains("files/1 was changed while it was read"), "change {number}: {text}");
    }
}

#[test]
fn what_changed_after_the_first_look_is_never_read_over() {
    let changes: [(&str, Change); 6] = [
        ("a.json", &|dir| fs::remove_file(dir.join("a.json")).expect("a payload")),
        ("a.json", &|dir| {
            fs::remove_file(dir.join("a.json")).expect("a payload");
            fifo(&dir.join("a.json"));
        }),
        ("a.json", &|dir| {
            fs::remove_file(dir.join("a.json")).expect("a payload");
            symlink("sub/b.json", dir.join("a.json")).expect("a link");
        }),
        ("files/1", &|dir| {
            fs::remove_file(dir.join("files/1")).expect("a file");
            symlink("../a.json", dir.join("files/1")).expect("a link");
        }),
        ("files", &|dir| {
            fs::rename(dir.join("files"), dir.join("sub/files")).expect("a folder");
            symlink("sub/files", dir.join("files")).expect("a link");
        }),
        ("sub/b.json", &|dir| {
            fs::rename(dir.join("sub"), dir.join("files/sub")).expect("a folder");
            symlink("files/sub", dir.join("sub")).expect("a link");
        }),
    ];
    for (name, change) in changes {
        let dir = backup(&[("sub/b.json", "[]"), ("files/1", "x")]);
        put(dir.path(), b"manifest.json", br#"{"payloads": ["a.json", "sub/b.json"]}"#);
        let reader = open(dir.path()).expect("a backup");
        change(dir.path());
        let mut handed_over = Vec::new();
        let walk = reader.for_each(|head, _| {
            handed_over.push(head.path.to_string());
            Ok::<_, Error>(())
        });
        let error = walk.expect_err("a changed directory").to_string();
        assert!(error.contains(name), "{name}: {error}");
        assert!(!handed_over.contains(&name.to_owned()), "{handed_over:?}");
    }
}
