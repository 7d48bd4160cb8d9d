//! What no tar of a backup may hold is refused by name: no archive is made, an archive that is there gets no snapshot,
//! and nothing is written anywhere else. Each case guards against one way in which programs have been deceived.

use std::fs;

use crate::Place;
use crate::support::program::told;
use crate::tarball::{Header, Tarball, gzip, record};

/// What it is called, its bytes, and what is said of it.
type Case = (&'static str, Vec<u8>, &'static str);

/// A backup with one more member of this name.
fn named(name: &[u8]) -> Vec<u8> {
    Tarball::backup().member(name, b'0', b"x").end()
}

fn names() -> Vec<Case> {
    let pax = |name: &str| Tarball::backup().pax(&[("path", name)]).file("x", b"x").end();
    let long = |name: &[u8]| Tarball::backup().long(b'L', name).file("x", b"x").end();
    let prefix = |prefix: &[u8]| {
        let header = Header::new(b"x", b'0', 1).with(345, prefix);
        Tarball::backup().header(&header).content(b"x").end()
    };
    let unclean = r#"has an empty part, "." or ".."#;
    vec![
        ("absolute", named(b"/etc/x"), "is absolute"),
        ("double absolute", named(b"//x"), "is absolute"),
        ("absolute behind a dot", named(b".//x"), "is absolute"),
        ("only a slash", Tarball::backup().member(b"/", b'5', b"").end(), "is absolute"),
        ("up", named(b"../x"), unclean),
        ("up behind a dot", named(b"./../x"), unclean),
        ("up in the middle", named(b"a/../../x"), unclean),
        ("up at the end", named(b"a/.."), unclean),
        ("up as a folder", Tarball::backup().member(b"../", b'5', b"").end(), unclean),
        ("dot in the middle", named(b"a/./x"), unclean),
        ("double slash", named(b"a//x"), unclean),
        ("dot as a file", named(b"."), unclean),
        ("no name", named(b""), "is empty"),
        ("no name of a folder", Tarball::backup().member(b"", b'5', b"").end(), "is empty"),
        ("double slash at the end", Tarball::backup().member(b"a//", b'5', b"").end(), unclean),
        ("file with a slash", named(b"x/"), "is a file with the name of a folder"),
        ("up in ustar's prefix", prefix(b".."), unclean),
        ("absolute in ustar's prefix", prefix(b"/etc"), "is absolute"),
        ("up in PAX", pax("../x"), unclean),
        ("absolute in PAX", pax("/x"), "is absolute"),
        ("NUL in PAX", pax("a\0b"), "with an empty or cut path"),
        ("empty in PAX", pax(""), "with an empty or cut path"),
        ("up in a long name", long(b"../x"), unclean),
        ("absolute in a long name", long(b"/x"), "is absolute"),
        ("NUL in a long name", long(b"a\0b"), "is given more than one name"),
        ("empty long name", long(b""), "is given more than one name"),
        ("NUL in a name", named(b"a\0b"), "is given more than one name"),
        ("backslash", named(b"..\\x"), "holds a backslash"),
        ("UNC", named(b"\\\\host\\x"), "holds a backslash"),
        ("drive", named(b"C:/x"), "starts with a drive letter"),
        ("relative to a drive", named(b"C:x"), "starts with a drive letter"),
        ("long part", long(&[b'x'; 256]), "is longer than"),
        ("long path", pax(&("x/".repeat(2100) + "x")), "is longer than"),
        ("three thousand folders", long(("d/".repeat(3000) + "x").as_bytes()), "cannot be kept"),
        ("deep", long(("d/".repeat(300) + "x").as_bytes()), "lies below more than 256 folders"),
        ("escapes", named(b"/\x1b[2J\n\xe2\x80\xae"), "\\u{1b}[2J\\n\\u{202e}"),
        (
            "outside of the folder",
            {
                let inside = Tarball::default().file("m/manifest.json", br#"{"payloads":[]}"#);
                inside.file("other/x", b"x").end()
            },
            "lies outside of m/",
        ),
    ]
}

fn doubles() -> Vec<Case> {
    let twice = |one: &str, other: &str| Tarball::backup().file(one, b"1").file(other, b"2").end();
    let below = "is a file, but other files lie below it";
    let folder = |tar: Tarball, name: &[u8]| tar.member(name, b'5', b"");
    vec![
        ("twice", twice("x", "x"), "x is in the backup twice"),
        ("twice, once with a dot", twice("x", "./x"), "x is in the backup twice"),
        ("payload twice", Tarball::backup().file("a.json", b"[]").end(), "a.json is in the backup twice"),
        (
            "manifest twice",
            Tarball::backup().file("manifest.json", b"{}").end(),
            "manifest.json is in the backup twice",
        ),
        ("file below a file", twice("x", "x/y"), below),
        ("file above a file", twice("x/y", "x"), below),
        ("file then folder", folder(Tarball::backup().file("x", b"1"), b"x/").end(), below),
        ("folder then file", folder(Tarball::backup(), b"x/").file("x", b"1").end(), below),
        (
            "folder as a payload",
            {
                let start = Tarball::default().file("manifest.json", br#"{"payloads":["a.json"]}"#);
                folder(start, b"a.json/").end()
            },
            "a.json is named by the manifest as a file but is a folder",
        ),
        (
            "payload missing",
            Tarball::default().file("manifest.json", br#"{"payloads":["a.json"]}"#).end(),
            "a.json is named by the manifest but missing",
        ),
        ("no manifest", Tarball::default().file("a.json", b"[]").end(), "holds no manifest.json"),
        ("manifest too deep", Tarball::default().file("a/b/manifest.json", b"{}").end(), "holds no manifest.json"),
        ("manifest is no JSON", Tarball::default().file("manifest.json", b"x").end(), "manifest.json cannot be used"),
    ]
}

fn kinds() -> Vec<Case> {
    let kind = |kind: u8| Tarball::backup().header(&Header::new(b"x", kind, 0).with(157, b"/etc/passwd")).end();
    let unknown = "which no backup can hold";
    vec![
        ("symbolic link", kind(b'2'), "\"x\" is a symbolic link, which no backup can hold"),
        ("hard link", kind(b'1'), "\"x\" is a hard link, which no backup can hold"),
        ("character device", kind(b'3'), "is a device"),
        ("block device", kind(b'4'), "is a device"),
        ("FIFO", kind(b'6'), "is a FIFO"),
        ("contiguous", kind(b'7'), unknown),
        ("GNU sparse", kind(b'S'), "\"x\" is a sparse file"),
        ("GNU dump folder", kind(b'D'), unknown),
        ("GNU volume", kind(b'V'), unknown),
        ("GNU multi-volume", kind(b'M'), unknown),
        ("Solaris extension", kind(b'X'), unknown),
        ("unknown type", kind(b'z'), unknown),
        (
            "link with a long target",
            Tarball::backup().long(b'K', b"/etc/passwd").header(&Header::new(b"x", b'2', 0)).end(),
            "is a symbolic link",
        ),
        (
            "long target of a file",
            Tarball::backup().long(b'K', b"/etc/passwd").file("x", b"x").end(),
            "belongs to no member",
        ),
        (
            "link target in PAX",
            Tarball::backup().pax(&[("linkpath", "/etc/passwd")]).file("x", b"x").end(),
            "of a link",
        ),
        (
            "sparse in PAX",
            Tarball::backup().pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "99")]).file("x", b"").end(),
            "is a sparse file",
        ),
        ("folder with content", Tarball::backup().member(b"x/", b'5', b"content").end(), "is a folder but has content"),
    ]
}

