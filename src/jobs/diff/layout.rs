//! A snapshot and a backup on disk: the records on disk get the ids that they would have in the archive, and those that
//! the snapshot does not have differ.

use std::collections::{BTreeMap, HashMap};
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
use crate::layout::{DirectoryReader, MissingPayloads};
use crate::model::backup::BackupReader as _;
use crate::model::entry::{Content, Digest, EntryHead, Role};
use crate::model::event::Silent;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;

pub(super) fn compare(
    records: &RecordReader,
    snapshot: &Snapshot,
    layout: &Path,
    spool: &mut Spool,
    details: bool,
) -> Result<(BTreeMap<Group, Matcher>, Entries), Error> {
    let reader = DirectoryReader::open(layout, MissingPayloads::Accept, &Silent)?;
    let mut side = OnDisk::new(records, snapshot, spool, details)?;
    reader.for_each(|head, content| match content {
        Content::Bytes(content) => side.entry(head, content),
        Content::Folder | Content::Missing => Ok(()),
    })?;
    side.finish(snapshot)
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
