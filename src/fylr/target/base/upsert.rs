//! Items that have a reference: new ones are made, those that are there get their next version. A batch that is refused
//! is halved down to the item that is to blame.

use reqwest::Method;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, elements};
use crate::fylr::request::{self, Request};
use crate::fylr::target::base::known::{self, Item, Shape};
use crate::fylr::target::rewrite::Rewritten;
use crate::fylr::target::site::{Place, Site, Written, array, has_code, why};
use crate::model::payload::PayloadKind;

/// Codes by which a server says that something is there already, or in another version than was thought.
const THERE: [&str; 5] =
    ["VersionMismatch", "DatabaseUniqueKeyViolation", "UserDuplicateLogin", "UserDuplicateEmail", "LookupNotFound"];

/// An item, and where it comes from.
pub(crate) struct Sent<'a, 't> {
    pub place: Place<'a>,
    pub item: Rewritten<'t>,
}

/// How many times an item was tried with what the target was thought to have.
const LOOKS_MAX: u32 = 2;

pub(crate) async fn upsert(site: &Site, kind: &PayloadKind, items: Vec<Sent<'_, '_>>) -> Result<(), Error> {
    let Some(shape) = known::shape(kind) else { return Ok(()) };
    known::load(site, kind, false).await?;
    let mut parts: Vec<(Vec<Sent<'_, '_>>, u32)> = vec![(items, 0)];
    while let Some((mut part, looks)) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let (texts, expected) = texts(site, kind, &shape, &mut part).await;
        match site.write(&request(site, kind, &texts)).await? {
            Written::Answer(answer) => {
                learn(site, kind, &shape, &answer).await?;
                saved(site, kind, &part).await?;
            }
            Written::Unsure => {
                let rest = rest(site, kind, part, &expected).await?;
                parts.push((rest, looks));
            }
            Written::Refused(error) if looks < LOOKS_MAX && has_code(&error, &THERE) => {
                let before = part.len();
                let rest = rest(site, kind, part, &expected).await?;
                // What was there changes what is sent; else the refusal means an item.
                let looks = if rest.len() < before { looks } else { looks + 1 };
                parts.push((rest, looks));
            }
            Written::Refused(error) if part.len() > 1 => {
                let back = part.split_off(part.len() / 2);
                let _ = error;
                parts.push((back, 0));
                parts.push((part, 0));
            }
            Written::Refused(error) => {
                for sent in part {
                    let name = name(&sent.item, &shape);
                    site.aside(&sent.place, name, why(&error))?;
                }
            }
        }
    }
    Ok(())
}

fn name(item: &Rewritten<'_>, shape: &Shape) -> String {
    let key = key(item, shape).unwrap_or_default();
    format!("{} {key}", shape.inner)
}

fn key(item: &Rewritten<'_>, shape: &Shape) -> Option<String> {
    if shape.by == "reference" {
        return item.reference.clone();
    }
    item.json.get(shape.inner).and_then(|block| Some(block.get(shape.by)?.as_str()?.into_owned()))
}

/// The items as they are sent, and the version each will have.
async fn texts(site: &Site, kind: &PayloadKind, shape: &Shape, part: &mut [Sent<'_, '_>]) -> (Vec<Vec<u8>>, Vec<u64>) {
    let known = site.known.lock().await;
    let known = known.get(kind);
    let mut texts = Vec::with_capacity(part.len());
    let mut expected = Vec::with_capacity(part.len());
    for sent in part {
        let there = key(&sent.item, shape).and_then(|key| known?.get(&key).copied());
        let Some(block) = sent.item.json.get_mut(shape.inner).and_then(Json::members_mut) else { continue };
        block.remove(&["_id", "_version", "lookup:_id"]);
        let version = there.map_or(1, |item| item.version + 1);
        if let Some(item) = there {
            block.put_first(vec![("_id".into(), Json::number(item.id))]);
        }
        block.set("_version", Json::number(version));
        expected.push(version);
        let mut text = Vec::new();
        let json = Json::Object(std::mem::take(&mut sent.item.json));
        json.write(&mut text, None);
        if let Json::Object(members) = json {
            sent.item.json = members;
        }
        texts.push(text);
    }
    (texts, expected)
}

