//! Events. They have no id of their own on the target, so that before a batch is sent a second time the last ones there
//! are looked at.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, Members};
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::rewrite::text_in;
use crate::fylr::target::site::{Place, Site, Written, array, has_code, why};

/// Events that the target may have written by itself since: so many more are looked at.
const SLACK: usize = 200;
const NOT_ALLOWED: &str = "EventTypeNotAllowed";

/// What is known of the events of this restore.
#[derive(Debug, Default)]
pub(crate) struct EventsSent {
    /// Types that the target does not take.
    refused: Mutex<HashSet<String>>,
}

/// Sends events in their order. `is_unsure` says that an earlier run may have sent them.
pub(crate) async fn send(
    site: &Site,
    sent: &EventsSent,
    items: Vec<(Place<'_>, Members<'_>)>,
    is_unsure: bool,
) -> Result<(), Error> {
    let kind =
        |members: &Members<'_>| members.get("event").and_then(|event| text_in(event, &["type"])).unwrap_or_default();
    let items: Vec<(Place<'_>, String, Vec<u8>)> = items
        .into_iter()
        .map(|(place, members)| (place, kind(&members), Json::Object(members).to_bytes(None)))
        .collect();
    let size = if site.context.abilities.event_lists { items.len().max(1) } else { 1 };
    let mut parts: Vec<&[(Place<'_>, String, Vec<u8>)]> = items.chunks(size).rev().collect();
    let mut is_unsure = is_unsure;
    while let Some(part) = parts.pop() {
        let refused = sent.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let wanted: Vec<&(Place<'_>, String, Vec<u8>)> =
            part.iter().filter(|(_, kind, _)| !refused.contains(kind)).collect();
        site.report.count("event/list", |tally| tally.skipped += (part.len() - wanted.len()) as u64);
        if wanted.is_empty() {
            continue;
        }
        if is_unsure && are_there(site, &wanted).await? {
            site.report.count("event/list", |tally| tally.there += wanted.len() as u64);
            continue;
        }
        is_unsure = false;
        let texts: Vec<Vec<u8>> = wanted.iter().map(|(_, _, text)| text.clone()).collect();
        match site.write(&request(site, &texts)).await? {
            Written::Answer(_) => site.report.count("event/list", |tally| tally.done += wanted.len() as u64),
            Written::Unsure => {
                is_unsure = true;
                parts.push(part);
            }
            Written::Refused(error) if wanted.len() > 1 => {
                let _ = error;
                let (front, back) = part.split_at(part.len() / 2);
                parts.push(back);
                parts.push(front);
            }
            Written::Refused(error) => {
                let (place, kind, _) = wanted[0];
                if has_code(&error, &[NOT_ALLOWED]) {
                    site.context.notes.add(format!("events of type {kind} left out, as the target refuses them"));
                    sent.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(kind.clone());
                    site.report.count("event/list", |tally| tally.skipped += 1);
                } else {
                    site.aside(place, format!("event {kind} number {}", place.at + 1), why(&error))?;
                }
            }
        }
    }
    Ok(())
}

fn request(site: &Site, texts: &[Vec<u8>]) -> Request {
    let (path, body) =
        if site.context.abilities.event_lists { ("event/list", array(texts)) } else { ("event", texts.concat()) };
    let name = site.context.abilities.switch("skip_constraints", "skipConstraints");
    Request::write(Method::POST, path, body, Shape::Any).with(name, 1)
}

/// Whether the last events of the target are these: they go in together or not at all.
async fn are_there(site: &Site, wanted: &[&(Place<'_>, String, Vec<u8>)]) -> Result<bool, Error> {
    let request =
        Request::get("event/list", Shape::Object).with("sort", "_id.DESC").with("limit", wanted.len() + SLACK);
    let answer = site.client.ask(&request).await?;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let mut last: HashMap<String, u64> = HashMap::new();
    for event in answer["objects"].as_array().into_iter().flatten() {
        *last.entry(mark(event)).or_default() += 1;
    }
    Ok(wanted.iter().all(|(_, _, text)| {
        let event: Value = serde_json::from_slice(text).unwrap_or_default();
        last.get_mut(&mark(&event)).is_some_and(|count| {
            let is_left = *count > 0;
            *count = count.saturating_sub(1);
            is_left
        })
    }))
}

/// What an event is told apart by.
fn mark(event: &Value) -> String {
    let event = &event["event"];
    let text = |key: &str| event[key].to_string();
    ["type", "timestamp", "system_object_id", "basetype", "info"].map(text).join("|")
}
