//! What changed while the backup ran: the events that the source has written since it began. Where events cannot be
//! read, nobody knows.

use serde_json::Value;

use crate::fylr::client::Client;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::asker::Asker;

/// Events of a page.
const PAGE: u64 = 1000;
/// Changes that are listed; of more there is a count.
const LISTED_MAX: usize = 1000;
/// Pages that are looked at: an instance with more changes than that was in full use.
const PAGES_MAX: u64 = 1000;
const TYPES: [(&str, &str); 3] =
    [("OBJECT_INSERT", "was added"), ("OBJECT_UPDATE", "was changed"), ("OBJECT_DELETE", "was deleted")];

/// The last event that there is.
pub(crate) async fn last_event(asker: &Asker) -> Option<u64> {
    let request = Request::get("event/list", Shape::Object).with("sort", "_id.DESC").with("limit", 1);
    let answer: Value = serde_json::from_slice(&asker.ask(&request).await.ok()?).ok()?;
    let events = answer["objects"].as_array()?;
    Some(events.first().and_then(|event| event["event"]["_id"].as_u64()).unwrap_or(0))
}

/// Every record that was touched after `last_event`, once.
pub(crate) async fn since(client: &Client, last_event: Option<u64>) -> Vec<String> {
    let Some(last_event) = last_event else { return Vec::new() };
    let mut changed = Vec::new();
    let mut more = 0_u64;
    for page in 0..PAGES_MAX {
        let request = Request::get("event/list", Shape::Object).with("sort", "_id.DESC").with("limit", PAGE);
        let Ok(answer) = client.ask(&request.with("offset", page * PAGE)).await else { break };
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let events = answer["objects"].as_array().cloned().unwrap_or_default();
        let new = events.iter().map(|event| &event["event"]);
        let new = new.take_while(|event| event["_id"].as_u64().is_some_and(|id| id > last_event));
        let mut count = 0;
        for event in new {
            count += 1;
            let Some((_, done)) = TYPES.iter().find(|(name, _)| event["type"] == **name) else { continue };
            let name = event["objecttype"].as_str().unwrap_or("record");
            let text = format!("{name} {} {done}", event["system_object_id"].as_u64().unwrap_or_default());
            if changed.contains(&text) {
                continue;
            }
            if changed.len() < LISTED_MAX { changed.push(text) } else { more += 1 }
        }
        if count < events.len() || events.is_empty() {
            break;
        }
    }
    if more > 0 {
        changed.push(format!("{more} more changes were made"));
    }
    changed
}