fn fields() -> Vec<Case> {
    let size = |bytes: &[u8]| Tarball::backup().header(&Header::new(b"x", b'0', 0).with(124, bytes)).end();
    let broken = Header::new(b"x", b'0', 0);
    let mut wrong = broken.clone();
    wrong.0[0] = b'y';
    let number = "has a size that is no number a file can have";
    vec![
        ("wrong check sum", Tarball::backup().header(&wrong).end(), "has a wrong check sum"),
        (
            "check sum that is no number",
            {
                let mut wrong = broken.clone();
                wrong.0[148..156].copy_from_slice(b"xxxxxxxx");
                Tarball::backup().header(&wrong).end()
            },
            "has a wrong check sum",
        ),
        (
            "ambiguous magic",
            Tarball::backup().header(&broken.clone().with(257, b"ustar\0\0\0")).end(),
            "is of no known kind",
        ),
        ("size with a sign", size(b"-0000000001\0"), number),
        ("size in hex", size(b"0x000000001\0"), number),
        ("size with a gap", size(b"1 000000001 "), number),
        ("size below zero", size(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), number),
        ("size of eight exbibytes", size(b"\x80\0\0\0\x80\0\0\0\0\0\0\0"), number),
        ("huge size", size(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), number),
        ("size beyond the end", size(b"00000077777\0"), "\"x\" is cut off"),
        (
            "time that is none",
            Tarball::backup().header(&broken.with(136, b"never")).end(),
            "has a time that is no number",
        ),
        (
            "size in PAX too",
            Tarball::backup().pax(&[("size", "512")]).file("x", b"x").end(),
            "is given two different sizes",
        ),
        (
            "size 0 in PAX",
            Tarball::backup().pax(&[("size", "0")]).file("x", &[b'x'; 512]).end(),
            "is given two different sizes",
        ),
        (
            "size in PAX only",
            {
                let hidden = Tarball::default().file("hidden", b"").0;
                Tarball::backup().pax(&[("size", "512")]).header(&Header::new(b"x", b'0', 0)).content(&hidden).end()
            },
            "is given two different sizes",
        ),
    ]
}