fn request(site: &Site, kind: &PayloadKind, texts: &[Vec<u8>]) -> Request {
    let abilities = &site.context.abilities;
    let (method, path) = match kind {
        PayloadKind::Collections if abilities.collection_lists => (Method::PUT, "collection/list"),
        PayloadKind::Collections => (Method::PUT, "collection"),
        PayloadKind::Groups => (Method::POST, "group"),
        PayloadKind::Users => (Method::POST, "user"),
        PayloadKind::Pools => (Method::POST, "pool"),
        PayloadKind::Messages => (Method::POST, "message"),
        _ => (Method::POST, "objecttype"),
    };
    // Before lists there was a request for one collection.
    let body = if path == "collection" { texts.concat() } else { array(texts) };
    let request = Request::write(method, path, body, request::Shape::Any);
    match kind {
        PayloadKind::Users => {
            let request = request.with("confirm", "ignore_password_requirements");
            let name = abilities.switch("skip_constraints", "skipConstraints");
            if site.context.options.skip_constraints { request.with(name, 1) } else { request }
        }
        PayloadKind::Pools | PayloadKind::Objecttypes => {
            request.with("confirm", "skip").with("allow_invalid_acl", true).with("background_invalid_acl", true)
        }
        PayloadKind::Collections => request.with("allow_invalid_acl", true).with("background_invalid_acl", true),
        _ => request,
    }
}

/// Takes over the ids and versions of an answer.
async fn learn(site: &Site, kind: &PayloadKind, shape: &Shape, answer: &[u8]) -> Result<(), Error> {
    let texts = if answer.trim_ascii_start().first() == Some(&b'{') {
        vec![std::str::from_utf8(answer).unwrap_or_default()]
    } else {
        elements(answer).map_err(|error| Error::Unexpected { what: shape.list.to_owned(), why: error.to_string() })?
    };
    let found: Vec<(String, Item)> =
        texts.iter().filter_map(|text| known::read(&Json::parse(text).ok()?, shape)).collect();
    site.known.lock().await.entry(kind.clone()).or_default().extend(found);
    Ok(())
}

/// Notes items that are on the target.
async fn saved(site: &Site, kind: &PayloadKind, part: &[Sent<'_, '_>]) -> Result<(), Error> {
    let Some(shape) = known::shape(kind) else { return Ok(()) };
    let mut ids = Vec::new();
    {
        let known = site.known.lock().await;
        for sent in part {
            let there = key(&sent.item, &shape).and_then(|key| known.get(kind)?.get(&key).copied());
            ids.extend(sent.item.source_id.zip(there.map(|item| item.id)));
        }
    }
    for (source, target) in ids {
        site.learn(shape.base, source, target)?;
    }
    for sent in part {
        if sent.place.round == crate::fylr::target::round::Round::First {
            site.report.count(sent.place.tally, |tally| tally.done += 1);
        }
        if site.went_on() {
            site.redeem(&sent.place)?;
        }
    }
    Ok(())
}

/// Looks again what is there; those that are, in the version they were sent with, are done.
async fn rest<'a, 't>(
    site: &Site,
    kind: &PayloadKind,
    part: Vec<Sent<'a, 't>>,
    expected: &[u64],
) -> Result<Vec<Sent<'a, 't>>, Error> {
    let Some(shape) = known::shape(kind) else { return Ok(part) };
    known::load(site, kind, true).await?;
    let mut there = Vec::new();
    let mut rest = Vec::new();
    {
        let known = site.known.lock().await;
        for (sent, expected) in part.into_iter().zip(expected) {
            let item = key(&sent.item, &shape).and_then(|key| known.get(kind)?.get(&key));
            if item.is_some_and(|item| item.version >= *expected) { there.push(sent) } else { rest.push(sent) }
        }
    }
    saved(site, kind, &there).await?;
    Ok(rest)
}
