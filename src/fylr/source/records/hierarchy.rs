//! Records that have parents of their own kind: all of them are read first, then they are handed over level by level.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::fylr::error::Error;
use crate::fylr::source::ahead::{Ahead, Batch, Item};
use crate::fylr::source::download;
use crate::fylr::source::ids::IdSet;
use crate::fylr::source::levels::{self, levels};
use crate::fylr::source::payload::{Form, Payload};
use crate::fylr::source::read::{Reader, folder, parsed};
use crate::fylr::source::records::batch_name;
use crate::fylr::source::records::pages::Doubles;
use crate::fylr::source::records::turner;
use crate::fylr::source::spool::{Place, Spool};
use crate::fylr::source::turn::{self, Context, Glance, Parent};
use crate::model::payload::PayloadKind;

/// A version of a record in a hierarchy, waiting for all others.
struct Waiting {
    place: Place,
    id: u64,
    version: u64,
    is_latest: bool,
    /// Of [`Hierarchy::parents`].
    parents: std::ops::Range<usize>,
    /// The parent by the id within the objecttype, until all are known.
    is_local: bool,
}

/// All records of an objecttype that is restored level by level. Takes about 60 bytes of memory for each version.
struct Hierarchy {
    spool: Spool,
    waiting: Vec<Waiting>,
    parents: Vec<u64>,
    system_ids: HashMap<u64, u64>,
}

pub(super) async fn read(
    reader: &mut Reader,
    context: &Arc<Context>,
    ahead: &mut Ahead,
    course: usize,
    objecttype: &str,
) -> Result<(), Error> {
    let spool = Spool::new(&folder(&reader.options))?;
    let mut hierarchy = Hierarchy { spool, waiting: Vec::new(), parents: Vec::new(), system_ids: HashMap::new() };
    let mut doubles = Doubles::default();
    let mut seen = IdSet::default();
    let mut aside = Vec::new();
    let mut page = 0;
    loop {
        let given = ahead.page(course, page, async |mut batch: Batch| {
            aside.append(&mut batch.aside);
            let Batch { text, items, .. } = batch;
            let mut items = items.into_iter().filter(|item| doubles.is_new(item, &mut seen));
            Ok(items.try_for_each(|item| hierarchy.add(&item, &text[item.place.clone()]))?)
        });
        if given.await? == 0 && ahead.is_end(course, page) {
            break;
        }
        page += 1;
    }
    reader.all_aside_again(aside);
    doubles.tell(context, objecttype);
    hierarchy.resolve();
    hand_over(reader, context, hierarchy, objecttype).await
}

impl Hierarchy {
    fn add(&mut self, item: &Item, text: &[u8]) -> std::io::Result<()> {
        let place = self.spool.put(text)?;
        if let Some(id) = item.local_id {
            self.system_ids.insert(id, item.id);
        }
        let first = self.parents.len();
        let is_local = matches!(item.parents.first(), Some(Parent::Id(_)));
        self.parents.extend(item.parents.iter().map(|parent| match parent {
            Parent::Id(id) | Parent::SystemId(id) => *id,
        }));
        let parents = first..self.parents.len();
        self.waiting.push(Waiting {
            place,
            id: item.id,
            version: item.version,
            is_latest: item.is_latest,
            parents,
            is_local,
        });
        Ok(())
    }

    /// Names all parents by their system object ids; those that are not there are nobody's.
    fn resolve(&mut self) {
        for waiting in self.waiting.iter().filter(|waiting| waiting.is_local) {
            for parent in &mut self.parents[waiting.parents.clone()] {
                *parent = self.system_ids.get(parent).copied().unwrap_or(u64::MAX);
            }
        }
    }

