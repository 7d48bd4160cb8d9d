//! Archives of every format version stay readable. Guards against a change of the program that old archives do not
//! survive: `fixtures/archive-v1.redb` was written by the first version, its digests stand beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fonds::archive::check::Depth;
use fonds::archive::snapshot::all;
use fonds::archive::{Archive, Body, Error, SnapshotReader, Strictness};
use fonds::jobs::Import;
use fonds::layout::MissingPayloads;
use fonds::model::event::{Observer, Silent};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Every entry of every snapshot: its bytes are read and hashed here, whatever the archive says of them.
fn contents(archive: &Archive) -> BTreeMap<String, String> {
    let snapshots = all(&archive.read().expect("a view")).expect("the snapshots");
    let mut contents = BTreeMap::new();
    for snapshot in snapshots {
        let snapshot = snapshot.expect("a snapshot");
        let number = snapshot.number;
        let reader = SnapshotReader::open(archive, snapshot).expect("a snapshot can be opened");
        let visited = reader.rows(|row| {
            let path = &row.head.path;
            let content = match &row.body {
                Body::Folder => "folder".to_owned(),
                Body::Missing => "missing".to_owned(),
                Body::File(body) => {
                    let mut hasher = blake3::Hasher::new();
                    reader.read(path, body, |block| {
                        hasher.update(&block);
                        Ok::<(), Error>(())
                    })?;
                    hasher.finalize().to_hex().to_string()
                }
            };
            let entry = format!("{number} {} {:?} {path}", row.head.role.name(), row.head.encoding);
            contents.insert(entry, content);
            Ok::<(), Error>(())
        });
        visited.expect("every entry can be read");
    }
    contents
}

fn expected() -> BTreeMap<String, String> {
    let text = fs::read_to_string(fixture("archive-v1.digests")).expect("the digests");
    let pairs = text.lines().map(|line| line.split_once("  ").expect("digest and entry"));
    pairs.map(|(digest, entry)| (entry.to_owned(), digest.to_owned())).collect()
}

#[test]
fn an_archive_of_the_first_version_gives_everything_back_and_is_not_touched() {
    let path = fixture("archive-v1.redb");
    let before = fs::read(&path).expect("the archive");
    let archive = Archive::open(&path).expect("it can be opened");
    assert_eq!(archive.header.format, 1);
    let contents = contents(&archive);
    assert_eq!(contents.len(), 115);
    assert_eq!(contents, expected());
    let report = archive.check(Depth::Data, &Silent).expect("it can be checked");
    assert_eq!(report.findings, []);
    drop(archive);
    assert!(fs::read(&path).expect("the archive") == before, "looking at it has changed it");
}

#[test]
fn the_first_snapshot_of_it_is_the_backup_in_the_fixtures() {
    let museum = fixture("museum");
    for (entry, digest) in expected().iter().filter(|(entry, _)| entry.starts_with("1 ")) {
        let path = entry.split_once(" Plain ").expect("nothing in it is compressed").1;
        let bytes = fs::read(museum.join(path)).expect("the entry stands in the fixtures");
        assert_eq!(blake3::hash(&bytes).to_hex().as_str(), digest, "{path}");
    }
}

/// Writes the fixture anew; only for a new format version, under its own name.
#[test]
#[ignore = "writes the fixture that the other tests are held against"]
fn write_the_fixture() {
    let work = tempfile::tempdir().expect("a temporary directory");
    let path = work.path().join("archive.redb");
    let import = |source: PathBuf| {
        let name = Some("museum".to_owned());
        let import = Import { source, name, missing: MissingPayloads::Refuse, strictness: Strictness::KeepFlawed };
        let observer: Arc<dyn Observer + Send + Sync> = Arc::new(Silent);
        import.run(&path, &observer).expect("the import");
    };
    import(fixture("museum"));
    let changed = work.path().join("changed");
    copy_changed(&fixture("museum"), &changed);
    import(changed);
    fs::copy(&path, fixture("archive-v1.redb")).expect("the fixture");
    let contents = contents(&Archive::open(&path).expect("the archive"));
    let lines: Vec<String> = contents.iter().map(|(entry, digest)| format!("{digest}  {entry}\n")).collect();
    fs::write(fixture("archive-v1.digests"), lines.concat()).expect("the digests");
}

/// The backup of the next day: other signatures, other titles, a payload compressed, an empty folder more.
fn copy_changed(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("leer")).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry").path();
        let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
        if entry.is_dir() {
            copy_changed(&entry, &to.join(&name));
            let _ = fs::remove_dir(to.join(&name).join("leer"));
        } else if name == "basetype-user-0000.json" {
            let packed = fs::File::create(to.join(name + ".gz")).expect("a file");
            let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::best());
            std::io::Write::write_all(&mut packer, &fs::read(&entry).expect("a payload")).expect("room");
        } else if entry.extension() == Some("json".as_ref()) {
            let text = fs::read_to_string(&entry).expect("JSON");
            fs::write(to.join(name), text.replace("signature=", "signature=0").replace("Krug", "Großer Krug"))
                .expect("room");
        } else {
            fs::copy(&entry, to.join(name)).expect("room");
        }
    }
}
