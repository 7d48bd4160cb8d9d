//! The program is killed while it makes an archive: there is none, or a good one.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::support::archives::import;
use crate::support::backup::write_dir;
use crate::support::museum::{Museum, Size};
use crate::support::program::{self, check, succeed};
use crate::support::rounds::{chance, rounds};

#[test]
fn a_kill_while_an_archive_is_made_leaves_none_or_a_good_one() {
    let mut chance = chance("a_kill_while_an_archive_is_made_leaves_none_or_a_good_one");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let source = dir.path().join("backup");
    write_dir(&source, &Museum::new(1, Size { objects: 1, pictures: 1, picture_bytes: 1 }).files());
    let (mut none, mut good) = (0, 0);
    for round in 0..rounds(60) {
        let place = dir.path().join(round.to_string());
        fs::create_dir(&place).expect("a new directory");
        let archive = place.join("fonds.redb");
        let mut command = program::import(&archive, &source);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        // The first sign of the archive, under whatever name.
        while fs::read_dir(&place).expect("a directory").next().is_none() {
            assert!(child.try_wait().expect("a child").is_none(), "it ended without a sign of an archive");
        }
        thread::sleep(Duration::from_micros(chance.u64(0..30_000)));
        child.kill().expect("a child that can be killed");
        child.wait().expect("a child that ends");
        if archive.exists() {
            good += 1;
            succeed(check(&archive));
        } else {
            none += 1;
        }
        import(&archive, &source).expect("an import after that");
        succeed(check(&archive));
        fs::remove_dir_all(place).expect("a directory that can be removed");
    }
    eprintln!("{none} times there was no archive, {good} times a good one");
}
