//! A snapshot and a backup on disk: the records on disk get the ids that they would have in the archive, and those that
//! the snapshot does not have differ.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use roaring::RoaringTreemap;

use crate::archive::id::{ChunkId, ChunkNumber};
use crate::archive::{self, Body, Elements, Item, RecordReader, Row, Snapshot};
use crate::jobs::Error;
use crate::jobs::diff::entries::Entries;
use crate::jobs::diff::matching::Matcher;
use crate::jobs::diff::snapshots::{self, Held, is_text};
use crate::jobs::diff::spool::Spool;
use crate::jobs::diff::{COMPARED_MAX, Group};
use crate::layout::{DirectoryReader, MissingPayloads, TarReader};
use crate::model::backup::BackupReader as _;
use crate::model::entry::{Content, Digest, Encoding, EntryHead, Role};
use crate::model::event::Silent;
use crate::model::listing;
use crate::model::manifest::{FILE_NAME, Manifest};
use crate::model::path::EntryPath;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;

pub(super) fn compare(
    records: &RecordReader,
    snapshot: &Snapshot,
    layout: &Path,
    spool: &mut Spool,
    details: bool,
) -> Result<(BTreeMap<Group, Matcher>, Entries), Error> {
    let mut side = OnDisk::new(records, snapshot, spool, details)?;
    if layout.is_dir() || layout.file_name() == Some(OsStr::new(FILE_NAME)) {
        let reader = DirectoryReader::open(layout, MissingPayloads::Accept, &Silent)?;
        reader.for_each(|head, content| match content {
            Content::Bytes(content) => side.entry(head, content),
            Content::Folder | Content::Missing => Ok(()),
        })?;
    } else {
        // The manifest, which says what the payloads are, may come last in a tar: so it is read twice.
        let reader = TarReader::open(layout)?;
        let mut place = None;
        let manifest = reader.for_each(|head, _| {
            if head.role == Role::Manifest {
                place = Some(head.path.clone());
            }
            Ok::<(), Error>(())
        })?;
        let roles = Roles::of(manifest, place.as_ref());
        TarReader::open(layout)?.for_each(|head, content| match (roles.settle(head), content) {
            (Some(head), Content::Bytes(content)) => side.entry(&head, content),
            _ => Ok(()),
        })?;
    }
    side.finish(snapshot)
}

/// What the files in a tar are for, going by its manifest.
struct Roles {
    /// What stands before every path of the backup, with the slash.
    folder: Vec<u8>,
    payloads: HashSet<EntryPath>,
    datamodel: EntryPath,
    base_config: EntryPath,
}

impl Roles {
    /// `place` is the path that the manifest has in the tar.
    fn of(manifest: &Manifest, place: Option<&EntryPath>) -> Self {
        let listed = manifest.payloads().iter().map(|name| name.path.clone());
        let payloads = listed.flat_map(|path| [listing::other_extension(&path), Some(path)]).flatten().collect();
        let named = |path: Option<&EntryPath>, usual: &str| {
            path.cloned().unwrap_or_else(|| usual.parse().expect("a usual name is a path"))
        };
        let folder = place.and_then(|path| path.as_bytes().strip_suffix(FILE_NAME.as_bytes()));
        Self {
            folder: folder.unwrap_or_default().to_vec(),
            payloads,
            datamodel: named(manifest.datamodel(), "datamodel.json"),
            base_config: named(manifest.base_config(), "base_config.json"),
        }
    }

    /// The head as it is in the backup; `None` for what is handed over once more, and for what is no part of it.
    fn settle(&self, head: &EntryHead) -> Option<EntryHead> {
        let path = EntryPath::new(head.path.as_bytes().strip_prefix(&self.folder[..])?).ok()?;
        let head = EntryHead { path, ..head.clone() };
        if !matches!(head.role, Role::Payload | Role::Unlisted) {
            return Some(head);
        }
        let role = match &head.path {
            path if self.payloads.contains(path) => Role::Payload,
            path if *path == self.datamodel => Role::Datamodel,
            path if *path == self.base_config => Role::BaseConfig,
            path => listing::role_of_file(path),
        };
        let is_packed = head.path.as_bytes().ends_with(b".gz") && head.encoding == Encoding::Plain;
        // Gzip of which nobody knew what it is comes as it stands, and then unpacked; JSON is what is in it.
        let comes_again = head.role == Role::Unlisted && is_packed && role.is_json();
        let came_before = !role.is_json() && head.encoding == Encoding::Gzip;
        (!comes_again && !came_before).then_some(EntryHead { role, ..head })
    }
}

/// A record of the snapshot.
struct Known {
    number: ChunkNumber,
    group: usize,
    is_on_disk: bool,
}

/// What is known of the snapshot, and found on disk.
struct OnDisk<'a> {
    records: &'a RecordReader,
    spool: &'a mut Spool,
    groups: Vec<Group>,
    known: HashMap<ChunkId, Known>,
    /// Records of the snapshot that are no chunks.
    others: HashMap<ChunkId, (Group, Vec<u8>)>,
    matchers: BTreeMap<Group, Matcher>,
    entries: Entries,
    texts: BTreeMap<Role, (Option<Row>, Option<(Digest, Vec<u8>)>)>,
}

