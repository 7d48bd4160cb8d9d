//! What stands on records: collections level by level, the records in them, publications, events.

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, Members, elements};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::base_types::{BaseList, Gathered, gather};
use crate::fylr::source::list::told;
use crate::fylr::source::options::{EVENTS_NEVER, Events};
use crate::fylr::source::read::{Reader, parsed};
use crate::fylr::source::turn::{self, Context, text_at};
use crate::fylr::version::Version;
use crate::model::payload::PayloadKind;

/// From here on easydb5 lists events with all that they tell.
const EASYDB5_EVENTS: Version = Version::new(5, 140, 0);
/// Collections whose records stand in one payload.
const COLLECTIONS: usize = 100;
/// No objecttype has such a name.
const COLLECTIONS_DONE: &str = "/collections";
const PUBLICATIONS_DONE: &str = "/publications";
const EVENTS_DONE: &str = "/events";

pub(crate) async fn read(reader: &mut Reader, context: &Context) -> Result<(), Error> {
    if !reader.state.finished.contains(COLLECTIONS_DONE) {
        reader.phase("collections", 0).await?;
        let mut collections = gather(reader, &BaseList::new("collection/list", "collection", true)).await?;
        hand_over(reader, &mut collections, context).await?;
        objects(reader, &collections, context).await?;
        reader.finished(COLLECTIONS_DONE).await?;
    }
    if !reader.state.finished.contains(PUBLICATIONS_DONE) {
        publications(reader, context).await?;
        reader.finished(PUBLICATIONS_DONE).await?;
    }
    if reader.options.events != Events::None && !reader.state.finished.contains(EVENTS_DONE) {
        reader.phase("events", 0).await?;
        events(reader, context).await?;
        reader.finished(EVENTS_DONE).await?;
    }
    Ok(())
}

/// Collections that people have made; those that every target has from the beginning are not among them.
fn is_made(gathered: &Gathered, at: usize, context: &Context) -> bool {
    let item = &gathered.items[at];
    let reference = context.book.collections.get(item.id);
    item.parent.is_some() && !reference.is_some_and(|reference| reference.starts_with("user:"))
}

async fn hand_over(reader: &mut Reader, collections: &mut Gathered, context: &Context) -> Result<(), Error> {
    let size = reader.options.chunk_size as usize;
    for (level, places) in collections.by_level().into_iter().enumerate() {
        let places: Vec<usize> = places.into_iter().filter(|at| is_made(collections, *at, context)).collect();
        for (number, places) in places.chunks(size).enumerate() {
            let mut aside = Vec::new();
            let inventory = &reader.inventory;
            let items = collections.turned(places, reader.form.indent(), &mut aside, |json| {
                turn::collection(json, &|id| inventory.objecttype_of(id), context).map(Some)
            })?;
            reader.all_aside_again(aside.into_iter().map(|(id, why)| (format!("collection {id}"), why)).collect());
            // The root is level 1, the collections that users begin with are level 2.
            let name = format!("basetype-collection-level-{:02}-{number:04}", level + 1);
            reader.payload(PayloadKind::Collections, &name, items).await?;
        }
    }
    Ok(())
}

/// The records of each collection, as one item: a target replaces them as a whole.
async fn objects(reader: &mut Reader, collections: &Gathered, context: &Context) -> Result<(), Error> {
    for (number, group) in collections.items.chunks(COLLECTIONS).enumerate() {
        let name = format!("basetype-collection-objects-{number:04}");
        if reader.resume.has(&reader.form.head(&name).path) {
            continue;
        }
        let mut items = Vec::new();
        for collection in group {
            let Some(reference) = context.book.collections.get(collection.id) else { continue };
            match in_collection(reader, collection.id, reference).await {
                Ok(item) => items.extend(item),
                Err(error @ Error::Refused { .. }) => {
                    reader.aside(format!("the records of collection {}", collection.id), told(&error));
                }
                Err(error) => return Err(error),
            }
        }
        reader.payload(PayloadKind::CollectionObjects, &name, items).await?;
    }
    Ok(())
}

