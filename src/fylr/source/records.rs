//! The records of all objecttypes, in the order of restoring: those that others link to first, hierarchies level by
//! level, the versions of a record one after the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, Unreadable, elements, parsed_elements};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::ahead::{Ahead, Batch, Course, Item, Turn};
use crate::fylr::source::datamodel::Table;
use crate::fylr::source::download;
use crate::fylr::source::levels::{self, levels};
use crate::fylr::source::list::List;
use crate::fylr::source::options::ReadOptions;
use crate::fylr::source::payload::Payload;
use crate::fylr::source::plan::Objecttype;
use crate::fylr::source::read::{Reader, folder, parsed};
use crate::fylr::source::resume::LEVEL;
use crate::fylr::source::spool::{Place, Spool};
use crate::fylr::source::turn::{self, Context, FileSource, Glance, Parent, Versions};
use crate::fylr::version::Version;
use crate::model::payload::PayloadKind;

/// From here on fylr tells the real addresses of files that are left on remote servers.
const REAL_URLS: Version = Version::new(6, 34, 0);
/// From here on it signs the URLs of files for as long as it is asked to.
const SIGNED_URLS: Version = Version::new(6, 8, 0);

pub(crate) async fn read(reader: &mut Reader, context: &Arc<Context>) -> Result<(), Error> {
    let objecttypes = reader.source.objecttypes.clone();
    let courses = objecttypes.iter().map(|objecttype| course(reader, objecttype, context)).collect::<Vec<_>>();
    let starts: Vec<u64> = courses.iter().map(|course| course.from).collect();
    let observer = Arc::clone(&reader.observer);
    let mut ahead = Ahead::new(reader.client.clone(), courses, reader.options.workers, observer);
    for (at, objecttype) in objecttypes.iter().enumerate() {
        reader.phase(&objecttype.name, objecttype.total.unwrap_or(0)).await?;
        if !reader.state.finished.contains(&objecttype.name) {
            if is_hierarchical(reader, &objecttype.name) {
                hierarchy(reader, context, &mut ahead, at, &objecttype.name).await?;
            } else {
                pages(reader, context, &mut ahead, (at, starts[at]), &objecttype.name).await?;
            }
        }
        ahead.ended(at);
        compare(reader, objecttype);
        reader.finished(&objecttype.name).await?;
    }
    Ok(())
}

fn is_hierarchical(reader: &Reader, objecttype: &str) -> bool {
    reader.source.model.table(objecttype).is_some_and(Table::is_hierarchical)
}

/// How to read an objecttype.
fn course(reader: &Reader, objecttype: &Objecttype, context: &Arc<Context>) -> Course {
    let options = &reader.options;
    // Without their history deleted records cannot be had.
    let wants_history = options.all_versions || options.include_deleted;
    let mut request = Request::get(format!("db/{}/_all_fields/list", objecttype.name), Shape::Array)
        .with("format", "long")
        .with("skip_reverse_nested", 1);
    if wants_history {
        request = request.with("all_versions", 1);
    }
    if reader.client.instance().is_fylr(REAL_URLS) {
        request = request.with("files_real_url", 1);
    }
    if let Some(days) = options.url_days.filter(|_| reader.client.instance().is_fylr(SIGNED_URLS)) {
        request = request.with("file_url_expire", days);
    }
    let list = List::new(&objecttype.name, request, options.chunk_size).at_most(options.maximum_count);
    let wanted = options.maximum_count.unwrap_or(u64::MAX);
    let pages = objecttype.total.map_or(0, |total| total.min(wanted).div_ceil(options.chunk_size));
    let is_raw = is_hierarchical(reader, &objecttype.name);
    // Of what is complete nothing is asked for.
    let pages = if reader.state.finished.contains(&objecttype.name) { 0 } else { pages };
    let from = start(reader, &objecttype.name, is_raw);
    Course { list: Arc::new(list), turn: turner(&objecttype.name, options, context, is_raw), from, pages }
}

/// The first page that is not there yet.
fn start(reader: &Reader, objecttype: &str, is_raw: bool) -> u64 {
    if is_raw {
        return 0;
    }
    // Pages without a record that is wanted leave no payload, so the last one that is there counts.
    let mut from = 0;
    let mut missing = 0;
    let mut page = 0;
    while missing < GAP_MAX {
        if reader.resume.has(&reader.form.head(&batch_name(objecttype, None, page)).path) {
            from = page + 1;
            missing = 0;
        } else {
            missing += 1;
        }
        page += 1;
    }
    from
}

/// So many pages in a row without a single record that is wanted are looked over when a backup goes on.
const GAP_MAX: u64 = 1000;

fn batch_name(objecttype: &str, level: Option<u32>, page: u64) -> String {
    let level = level.map_or_else(String::new, |level| format!("{LEVEL}{level:02}"));
    format!("db__{objecttype}{level}__batch_{:04}", page + 1)
}

