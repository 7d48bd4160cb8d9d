//! The end of writing: when everything has arrived and the manifest is known, each entry gets its role and its place in
//! the list.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::archive::codec;
use crate::archive::error::{Damage, Error};
use crate::archive::list::{Body, Row, StoredRow};
use crate::archive::writer::arrived::{Arrival, Arrived, Shelf, Spot, failed};
use crate::model::entry::{Encoding, EntryHead, Role};
use crate::model::event::{Event, Observer, Warning};
use crate::model::listing::{self, Listed, Listing, MissingPayloads};
use crate::model::manifest::{self, Manifest};
use crate::model::path::EntryPath;
use crate::sorter::Sorter;

/// Hands over every entry in restore order with its settled role.
///
/// # Errors
/// When two things stand at one path, when what the manifest names is missing and `missing` refuses that and it was not
/// put as missing, or the first error of `visit`.
pub fn settle<E: From<Error>>(
    mut arrived: Arrived,
    folder: PathBuf,
    manifest: &Manifest,
    missing: MissingPayloads,
    observer: &dyn Observer,
    mut visit: impl FnMut(Arrival) -> Result<(), E>,
) -> Result<(), E> {
    let (listing, shelf) = arrived.listing(manifest)?;
    let mut order = Order { places: places(&listing), sorter: Sorter::new(folder), accepted: Vec::new() };
    arrived.for_each(|path, spot| order.push(path, spot))?;
    let Order { mut sorter, mut accepted, .. } = order;
    accepted.sort_unstable();
    for (at, file) in listing.files.iter().enumerate().filter(|(_, file)| !file.is_there) {
        if accepted.binary_search(&file.path).is_err() {
            refuse(&listing, &accepted, missing)?;
            observer.observe(Event::Warning(Warning::Missing { path: file.path.clone() }));
        }
        let head = EntryHead {
            path: file.path.clone(),
            role: file.role,
            encoding: Encoding::Plain,
            modified: None,
            size: None,
        };
        let row = Row { head, body: Body::Missing };
        push(&mut sorter, key(Group::Named, at, &row), &Arrival { row, new_records: 0, is_told: true })?;
    }
    warn_of_extensions(&listing, &shelf, observer);
    let mut sorted = sorter.sorted().map_err(failed)?;
    while let Some((_, value)) = sorted.next().map_err(failed)? {
        let (row, new_records, is_told): (StoredRow, u64, bool) =
            codec::decode(&value).map_err(|_| Error::from(Damage::Recipe))?;
        let row = row.row().ok_or(Error::from(Damage::Recipe))?;
        visit(Arrival { row, new_records, is_told })?;
    }
    Ok(())
}

/// The parts of the list, in order.
#[derive(Clone, Copy)]
enum Group {
    Manifest,
    Named,
    Files,
    Logs,
    Unlisted,
}

/// Entries on the way to their places.
struct Order<'a> {
    places: HashMap<&'a EntryPath, (usize, Role)>,
    sorter: Sorter,
    /// What was put as missing.
    accepted: Vec<EntryPath>,
}

/// Where the manifest names what is there.
fn places(listing: &Listing) -> HashMap<&EntryPath, (usize, Role)> {
    let there = listing.files.iter().enumerate().filter(|(_, file)| file.is_there);
    there.map(|(at, file)| (&file.path, (at, file.role))).collect()
}

impl Order<'_> {
    fn push(&mut self, path: EntryPath, spot: Spot) -> Result<(), Error> {
        let is_rendition = spot.is_rendition;
        let (group, at, role) = match self.places.get(&path) {
            Some((at, role)) => (Group::Named, *at, *role),
            None if !spot.files.is_empty() => by_place(&path, is_rendition),
            None => match listing::role_of_folder(&path) {
                Role::File => (Group::Files, 0, Role::File),
                role => (Group::Unlisted, 0, role),
            },
        };
        let Some(mut arrival) = spot.take(role) else { return Ok(()) };
        if arrival.row.body == Body::Missing {
            self.accepted.push(path);
            return Ok(());
        }
        arrival.row.head.role = role;
        if role != Role::Payload
            && let Body::File(body) = &mut arrival.row.body
        {
            (body.records, body.flaw) = (None, None);
        }
        push(&mut self.sorter, key(group, at, &arrival.row), &arrival)
    }
}

/// What a file is that the manifest does not name.
fn by_place(path: &EntryPath, is_rendition: bool) -> (Group, usize, Role) {
    match listing::role_of_file(path) {
        _ if path.as_bytes() == manifest::FILE_NAME.as_bytes() => (Group::Manifest, 0, Role::Manifest),
        Role::File if is_rendition => (Group::Files, 0, Role::Rendition),
        Role::File => (Group::Files, 0, Role::File),
        Role::Log => (Group::Logs, 0, Role::Log),
        _ => (Group::Unlisted, 0, Role::Unlisted),
    }
}

/// In a group what the manifest orders comes in its order, all else in that of the paths; folders sort with the slash
/// that follows them.
fn key(group: Group, at: usize, row: &Row) -> Vec<u8> {
    let slash: &[u8] = if row.body == Body::Folder { b"/" } else { b"" };
    [&[group as u8][..], &(at as u64).to_be_bytes(), row.head.path.as_bytes(), slash].concat()
}

fn push(sorter: &mut Sorter, key: Vec<u8>, arrival: &Arrival) -> Result<(), Error> {
    let value = codec::encode(&(StoredRow::from(&arrival.row), arrival.new_records, arrival.is_told));
    sorter.push(&key, &value).map_err(failed)
}

fn refuse(listing: &Listing, accepted: &[EntryPath], missing: MissingPayloads) -> Result<(), Error> {
    if missing == MissingPayloads::Accept {
        return Ok(());
    }
    let mut absent = listing.missing().filter(|path| accepted.binary_search(path).is_err());
    match absent.next() {
        Some(path) => Err(Error::Absent { path: path.clone(), others: absent.count() }),
        None => Ok(()),
    }
}

/// Who handed a file over as a payload has told already why.
fn warn_of_extensions(listing: &Listing, shelf: &Shelf, observer: &dyn Observer) {
    let found = listing.files.iter().filter(|file| file.is_there && shelf.role(&file.path) == Some(Role::Unlisted));
    for warning in found.filter_map(Listed::warning) {
        observer.observe(Event::Warning(warning));
    }
}
