//! `fonds demo`: the whole way of a backup, on a made-up museum in a temporary directory. What is shown as typed is what
//! runs.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use include_dir::{Dir, DirEntry, include_dir};

use crate::cli::arguments::Arguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::cli::signals;

static MUSEUM: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/museum");

/// In front of what differs in every backup of the same files.
const SIGNATURE: &str = "x-fylr-signature=v1-";
/// What somebody changed between Monday and Tuesday: two titles, in all versions of their records.
const EDITS: [(&str, &str); 2] = [("\"Krug\"", "\"Krug mit Deckel\""), ("\"Karte", "\"Alte Karte")];

pub fn run(session: &mut Session) -> Result<Exit, Error> {
    if !session.out.is_json() {
        signals::interruptible(|| tell(session))?;
        return Ok(Exit::DONE);
    }
    let out = std::mem::replace(&mut session.out, Output::nowhere());
    let told = signals::interruptible(|| tell(session));
    session.out = out;
    session.out.member("files_the_same", &told?.into())?;
    Ok(Exit::DONE)
}

/// Goes through it all, and gives back how many files were compared.
fn tell(session: &mut Session) -> Result<u64, Error> {
    signals::begin();
    let place = tempfile::tempdir().map_err(failed(Path::new("the temporary directory")))?;
    let _back = WorkingDirectory::enter(place.path())?;
    session.archive = PathBuf::from("fonds.redb");

    session.out.line(format_args!("A made-up museum backs up its fylr on Monday:\n"))?;
    write(&MUSEUM, Path::new("monday"), str::to_owned)?;
    type_in("import monday --name museum", session)?;

    session.out.line(format_args!("On Tuesday two titles are different, and all links to files are signed anew:\n"))?;
    write(&MUSEUM, Path::new("tuesday"), next_day)?;
    type_in("import tuesday --name museum", session)?;
    type_in("list", session)?;

    session.out.line(format_args!("Either day comes back as it was:\n"))?;
    type_in("export museum~1 monday-again", session)?;
    type_in("export museum tuesday-again", session)?;
    let files = compare("monday", "monday-again", session)? + compare("tuesday", "tuesday-again", session)?;
    type_in("check --read-data", session)?;

    session.out.line(format_args!("That is all. Nothing of it is left behind."))?;
    Ok(files)
}

fn type_in(words: &str, session: &mut Session) -> Result<(), Error> {
    session.out.line(format_args!("$ fonds {words}"))?;
    let line = std::iter::once("fonds").chain(words.split(' '));
    let arguments = Arguments::try_parse_from(line).map_err(|_| Error::NoCommand(words.to_owned()))?;
    match arguments.command.run(session)? {
        Exit::DONE => Ok(session.out.line(format_args!(""))?),
        _ => Err(Error::Panicked),
    }
}

fn compare(one: &str, other: &str, session: &mut Session) -> Result<u64, Error> {
    session.out.line(format_args!("$ diff -r {one} {other}"))?;
    let files = same_files(Path::new(one), Path::new(other))?;
    session.out.line(format_args!("({files} files, byte for byte the same)\n"))?;
    Ok(files)
}

/// Counts the files below a directory, all of which are in the other one with the same bytes, and nothing else.
fn same_files(one: &Path, other: &Path) -> Result<u64, Error> {
    let names = |path: &Path| -> Result<Vec<OsString>, Error> {
        let names = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        let mut names: Vec<_> = names.map_err(failed(path))?;
        names.sort_unstable();
        Ok(names)
    };
    if one.is_dir() && other.is_dir() && names(one)? == names(other)? {
        return names(one)?.iter().map(|name| same_files(&one.join(name), &other.join(name))).sum();
    }
    let read = |path: &Path| fs::read(path).map_err(failed(path));
    if one.is_file() && other.is_file() && read(one)? == read(other)? {
        Ok(1)
    } else {
        Err(Error::Different(other.to_owned()))
    }
}

/// Writes a sample directory, its JSON edited.
fn write(sample: &Dir<'_>, target: &Path, edit: fn(&str) -> String) -> Result<(), Error> {
    fs::create_dir_all(target).map_err(failed(target))?;
    for entry in sample.entries() {
        let path = target.join(entry.path().file_name().unwrap_or_default());
        match entry {
            DirEntry::Dir(folder) => write(folder, &path, edit)?,
            DirEntry::File(file) => match file.contents_utf8().filter(|_| path.extension() == Some("json".as_ref())) {
                Some(text) => fs::write(&path, edit(text)).map_err(failed(&path))?,
                None => fs::write(&path, file.contents()).map_err(failed(&path))?,
            },
        }
    }
    Ok(())
}

/// A payload as it is in the next backup.
fn next_day(text: &str) -> String {
    let edited = EDITS.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let mut parts = edited.split(SIGNATURE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        let signature = part[..digits].chars().rev().collect::<String>();
        text + SIGNATURE + &signature + &part[digits..]
    })
}

/// Somewhere else, until it is dropped.
struct WorkingDirectory(PathBuf);

impl WorkingDirectory {
    fn enter(place: &Path) -> Result<Self, Error> {
        let back = std::env::current_dir().map_err(failed(Path::new(".")))?;
        std::env::set_current_dir(place).map_err(failed(place))?;
        Ok(Self(back))
    }
}

impl Drop for WorkingDirectory {
    fn drop(&mut self) {
        // The place to go back to may be gone; the program ends soon.
        let _ = std::env::set_current_dir(&self.0);
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Demo { path: path.clone(), source }
}