    /// Turns one version, and writes it behind what is written already.
    fn turned(
        &mut self,
        place: usize,
        all: &HashSet<u64>,
        objecttype: &str,
        (context, form, out): (&Context, Form, &mut Vec<u8>),
    ) -> Result<Result<Item, (String, String)>, Error> {
        let waiting = &self.waiting[place];
        let parent = self.parents[waiting.parents.clone()].first().copied().filter(|id| all.contains(id));
        let text = self.spool.get(waiting.place)?;
        let json = parsed(&text, objecttype)?;
        let glance = turn::glance(&json, objecttype)
            .map_err(|error| Error::Unexpected { what: objecttype.to_owned(), why: error.to_string() })?;
        let glance = Glance { is_latest: waiting.is_latest, ..glance };
        let parent = parent.filter(|_| json.get(objecttype).is_some_and(|block| block.get("_id_parent").is_some()));
        Ok(turner::item(json, &glance, (objecttype, parent), context, (form, out)))
    }

    /// The versions by level, within a level in the order of the list; whether there was a circle.
    fn order(&self) -> (Vec<(u32, usize)>, bool) {
        let version = |at: usize| levels::Version {
            id: self.waiting[at].id,
            parents: &self.parents[self.waiting[at].parents.clone()],
        };
        let (levels, has_circle) = levels(self.waiting.len(), version);
        let mut order: Vec<(u32, usize)> = levels.into_iter().zip(0..).collect();
        order.sort_unstable();
        (order, has_circle)
    }
}

async fn hand_over(
    reader: &mut Reader,
    context: &Arc<Context>,
    mut hierarchy: Hierarchy,
    objecttype: &str,
) -> Result<(), Error> {
    let (order, has_circle) = hierarchy.order();
    if has_circle {
        reader.limit(format!("{objecttype}: parents go in a circle, some of them are restored before theirs"));
    }
    let all: HashSet<u64> = hierarchy.waiting.iter().map(|waiting| waiting.id).collect();
    let done = reader.resume.versions.remove(objecttype).unwrap_or_default();
    if !done.is_empty() {
        download::rest_of(reader).await?;
    }
    let mut batches = Batches { level: 0, number: 0 };
    let mut at = 0;
    while at < order.len() {
        let level = order[at].0;
        let size = reader.options.chunk_size as usize;
        let end = order[at..].iter().take(size).take_while(|(other, _)| *other == level).count() + at;
        let number = batches.next(level);
        let head = reader.form.head(&batch_name(objecttype, Some(level), number));
        let places = order[at..end].iter().map(|(_, place)| *place);
        at = end;
        if reader.resume.has(&head.path) {
            continue;
        }
        let is_wanted = |place: &usize| {
            let waiting = &hierarchy.waiting[*place];
            !done.contains(&(waiting.id, waiting.version))
        };
        let places: Vec<usize> = places.filter(is_wanted).collect();
        let mut batch = Batch::default();
        let mut out = Vec::new();
        for place in places {
            let turned = hierarchy.turned(place, &all, objecttype, (context, reader.form, &mut out))?;
            match turned {
                Ok(item) => batch.items.push(item),
                Err(why) => batch.aside.push(why),
            }
        }
        let ids = reader.inventory.of(objecttype);
        let before = ids.len();
        for item in &batch.items {
            ids.insert(item.id);
        }
        let unique = ids.len() - before;
        let mut payload = Payload::new(&reader.way, reader.form, head, PayloadKind::Records, Some(objecttype));
        payload.count(unique);
        payload.run(out.into(), batch.items.len() as u64).await?;
        payload.end().await?;
        reader.all_aside(batch.aside);
        download::files(reader, batch.items.into_iter().flat_map(|item| item.files).collect()).await?;
        reader.checkpoint().await?;
    }
    Ok(())
}

/// Numbers the payloads of each level.
struct Batches {
    level: u32,
    number: u64,
}

impl Batches {
    fn next(&mut self, level: u32) -> u64 {
        if self.level != level {
            *self = Self { level, number: 0 };
        }
        self.number += 1;
        self.number - 1
    }
}