async fn in_collection(reader: &Reader, id: u64, reference: &str) -> Result<Option<Bytes>, Error> {
    let mut item = Vec::new();
    let mut offset = 0;
    loop {
        let request = Request::get(format!("collection/objects/{id}"), Shape::Object);
        let request = request.with("limit", reader.options.chunk_size).with("offset", offset);
        let answer = reader.asker.ask(&request).await?;
        let page = parsed(&answer, "collection/objects")?;
        let mut found = Vec::new();
        let objecttype_of = |id| reader.inventory.objecttype_of(id);
        let count = turn::collection_objects(page, &objecttype_of, &mut found)
            .map_err(|error| Error::Unexpected { what: "collection/objects".to_owned(), why: error.to_string() })?;
        if count == 0 {
            break;
        }
        offset += reader.options.chunk_size;
        item.extend(found.iter().map(|object| object.to_bytes(None)));
    }
    if item.is_empty() {
        return Ok(None);
    }
    let texts = item.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect::<Vec<_>>();
    let objects: Result<Vec<Json<'_>>, _> = texts.iter().map(|text| Json::parse(text)).collect();
    let objects =
        objects.map_err(|error| Error::Unexpected { what: "collection/objects".to_owned(), why: error.to_string() })?;
    let lookup = Members::of([("reference", Json::string(reference))]);
    let collection = Members::of([("lookup:_id", lookup.into())]);
    let json: Json<'_> = Members::of([("collection", collection.into()), ("objects", Json::Array(objects))]).into();
    Ok(Some(json.to_bytes(reader.form.indent()).into()))
}

async fn publications(reader: &mut Reader, context: &Context) -> Result<(), Error> {
    let mut number = 0;
    let mut offset = 0;
    let mut first = None;
    loop {
        let request = Request::get("publish", Shape::Array);
        let request = request.with("limit", reader.options.chunk_size).with("offset", offset);
        let answer = match reader.asker.ask(&request).await {
            Err(error @ (Error::Refused { .. } | Error::Rights { .. })) if offset == 0 => {
                reader.limit(format!("publications left out: {}", told(&error)));
                return Ok(());
            }
            other => other?,
        };
        let texts = elements(&answer)
            .map_err(|error| Error::Unexpected { what: "publish".to_owned(), why: error.to_string() })?;
        // A server that knows no pages gives the same one again.
        if texts.is_empty() || first.as_deref() == texts.first().copied() {
            return Ok(());
        }
        first = first.or_else(|| texts.first().map(|text| (*text).to_owned()));
        let mut items = Vec::with_capacity(texts.len());
        for text in texts {
            let json = parsed(text.as_bytes(), "publish")?;
            match turn::publication(json, context) {
                Ok(json) => items.push(json.to_bytes(reader.form.indent()).into()),
                Err(error) => reader.aside("a publication".to_owned(), error.to_string()),
            }
        }
        reader.payload(PayloadKind::Publications, &format!("basetype-publish-{number:04}"), items).await?;
        number += 1;
        offset += reader.options.chunk_size;
    }
}

async fn events(reader: &mut Reader, context: &Context) -> Result<(), Error> {
    let mut request = Request::get("event/list", Shape::Object).with("sort", "_id.ASC");
    let instance = reader.client.instance().clone();
    if instance.kind == InstanceKind::Easydb5 {
        if instance.is_easydb5_before(EASYDB5_EVENTS) {
            reader.limit(format!("events of easydb5 before {EASYDB5_EVENTS} come without their details"));
        } else {
            request = request.with("format", "json_full");
        }
    }
    if let Events::Of(types) = &reader.options.events {
        request = request.with("type", types.join(","));
    }
    let mut page = 0;
    loop {
        let name = format!("event__batch_{:04}", page + 1);
        let is_there = reader.resume.has(&reader.form.head(&name).path);
        let offset = page * reader.options.chunk_size;
        page += 1;
        if is_there {
            continue;
        }
        let asked = request.clone().with("limit", reader.options.chunk_size).with("offset", offset);
        let given = match reader.asker.kept(&asked) {
            Some(answer) => Ok(answer),
            None => reader.client.ask(&asked).await,
        };
        let answer = match given {
            Err(error @ (Error::Refused { .. } | Error::Rights { .. })) if offset == 0 => {
                reader.limit(format!("events left out: {}", told(&error)));
                return Ok(());
            }
            other => other?,
        };
        let Json::Object(mut members) = parsed(&answer, "event/list")? else { return Ok(()) };
        let Some(Json::Array(events)) = members.take("objects") else { return Ok(()) };
        if events.is_empty() {
            return Ok(());
        }
        let mut items = Vec::with_capacity(events.len());
        for event in events {
            if text_at(&event, &["event", "type"]).is_some_and(|name| EVENTS_NEVER.contains(&name.as_str())) {
                continue;
            }
            match turn::event(event, context) {
                Ok(json) => items.push(json.to_bytes(reader.form.indent()).into()),
                Err(error) => reader.aside("an event".to_owned(), error.to_string()),
            }
        }
        if items.is_empty() {
            // It leaves no payload that would tell that it was there.
            reader.asker.keep(&asked, &answer);
        }
        reader.payload(PayloadKind::Events, &name, items).await?;
        reader.checkpoint().await?;
    }
}
