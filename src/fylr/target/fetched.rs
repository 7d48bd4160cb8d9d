//! Files that a target fetches by itself after it has answered: how far it is with them. The ledger keeps them under
//! `fetching/` until they have come.

use std::collections::HashMap;

use serde_json::Value;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::lost::Lost;
use crate::fylr::target::site::{Site, is_of_items, why};
use crate::model::ledger::Change;

/// Where the ledger keeps files that a target has yet to fetch, by their ids there.
pub const FETCHING: &str = "fetching/";
/// Files of one question: their ids stand in the URL.
pub const ASKED_MAX: usize = 100;

/// To whom it is told that a file did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    People,
    /// It is tried again at once.
    Ledger,
}

/// How far a target is with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    Here,
    /// It is still being fetched.
    Coming,
    /// It could not be fetched, or is gone.
    Failed,
}

/// Asks a target how far it is with files, at most [`ASKED_MAX`] of them.
///
/// # Errors
/// When it does not answer.
pub async fn file_states(client: &Client, ids: &[u64]) -> Result<HashMap<u64, FileState>, Error> {
    let list = Value::from(ids).to_string();
    let answer = client.ask(&Request::get("eas", Shape::Object).with("ids", list).with("format", "standard")).await?;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let state = |id: &u64| match answer[id.to_string()]["status"].as_str() {
        Some("done" | "sync") => FileState::Here,
        Some("failed") | None => FileState::Failed,
        Some(_) => FileState::Coming,
    };
    Ok(ids.iter().map(|id| (*id, state(id))).collect())
}

/// The note of a file that a target has yet to fetch.
pub(super) fn fetching(id: u64, lost: &Lost) -> Change {
    let text = serde_json::json!({ "key": lost.key, "rendition": lost.rendition }).to_string();
    (format!("{FETCHING}{id:012}"), Some(text))
}

/// The id of the file that could not be fetched, and has its reference.
pub(super) fn failed_key(key: &str) -> String {
    format!("failed/{key}")
}

/// Reads a note under [`FETCHING`].
fn read(note: &str, text: &str) -> Option<(u64, Lost)> {
    let id = note.strip_prefix(FETCHING)?.parse().ok()?;
    let text: Value = serde_json::from_str(text).ok()?;
    let rendition = text["rendition"].as_str().map(str::to_owned);
    Some((id, Lost { key: text["key"].as_str()?.to_owned(), rendition }))
}

/// Looks what has become of the files that the target fetches. Those that it could not are lost, which `tell` says; how many
/// are still to come.
pub(super) async fn look(site: &Site, tell: Tell) -> Result<u64, Error> {
    let mut waiting: Vec<(u64, Lost)> = Vec::new();
    let visit = &mut |note: &str, text: &str| waiting.extend(read(note, text));
    site.ledger.under(FETCHING, visit).map_err(Error::Ledger)?;
    let mut coming = 0;
    for part in waiting.chunks(ASKED_MAX) {
        let ids: Vec<u64> = part.iter().map(|(id, _)| *id).collect();
        let states = match file_states(&site.client, &ids).await {
            Ok(states) => states,
            Err(error) if is_of_items(&error) => {
                tracing::info!("the target does not tell how far its files are: {}", why(&error));
                coming += part.len() as u64;
                continue;
            }
            Err(error) => return Err(error),
        };
        for (id, lost) in part {
            match states[id] {
                FileState::Coming => coming += 1,
                FileState::Here => site.note(vec![fetching_no_more(*id)])?,
                FileState::Failed => {
                    let mut notes = vec![fetching_no_more(*id)];
                    if lost.rendition.is_none() {
                        notes.push((format!("file/{}", lost.key), None));
                        notes.push((failed_key(&lost.key), Some(id.to_string())));
                    }
                    let why = "the target could not fetch it".to_owned();
                    match tell {
                        Tell::People => site.lose(lost, lost.name(), why)?,
                        Tell::Ledger => site.note_lost(lost, &lost.name(), &why)?,
                    }
                    site.uploads.forget(&lost.key);
                    site.note(notes)?;
                }
            }
        }
    }
    Ok(coming)
}

fn fetching_no_more(id: u64) -> Change {
    (format!("{FETCHING}{id:012}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_is_read_from_its_note() {
        for lost in [Lost::file("12"), Lost::rendition("https://h/a.png", "small")] {
            let (note, text) = fetching(7, &lost);
            assert_eq!(read(&note, &text.unwrap_or_default()), Some((7, lost)));
        }
    }
}