fn extensions() -> Vec<Case> {
    let pax = |text: &[u8]| Tarball::backup().member(b"PaxHeader", b'x', text).file("x", b"x").end();
    let global = |key: &str, value: &str| {
        Tarball::backup().member(b"PaxHeader", b'g', record(key, value).as_bytes()).file("x", b"x").end()
    };
    let (length, all) = ("with a wrong length", "that changes all members");
    let name = "is given more than one name";
    let plain = |tar: Tarball| tar.file("x", b"x").end();
    vec![
        ("PAX length too large", pax(b"99 path=a\n"), length),
        ("PAX length too small", pax(b"5 path=a\n"), "does not end in a line feed"),
        ("PAX length with a sign", pax(b"+9 path=a\n"), length),
        ("PAX length with zeros", pax(b"010 path=a\n"), length),
        ("PAX length in hex", pax(b"0xa path=a\n"), length),
        ("PAX length beyond all", pax(b"99999999999999999999 path=a\n"), length),
        ("PAX without a line feed", pax(b"9 path=ab"), "does not end in a line feed"),
        ("PAX without a key", pax(b"5 =a\n"), "without a key"),
        ("PAX without a value", pax(b"7 path\n"), "without a key"),
        ("PAX that is rubbish", pax(b"rubbish"), length),
        ("PAX size with a sign", pax(record("size", "+5").as_bytes()), "with a size that is none"),
        ("PAX size with zeros", pax(record("size", "01").as_bytes()), "with a size that is none"),
        ("PAX size empty", pax(record("size", "").as_bytes()), "with a size that is none"),
        ("PAX time that is none", pax(record("mtime", "nan").as_bytes()), "with a time that is none"),
        ("PAX path twice", pax((record("path", "a") + &record("path", "b")).as_bytes()), "that says something twice"),
        ("PAX in an unknown charset", pax(record("hdrcharset", "EBCDIC").as_bytes()), "in an unknown character set"),
        ("global path", global("path", "x"), all),
        ("global size", global("size", "5"), all),
        ("global link", global("linkpath", "/etc/passwd"), all),
        ("two long names", plain(Tarball::backup().long(b'L', b"a").long(b'L', b"b")), name),
        ("long name and PAX", plain(Tarball::backup().long(b'L', b"a").pax(&[("path", "b")])), name),
        ("PAX and long name", plain(Tarball::backup().pax(&[("size", "1")]).long(b'L', b"a")), name),
        ("two PAX headers", plain(Tarball::backup().pax(&[("path", "a")]).pax(&[("mtime", "1")])), name),
        ("dangling long name", Tarball::backup().long(b'L', b"a").end(), "belongs to no member"),
        ("dangling PAX", Tarball::backup().pax(&[("path", "a")]).end(), "belongs to no member"),
        (
            "huge PAX",
            plain(Tarball::backup().pax(&[("comment", &"x".repeat(2 << 20))])),
            "is longer than 1048576 bytes",
        ),
        ("huge long name", plain(Tarball::backup().long(b'L', &vec![b'x'; 2 << 20])), "is longer than 1048576 bytes"),
        (
            "PAX of four gigabytes",
            Tarball::backup().header(&Header::new(b"P", b'x', 4 << 30)).end(),
            "is longer than 1048576 bytes",
        ),
    ]
}

fn ends() -> Vec<Case> {
    let whole = Tarball::backup();
    let with = |more: &[u8]| [&whole.0[..], more].concat();
    let again = |more: &[u8]| [&whole.clone().end()[..], more].concat();
    let zeros = [0; 512];
    let member = Tarball::default().file("x", b"x").0;
    vec![
        ("no end", whole.0.clone(), "has no end marker"),
        ("half an end", with(&zeros), "has no end marker"),
        (
            "half an end and members",
            with(&[&zeros[..], &member, &zeros, &zeros].concat()),
            "follows half an end marker",
        ),
        ("members behind the end", again(&member), "goes on after its end marker"),
        ("a tar behind the end", again(&whole.clone().end()), "goes on after its end marker"),
        ("rubbish behind the end", again(b"rubbish"), "goes on after its end marker"),
        ("zeros without an end", again(&vec![0; 17 << 20]), "zeros after its end marker"),
        ("cut in a header", with(&member[..100]), "is cut off"),
        ("cut in a content", with(&member[..512]), "\"x\" is cut off"),
        ("cut in the padding", with(&member[..700]), "\"x\" is cut off"),
        ("nothing", Vec::new(), "has no end marker"),
        ("a single byte", b"x".to_vec(), "is no tar, nor one compressed"),
        ("no tar", b"no tar at all ".repeat(100), "is no tar, nor one compressed"),
        ("only an end", vec![0; 1024], "holds no manifest.json"),
    ]
}

