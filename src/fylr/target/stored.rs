//! Records as a target has them, where what is sent depends on that: the next version of one, and rows that are added to
//! those that it has.

use std::collections::HashSet;

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, Members, elements};
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::records::{From, THERE, post, request_of, stored_version};
use crate::fylr::target::rewrite;
use crate::fylr::target::site::{Site, array, has_code, is_of_items, why};

/// The newest version of a record on the target.
pub(crate) struct Newest {
    pub version: u64,
    /// The files in it.
    pub files: HashSet<u64>,
}

/// The newest version of a record that is not deleted.
pub(crate) async fn newest(site: &Site, objecttype: &str, system_id: u64) -> Result<Option<Newest>, Error> {
    let answer = read(site, objecttype, system_id).await?;
    let Some(json) = answer.as_deref().and_then(first) else { return Ok(None) };
    let mut files = HashSet::new();
    files_in(&json, &mut files);
    Ok(rewrite::glance(&json, objecttype).version.map(|version| Newest { version, files }))
}

async fn read(site: &Site, objecttype: &str, system_id: u64) -> Result<Option<Bytes>, Error> {
    let path = format!("db/{objecttype}/_all_fields/system_object_id/{system_id}");
    match site.client.ask(&Request::get(path, Shape::Array).with("format", "long")).await {
        Err(error) if is_of_items(&error) => Ok(None),
        answer => answer.map(Some),
    }
}

/// The first element of an answer.
fn first(answer: &[u8]) -> Option<Json<'_>> {
    Json::parse(elements(answer).ok()?.first()?).ok()
}

fn files_in(json: &Json<'_>, found: &mut HashSet<u64>) {
    match json {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter().for_each(|item| files_in(item, found)),
        Json::Object(members) if members.get("versions").is_some() => {
            found.extend(members.get("_id").and_then(Json::as_id));
        }
        Json::Object(members) => members.iter().for_each(|(_, value)| files_in(value, found)),
    }
}

/// Sends a record as its next version, whatever version it is of in the backup; why it is refused, if it is.
pub(crate) async fn send_next(
    site: &Site,
    from: From<'_>,
    mut json: Json<'_>,
    system_id: u64,
    version: u64,
) -> Result<Option<Error>, Error> {
    if let Some(block) = json.members_mut().and_then(|members| members.get_mut(from.objecttype)?.members_mut()) {
        block.remove(&["_version:auto_increment", "lookup:_id"]);
        block.set("_version", Json::number(version));
        let own = Members::of([("_system_object_id", Json::number(system_id))]);
        block.set("lookup:_id", own.into());
    }
    let refused = post(site, &request_of(site, from, array(&[json.to_bytes(None)]).into())).await?;
    let Some(error) = refused else {
        site.report.count(from.tally, |tally| tally.done += 1);
        return Ok(None);
    };
    // An answer may have been lost.
    let there = if has_code(&error, &THERE) { stored_version(site, from.objecttype, system_id).await? } else { None };
    Ok((there < Some(version)).then_some(error))
}

/// A record whose rows are added to those that it has on the target, with these in front of them.
pub(crate) async fn with_rows_there(site: &Site, from: From<'_>, text: &[u8]) -> Result<Vec<u8>, Error> {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| Json::parse(text).ok());
    let Some(mut json) = parsed else { return Ok(text.to_vec()) };
    match stored_id(site, from, &json).await? {
        Some(id) => {
            let answer = read(site, from.objecttype, id).await?;
            if let Some(there) = answer.as_deref().and_then(first) {
                rewrite::append(&mut json, from.objecttype, &there);
            }
        }
        None => site.context.notes.add("rows that should be added stand alone, as no record is there".to_owned()),
    }
    rewrite::without_modes(&mut json, from.objecttype);
    Ok(json.to_bytes(None))
}

/// Which record another one is the next version of: the target says it when it only looks at what would be saved. A search
/// would not find what was saved a moment ago.
async fn stored_id(site: &Site, from: From<'_>, json: &Json<'_>) -> Result<Option<u64>, Error> {
    let lookup = json.get(from.objecttype).and_then(|block| block.get("lookup:_id"));
    let known = lookup.and_then(|lookup| lookup.get("_system_object_id")).or_else(|| json.get("_system_object_id"));
    if let Some(id) = known.and_then(Json::as_id) {
        return Ok(Some(id));
    }
    if !site.context.abilities.dry_runs {
        return Ok(None);
    }
    let mut copy = json.detached();
    rewrite::without_modes(&mut copy, from.objecttype);
    let request = request_of(site, from, array(&[copy.to_bytes(None)]).into());
    let request = if site.context.options.is_dry_run { request } else { request.with("dry_run", 1) };
    match site.client.ask(&request).await {
        Ok(answer) => Ok(first(&answer).and_then(|json| json.get("_system_object_id")?.as_id())),
        Err(error) if is_of_items(&error) => {
            tracing::debug!("{} is not found to add rows to: {}", from.objecttype, why(&error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