/// Turns the records of a page, or, where levels come first, keeps them as they are.
fn turner(objecttype: &str, options: &ReadOptions, context: &Arc<Context>, is_raw: bool) -> Turn {
    let (objecttype, context) = (objecttype.to_owned(), Arc::clone(context));
    let include_deleted = options.include_deleted;
    let indent = options.is_pretty.then_some(4);
    Arc::new(move |answer: &[u8]| {
        let unexpected = |why: String| Error::Unexpected { what: format!("db/{objecttype}"), why };
        // The answer has been found to be JSON when it came; only a record that is nested too deeply makes this fail.
        let text = std::str::from_utf8(answer).map_err(|error| unexpected(error.to_string()))?;
        let mut batch = Batch::default();
        let records = match parsed_elements(text) {
            Ok(records) => records,
            Err(_) => one_by_one(answer, &objecttype, &mut batch).map_err(|error| unexpected(error.to_string()))?,
        };
        batch.given += records.len() as u64;
        for group in groups(records, &objecttype, &mut batch.aside) {
            if !include_deleted && group.iter().any(|(_, glance, _)| glance.is_deleted) {
                continue;
            }
            let last = group.len() - 1;
            for (at, (text, glance, json)) in group.into_iter().enumerate() {
                if at < last && context.versions == Versions::Latest {
                    continue;
                }
                let json = with_mark(json, at == last && glance.is_latest, &context);
                let item = if is_raw {
                    Ok(raw(text, glance, json))
                } else {
                    item(json, glance, &objecttype, None, &context, indent)
                };
                match item {
                    Ok(item) => batch.items.push(item),
                    Err(aside) => batch.aside.push(aside),
                }
            }
        }
        Ok(batch)
    })
}

/// The versions of one record: the text, what is known of each, and each taken apart.
type Group<'t> = Vec<(&'t str, Glance, Json<'t>)>;

/// The records of a page, each by itself; one that cannot be taken apart is set aside.
fn one_by_one<'t>(
    answer: &'t [u8],
    objecttype: &str,
    batch: &mut Batch,
) -> Result<Vec<(&'t str, Json<'t>)>, Unreadable> {
    let mut records = Vec::new();
    for text in elements(answer)? {
        match Json::parse(text) {
            Ok(json) => records.push((text, json)),
            Err(error) => {
                batch.given += 1;
                batch.aside.push((format!("a record of {objecttype}"), error.to_string()));
            }
        }
    }
    Ok(records)
}

/// The records of a page with their versions. What cannot be understood is set aside.
fn groups<'t>(
    records: Vec<(&'t str, Json<'t>)>,
    objecttype: &str,
    aside: &mut Vec<(String, String)>,
) -> Vec<Group<'t>> {
    let mut groups: Vec<Group<'t>> = Vec::new();
    for (text, json) in records {
        match turn::glance(&json, objecttype) {
            Err(error) => aside.push((format!("a record of {objecttype}"), error.to_string())),
            Ok(glance) => match groups.last_mut() {
                Some(group) if group[0].1.system_id == glance.system_id => group.push((text, glance, json)),
                _ => groups.push(vec![(text, glance, json)]),
            },
        }
    }
    groups
}

/// easydb5 marks only the latest version; here every version says whether it is.
fn with_mark<'t>(mut json: Json<'t>, is_latest: bool, context: &Context) -> Json<'t> {
    if let Some(members) = json.members_mut().filter(|_| context.versions == Versions::All)
        && members.get("_latest_version").is_none()
    {
        members.set("_latest_version", Json::bool(is_latest));
    }
    json
}

fn raw(text: &str, glance: Glance, json: Json<'_>) -> Item {
    let is_same = json.get("_latest_version").is_none() || text.contains("\"_latest_version\"");
    let bytes = if is_same { Bytes::copy_from_slice(text.as_bytes()) } else { json.to_bytes(None).into() };
    Item {
        bytes,
        id: glance.system_id,
        version: glance.version,
        is_latest: glance.is_latest,
        parents: glance.parents,
        local_id: glance.id,
        files: Vec::new(),
    }
}

fn item(
    json: Json<'_>,
    glance: Glance,
    objecttype: &str,
    parent: Option<u64>,
    context: &Context,
    indent: Option<usize>,
) -> Result<Item, (String, String)> {
    let turned = turn::record(json, objecttype, parent, context).map_err(|error| {
        (format!("{objecttype} {} version {}", glance.system_id, glance.version), error.to_string())
    })?;
    Ok(Item {
        bytes: turned.json.to_bytes(indent).into(),
        id: glance.system_id,
        version: glance.version,
        is_latest: glance.is_latest,
        parents: Vec::new(),
        local_id: None,
        files: turned.files,
    })
}

