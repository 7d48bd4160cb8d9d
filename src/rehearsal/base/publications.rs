//! Publications of records. The collector must stand in the base config, the record must be there, in that version.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::save::items;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{Item, State, SystemId};

const PAGE: u64 = 1000;

/// `POST /publish`: all or none
pub(in crate::rehearsal) fn post_publications(call: &Call) -> Result<Answer, Problem> {
    call.right("system.api.publish[post]")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let mut checked = Vec::new();
    for item in items(&body)? {
        checked.push(check(&state, item)?);
    }
    let mut saved = Vec::new();
    for mut doc in checked {
        let id = doc.path(&["publish", "_id"]).number().unwrap_or_else(|| state.publications.next_id());
        if let Some(publish) = doc.get_mut("publish") {
            publish.set("_id", id);
        }
        state.publications.put(id, Item { version: 1, doc: doc.clone() });
        saved.push(doc);
    }
    Ok(Answer::json(&Node::List(saved)))
}

fn check(state: &State, item: &Node<'_>) -> Result<Doc, Problem> {
    let publish = item.at("publish");
    if item.at("_basetype").text() != Some("publish") || !publish.is_object() {
        return Err(invalid("_basetype and publish are needed"));
    }
    for key in ["collector", "publish_uri", "easydb_uri"] {
        if publish.at(key).text().is_none_or(|text| text.trim().is_empty()) {
            return Err(invalid(&format!("{key} is empty")));
        }
    }
    let collector = publish.at("collector").text().unwrap_or_default();
    let known = state.config.path(&["system", "config", "publish", "collectors"]).list();
    if !known.iter().any(|known| known.at("name").text() == Some(collector)) {
        let text = format!(
            "The collector \"{collector}\" is unknown and cannot be used. It must be configured in the base config."
        );
        return Err(
            Problem::new(400, "PublishUnknownCollector", "object", text).with("collector", collector.to_owned())
        );
    }
    check_record(state, publish)?;
    if let Some(own) = publish.at("_id").number()
        && state.publications.get(own).is_none()
    {
        return Err(Problem::lookup_not_found("_id", &own.to_string()));
    }
    let mut doc = object([("_basetype", "publish".into())]);
    let created = item.at("_timestamp_created").text().map_or_else(now, str::to_owned);
    doc.set("_timestamp_created", created);
    doc.set("publish", publish.to_doc());
    Ok(doc)
}

/// The record is there, not deleted, and in the version that is published.
fn check_record(state: &State, publish: &Node<'_>) -> Result<(), Problem> {
    let id = publish.at("system_object_id").number().unwrap_or_default();
    let record = state.records.get(SystemId(id));
    let record = record.ok_or_else(|| {
        Problem::new(404, "ObjectNotFound", "ferrors", format!("Record {id} was not found.")).with("id", id)
    })?;
    if record.deleted_at.is_some() {
        let text = format!("Record {id} is deleted and cannot be published.");
        return Err(Problem::new(400, "PublishDeletedObject", "object", text).with("id", id));
    }
    if let Some(version) = publish.get("version").filter(|version| !version.is_null()) {
        let is_there = version.number().is_some_and(|version| (1..=record.versions.len() as u64).contains(&version));
        if !is_there {
            return Err(invalid(&format!("record {id} has no version {version}")));
        }
    }
    Ok(())
}

fn invalid(what: &str) -> Problem {
    let text = format!("Invalid data for a publication: {what}.");
    Problem::new(400, "PublishInvalidData", "object", text).with("msg", what.to_owned())
}

/// `GET /publish`: pages in easydb5, everything in fylr, which documents none
pub(in crate::rehearsal) fn get_publications(call: &Call) -> Result<Answer, Problem> {
    call.right("system.api.publish[get]")?;
    let state = call.read();
    let (limit, offset) = match call.shared.options.kind {
        Kind::Easydb5 => call.page(PAGE)?,
        Kind::Fylr => (usize::MAX, 0),
    };
    let docs = state.publications.iter().skip(offset).take(limit).map(|(_, item)| item.doc.clone()).collect();
    Ok(Answer::json(&Node::List(docs)))
}

/// `GET /publish/{id}`: fylr wants the id of a publication, easydb5 that of a record
pub(in crate::rehearsal) fn get_publication(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.right("system.api.publish[get]")?;
    let number: u64 = id.parse().map_err(|_| Problem::parameter("id", id))?;
    let key = if call.shared.options.kind == Kind::Easydb5 { "system_object_id" } else { "_id" };
    let state = call.read();
    let found = state.publications.iter().filter(|(_, item)| item.doc.path(&["publish", key]).number() == Some(number));
    Ok(Answer::json(&Node::List(found.map(|(_, item)| item.doc.clone()).collect())))
}