impl<'a> OnDisk<'a> {
    fn new(records: &'a RecordReader, snapshot: &Snapshot, spool: &'a mut Spool, details: bool) -> Result<Self, Error> {
        let mut side = Self {
            records,
            spool,
            groups: Vec::new(),
            known: HashMap::new(),
            others: HashMap::new(),
            matchers: BTreeMap::new(),
            entries: Entries::new(details),
            texts: BTreeMap::new(),
        };
        let mut held = Held::default();
        records.items(snapshot, |item| {
            match item {
                Item::Payload(payload) => held.add(payload),
                Item::Other(row) => side.other(row),
            }
            Ok::<(), archive::Error>(())
        })?;
        side.hold(held)?;
        Ok(side)
    }

    fn other(&mut self, row: Row) {
        if let Body::File(file) = &row.body {
            self.entries.before(row.head.role, &row.head.path, file.digest);
        }
        if is_text(row.head.role) {
            let role = row.head.role;
            self.texts.entry(role).or_default().0 = Some(row);
        }
    }

    fn hold(&mut self, held: Held) -> Result<(), Error> {
        for payload in &held.others {
            let group = snapshots::group(payload);
            self.records.others(payload, |_, record| {
                self.others.insert(self.records.id(record), (group.clone(), record.to_vec()));
                Ok::<(), archive::Error>(())
            })?;
        }
        for (group, numbers) in held.chunks {
            let at = self.groups.len();
            self.groups.push(group);
            self.records.ids(&numbers, |number, id| {
                self.known.insert(id, Known { number, group: at, is_on_disk: false });
                Ok::<(), archive::Error>(())
            })?;
        }
        Ok(())
    }

    fn entry(&mut self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        // A payload that holds no records in the snapshot is compared as a whole.
        if head.role == Role::Payload && !self.entries.has_before(&head.path) {
            return self.payload(head, content);
        }
        let mut kept = is_text(head.role).then(Vec::new);
        let mut hasher = blake3::Hasher::new();
        each_block(head, content, |block| {
            hasher.update(block);
            if let Some(kept) = kept.as_mut().filter(|kept| (kept.len() + block.len()) as u64 <= COMPARED_MAX) {
                kept.extend_from_slice(block);
            }
            Ok(())
        })?;
        let digest = Digest(*hasher.finalize().as_bytes());
        self.entries.after(head.role, &head.path, digest);
        if let Some(kept) = kept {
            self.texts.entry(head.role).or_default().1 = Some((digest, kept));
        }
        Ok(())
    }

    fn payload(&mut self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        let mut elements = Elements::default();
        // The kind may stand behind the records.
        let mut new = Matcher::default();
        each_block(head, content, |block| {
            elements.feed(block, &mut |_, record| {
                let id = self.records.id(record);
                if let Some(known) = self.known.get_mut(&id) {
                    let is_first = !std::mem::replace(&mut known.is_on_disk, true);
                    new.unchanged += u64::from(is_first);
                    Ok(())
                } else if self.others.remove(&id).is_some() {
                    new.unchanged += 1;
                    Ok(())
                } else {
                    new.add_after(record, self.spool)
                }
            })
        })?;
        let outline = elements.finish();
        let kind = outline.kind(&String::from_utf8_lossy(head.path.name()));
        let group = Group { kind: kind.name().to_owned(), objecttype: outline.objecttype };
        self.matchers.entry(group).or_default().join(new);
        Ok(())
    }

    fn finish(mut self, snapshot: &Snapshot) -> Result<(BTreeMap<Group, Matcher>, Entries), Error> {
        let mut gone: BTreeMap<usize, RoaringTreemap> = BTreeMap::new();
        for known in self.known.values().filter(|known| !known.is_on_disk) {
            gone.entry(known.group).or_default().insert(known.number.0);
        }
        for (group, numbers) in gone {
            let matcher = self.matchers.entry(self.groups[group].clone()).or_default();
            let adding = std::sync::Mutex::new((matcher, &mut *self.spool));
            self.records.read(&numbers, |_, record| {
                let (matcher, spool) = &mut *adding.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                matcher.add_before(record, spool)
            })?;
        }
        for (group, record) in self.others.into_values() {
            self.matchers.entry(group).or_default().add_before(&record, self.spool)?;
        }
        self.entries.finish(|visit| {
            Ok(self.records.items(snapshot, |item| {
                if let Item::Other(row) = item {
                    visit(&row.head.path);
                }
                Ok::<(), archive::Error>(())
            })?)
        })?;
        for (role, (row, on_disk)) in self.texts {
            let is_same = match (&row, &on_disk) {
                (Some(Row { body: Body::File(file), .. }), Some((digest, _))) => file.digest == *digest,
                _ => false,
            };
            if !is_same {
                let before = snapshots::read(self.records, row.as_ref())?;
                self.entries.compared.push((role, before, on_disk.map(|(_, bytes)| bytes)));
            }
        }
        Ok((self.matchers, self.entries))
    }
}

fn each_block(
    head: &EntryHead,
    content: &mut dyn Read,
    mut visit: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let failed = |source| archive::Error::Content { path: head.path.clone(), source };
        match content.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(length) => visit(&block[..length])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error).into()),
        }
    }
}