/// Records page by page, each page a payload.
async fn pages(
    reader: &mut Reader,
    context: &Arc<Context>,
    ahead: &mut Ahead,
    (course, from): (usize, u64),
    objecttype: &str,
) -> Result<(), Error> {
    if from > 0 {
        // What the last payload names may not be there yet.
        download::rest_of(reader).await?;
    }
    let mut doubles = Doubles::default();
    let mut page = from;
    loop {
        let head = reader.form.head(&batch_name(objecttype, None, page));
        let mut files = Vec::new();
        let mut aside = Vec::new();
        let mut payload = Payload::new(&reader.way, reader.form, head, PayloadKind::Records, Some(objecttype));
        let ids = reader.inventory.of(objecttype);
        let given = ahead.page(course, page, async |mut batch: Batch| {
            aside.append(&mut batch.aside);
            let items: Vec<Item> = batch.items.into_iter().filter(|item| doubles.is_new(item, ids)).collect();
            files.extend(items.iter().flat_map(|item| item.files.iter().cloned()));
            Ok(payload.add(items.into_iter().map(|item| item.bytes)).await?)
        });
        let given = given.await?;
        payload.end().await?;
        reader.all_aside(aside);
        download::files(reader, files).await?;
        if given == 0 {
            break;
        }
        reader.checkpoint().await?;
        page += 1;
    }
    doubles.tell(context, objecttype);
    Ok(())
}

/// Records that a list gives twice: something was deleted in front of them, or put there, while it was read.
#[derive(Default)]
struct Doubles {
    current: Option<(u64, u64)>,
    count: u64,
}

impl Doubles {
    fn is_new(&mut self, item: &Item, ids: &mut crate::fylr::source::ids::IdSet) -> bool {
        let is_new = match self.current {
            Some((id, version)) if id == item.id => item.version > version,
            _ => ids.insert(item.id),
        };
        if is_new {
            self.current = Some((item.id, item.version));
        } else {
            self.count += 1;
        }
        is_new
    }

    fn tell(&self, context: &Context, objecttype: &str) {
        if self.count > 0 {
            context.notes.add(format!("{objecttype}: {} records were given twice and kept once", self.count));
        }
    }
}

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

async fn hierarchy(
    reader: &mut Reader,
    context: &Arc<Context>,
    ahead: &mut Ahead,
    course: usize,
    objecttype: &str,
) -> Result<(), Error> {
    let spool = Spool::new(&folder(&reader.options))?;
    let mut hierarchy = Hierarchy { spool, waiting: Vec::new(), parents: Vec::new(), system_ids: HashMap::new() };
    let mut doubles = Doubles::default();
    let mut seen = crate::fylr::source::ids::IdSet::default();
    let mut aside = Vec::new();
    let mut page = 0;
    loop {
        let given = ahead.page(course, page, async |mut batch: Batch| {
            aside.append(&mut batch.aside);
            let mut items = batch.items.into_iter().filter(|item| doubles.is_new(item, &mut seen));
            Ok(items.try_for_each(|item| hierarchy.add(&item))?)
        });
        if given.await? == 0 {
            break;
        }
        page += 1;
    }
    reader.all_aside(aside);
    doubles.tell(context, objecttype);
    hierarchy.resolve();
    hand_over(reader, context, hierarchy, objecttype).await
}

impl Hierarchy {
    fn add(&mut self, item: &Item) -> std::io::Result<()> {
        let place = self.spool.put(&item.bytes)?;
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
        let places = &order[at..end];
        at = end;
        if reader.resume.has(&head.path) {
            continue;
        }
        let mut payload = Payload::new(&reader.way, reader.form, head, PayloadKind::Records, Some(objecttype));
        let (mut files, mut aside, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for (_, place) in places {
            let waiting = &hierarchy.waiting[*place];
            if done.contains(&(waiting.id, waiting.version)) {
                continue;
            }
            let parent = hierarchy.parents[waiting.parents.clone()].first().copied().filter(|id| all.contains(id));
            let text = hierarchy.spool.get(waiting.place)?;
            let json = parsed(&text, objecttype)?;
            let glance = turn::glance(&json, objecttype);
            let glance =
                glance.map_err(|error| Error::Unexpected { what: objecttype.to_owned(), why: error.to_string() })?;
            let glance = Glance { is_latest: waiting.is_latest, ..glance };
            let parent = parent.filter(|_| json.get(objecttype).is_some_and(|block| block.get("_id_parent").is_some()));
            match item(json, glance, objecttype, parent, context, reader.form.indent()) {
                Ok(mut item) => {
                    reader.inventory.of(objecttype).insert(item.id);
                    files.append(&mut item.files);
                    items.push(item.bytes);
                }
                Err(why) => aside.push(why),
            }
        }
        payload.add(items).await?;
        payload.end().await?;
        reader.all_aside(aside);
        download::files(reader, files).await?;
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

/// Counts the records that are there, and says so when the source seems to have more.
fn compare(reader: &mut Reader, objecttype: &Objecttype) {
    let found = reader.inventory.of(&objecttype.name).len();
    reader.state.report.records.insert(objecttype.name.clone(), found);
    let wanted = reader.options.maximum_count.unwrap_or(u64::MAX);
    if let Some(total) = objecttype.total.filter(|total| (*total).min(wanted) > found) {
        let name = &objecttype.name;
        reader.limit(format!("{name}: {found} records were read, the search of the source knows {total}"));
    }
}

/// Files in the order of their records, each once.
pub(crate) fn distinct(files: Vec<FileSource>, seen: &mut HashSet<u64>) -> Vec<FileSource> {
    files.into_iter().filter(|file| seen.insert(download::key(&file.path))).collect()
}