fn streams() -> Vec<Case> {
    let tar = Tarball::backup().end();
    let (gz, zst) = (gzip(&tar), zstd::encode_all(&tar[..], 3).expect("memory"));
    let cut = |whole: &[u8]| whole[..whole.len() - 5].to_vec();
    let large = {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("memory");
        encoder.window_log(30).expect("a window");
        encoder.long_distance_matching(true).expect("a parameter");
        std::io::Write::write_all(&mut encoder, &tar).expect("memory");
        encoder.finish().expect("memory")
    };
    let (no_gzip, no_zstd) = ("is no whole gzip", "is no whole zstd");
    vec![
        ("cut gzip", cut(&gz), no_gzip),
        ("gzip and rubbish", [&gz[..], b"rubbish"].concat(), no_gzip),
        ("gzip and zeros", [&gz[..], &[0; 100]].concat(), no_gzip),
        ("gzip in gzip", gzip(&gz), "is no tar, nor one compressed"),
        ("two gzipped tars", [&gz[..], &gz].concat(), "goes on after its end marker"),
        (
            "damaged gzip",
            {
                let mut bad = gz.clone();
                let at = bad.len() - 6;
                bad[at] ^= 1;
                bad
            },
            no_gzip,
        ),
        ("cut zstd", cut(&zst), no_zstd),
        ("zstd and rubbish", [&zst[..], b"rubbish"].concat(), no_zstd),
        ("zstd window of a gibibyte", large, "with a window of more than 2^27 bytes"),
        ("xz", b"\xfd7zXZ\0\0\0".to_vec(), "is xz, which is not supported"),
        ("bzip2", b"BZh91AY&SY".to_vec(), "is bzip2, which is not supported"),
        ("zip", b"PK\x03\x04\0\0".to_vec(), "is a zip file, which is not supported"),
        ("7z", b"7z\xbc\xaf\x27\x1c\0".to_vec(), "is a 7z file, which is not supported"),
    ]
}

#[track_caller]
fn all_are_refused(cases: Vec<Case>) {
    for (case, bytes, expected) in cases {
        let place = Place::new();
        fs::write(place.path("bad.tar"), &bytes).expect("a new file");
        let fed = place.feed(&["import", "-", "--name", "x"], &bytes);
        for output in [place.run(&["import", "bad.tar"]), fed] {
            let told = told(&output);
            assert_eq!(output.status.code(), Some(2), "{case}: {told}");
            assert!(told.contains(expected), "{case}: {told}");
            assert!(told.contains("error: ") && told.contains("\nhint: "), "{case}: {told}");
        }
        assert_eq!(place.names(), ["bad.tar"], "{case}: nothing else is left");
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    all_are_refused(names());
}

#[test]
fn two_things_in_one_place_are_refused() {
    all_are_refused(doubles());
}

#[test]
fn what_is_no_file_is_refused() {
    all_are_refused(kinds());
}

#[test]
fn fields_that_lie_are_refused() {
    all_are_refused(fields());
}

#[test]
fn extensions_that_can_be_read_in_two_ways_are_refused() {
    all_are_refused(extensions());
}

#[test]
fn a_tar_that_does_not_come_to_its_end_is_refused() {
    all_are_refused(ends());
}

#[test]
fn compressed_streams_that_are_not_whole_are_refused() {
    all_are_refused(streams());
}

#[test]
fn a_bad_tar_leaves_an_archive_as_it_was() {
    let place = Place::new();
    fs::write(place.path("good.tar"), Tarball::backup().end()).expect("a new file");
    fs::write(place.path("bad.tar"), named(b"../x")).expect("a new file");
    place.succeed(&["import", "good.tar"]);
    let before = place.succeed(&["list"]);
    assert_eq!(place.run(&["import", "bad.tar"]).status.code(), Some(2));
    assert_eq!(place.succeed(&["list"]), before);
    place.succeed(&["check", "--read-data"]);
}

#[test]
fn a_whole_tar_cut_anywhere_is_refused() {
    let tar = Tarball::backup().file("x/y", b"some text").end();
    for compressed in [tar.clone(), gzip(&tar), zstd::encode_all(&tar[..], 3).expect("memory")] {
        let place = Place::new();
        let step = (compressed.len() / 40).max(1);
        for length in (0..compressed.len() - 1).step_by(step) {
            let output = place.feed(&["import", "-", "--name", "x"], &compressed[..length]);
            assert_eq!(output.status.code(), Some(2), "cut at {length}: {}", told(&output));
            assert_eq!(place.names(), Vec::<String>::new(), "cut at {length}");
        }
    }
}
