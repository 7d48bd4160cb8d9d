//! What is deleted at the source is deleted on the target, once it is there: a deletion needs its version and its id there.

use reqwest::Method;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::records::From;
use crate::fylr::target::site::{Site, array, is_of_items, why};

/// Why a record stays that is deleted at the source.
const LINKED: &str = "records link to it, and the target would take their links away; it stays undeleted";

/// What a deletion names: `[_id, version, comment]`; nothing of what is deleted already or was never there: then it is set
/// aside.
async fn triple(site: &Site, objecttype: &str, system_id: u64) -> Result<Option<Vec<u8>>, Error> {
    let path = format!("db/{objecttype}/_all_fields/system_object_id/{system_id}");
    let answer = match site.client.ask(&Request::get(path, Shape::Array).with("format", "short")).await {
        Err(error) if is_of_items(&error) => return Ok(None),
        answer => answer?,
    };
    let texts = crate::fylr::json::elements(&answer)
        .map_err(|error| Error::Unexpected { what: "db".to_owned(), why: error.to_string() })?;
    let Some(json) = texts.first().and_then(|text| Json::parse(text).ok()) else { return Ok(None) };
    let member = |key: &str| json.get(objecttype).and_then(|block| block.get(key)?.as_id());
    Ok(member("_id").zip(member("_version")).map(|(id, version)| format!("[{id},{version},null]").into_bytes()))
}

/// Where others link to a record the target asks what is to become of them: nothing, so that the record stays.
fn deletion(objecttype: &str, triples: &[Vec<u8>]) -> Request {
    Request::write(Method::DELETE, format!("db/{objecttype}"), array(triples), Shape::Any).without_questions()
}

/// Deletes records that may link to each other, all at once; whether that was done.
pub(crate) async fn delete_together(site: &Site, objecttype: &str, ids: &[u64]) -> Result<bool, Error> {
    let mut triples = Vec::with_capacity(ids.len());
    for id in ids {
        triples.extend(triple(site, objecttype, *id).await?);
    }
    if triples.is_empty() {
        return Ok(true);
    }
    match site.client.ask(&deletion(objecttype, &triples)).await {
        Ok(_) => Ok(true),
        Err(error) if is_of_items(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes what was deleted at the source.
pub(crate) async fn delete(site: &Site, from: From<'_>, system_id: u64, at: u64) -> Result<(), Error> {
    let Some(own) = triple(site, from.objecttype, system_id).await? else { return Ok(()) };
    match site.client.ask(&deletion(from.objecttype, &[own])).await {
        Ok(_) => Ok(()),
        // An answer that was lost on the way may have told that it is done.
        Err(error) if is_of_items(&error) && triple(site, from.objecttype, system_id).await?.is_none() => {
            tracing::debug!("{} {system_id} is deleted: {}", from.objecttype, why(&error));
            Ok(())
        }
        Err(error) if is_of_items(&error) => {
            let what = format!("the deletion of {} {system_id}", from.objecttype);
            let is_asked = matches!(&error, Error::Refused { source } if source.status == 202);
            let why = if is_asked { LINKED.to_owned() } else { why(&error) };
            site.aside(&from.place(at), what, why)
        }
        Err(error) => Err(error),
    }
}
