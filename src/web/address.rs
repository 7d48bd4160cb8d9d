//! Where pages stand: what is below a backup has the path that it has in the backup.

use std::fmt::Write as _;

use crate::archive::id::SnapshotNumber;
use crate::model::path::EntryPath;
use crate::web::look::HOME;

/// The name in a query of the snapshot that is meant; the newest if there is none.
pub(super) const SNAPSHOT: &str = "snapshot";
/// The name in a query of an entry whose path no URL can hold, in hexadecimal digits.
pub(super) const HEX: &str = "hex";
/// Paths of our own: a backup of that name is reached with its first letter written as `%XX`.
const TAKEN: [&str; 2] = ["runs", "assets"];

/// The page of a backup.
pub(super) fn backup(name: &str) -> String {
    let mut path = HOME.to_owned();
    if TAKEN.contains(&name) {
        let (first, rest) = name.split_at(1);
        let _ = write!(path, "%{:02X}", first.as_bytes()[0]);
        escape(&mut path, rest.as_bytes());
    } else {
        escape(&mut path, name.as_bytes());
    }
    path.push('/');
    path
}

/// The page of one of its snapshots.
pub(super) fn snapshot(name: &str, number: SnapshotNumber) -> String {
    format!("{}?{SNAPSHOT}={number}", backup(name))
}

/// The page of a folder in a snapshot; `None` is the root.
pub(super) fn folder(name: &str, number: SnapshotNumber, path: Option<&EntryPath>) -> String {
    match path {
        None => format!("{}#content-of", snapshot(name, number)),
        Some(path) => below(name, number, path, "/"),
    }
}

/// The page of an entry in a snapshot.
pub(super) fn entry(name: &str, number: SnapshotNumber, path: &EntryPath) -> String {
    below(name, number, path, "")
}

fn below(name: &str, number: SnapshotNumber, path: &EntryPath, end: &str) -> String {
    let mut address = backup(name);
    let text = std::str::from_utf8(path.as_bytes());
    if text.is_ok_and(|text| !text.contains(char::is_control)) {
        for (at, part) in path.parts().enumerate() {
            if at > 0 {
                address.push('/');
            }
            escape(&mut address, part);
        }
        let _ = write!(address, "{end}?{SNAPSHOT}={number}");
    } else {
        let _ = write!(address, "?{SNAPSHOT}={number}&{HEX}=");
        for byte in [path.as_bytes(), end.as_bytes()].concat() {
            let _ = write!(address, "{byte:02x}");
        }
    }
    address
}

/// The path that hexadecimal digits stand for, and whether it is that of a folder.
pub(super) fn of_hex(digits: &str) -> Option<(EntryPath, bool)> {
    let bytes = digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    of_bytes(&bytes.collect::<Option<Vec<u8>>>()?)
}

/// The path below a backup, and whether it is that of a folder.
pub(super) fn of_bytes(path: &[u8]) -> Option<(EntryPath, bool)> {
    let without = path.strip_suffix(b"/");
    Some((EntryPath::new(without.unwrap_or(path)).ok()?, without.is_some()))
}

/// Everything but what RFC 3986 §2.3 calls unreserved is written as `%XX`.
fn escape(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_in_a_url_are_escaped() {
        let number = SnapshotNumber(7);
        let path = EntryPath::new("files/0/Krug & Kanne?#%.png").unwrap();
        assert_eq!(
            entry("museum", number, &path),
            "/inspect/migration/museum/files/0/Krug%20%26%20Kanne%3F%23%25.png?snapshot=7"
        );
        assert_eq!(folder("m", number, Some(&EntryPath::new("ä").unwrap())), "/inspect/migration/m/%C3%A4/?snapshot=7");
        assert_eq!(backup("runs"), "/inspect/migration/%72uns/");
        assert_eq!(backup("run"), "/inspect/migration/run/");
    }

    #[test]
    fn what_no_url_can_hold_is_reached_all_the_same() {
        let path = EntryPath::new(b"a\n/\xff").unwrap();
        let address = folder("m", SnapshotNumber(1), Some(&path));
        assert_eq!(address, "/inspect/migration/m/?snapshot=1&hex=610a2fff2f");
        assert_eq!(of_hex("610a2fff2f"), Some((path.clone(), true)));
        assert_eq!(of_hex("610a2fff"), Some((path, false)));
        assert_eq!(of_hex("zz"), None);
        assert_eq!(of_hex("2e2e"), None);
    }
}
