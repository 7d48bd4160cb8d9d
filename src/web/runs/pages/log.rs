//! The log: by pages, as JSON, and whole.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc;

use crate::archive::runs::{BLOCK_LINES, LogPage};
use crate::model::log::{Level, Numbered};
use crate::web::answer::{self, Refusal};
use crate::web::runs::Live;
use crate::web::runs::pages::page::{self, Place};
use crate::web::site::{Site, blocking};
use crate::web::words::utc;

/// Lines of a page.
const PAGE: usize = 500;
/// Lines of a page of warnings or errors: each may stand in a block of its own, which is unpacked for it.
const MARKED_PAGE: usize = 200;
/// The most lines that a script gets at once.
const LINES_MAX: usize = 5000;
/// Blocks of the whole log that wait to be sent.
const BLOCKS_AHEAD: usize = 8;

/// Which lines are wanted: `?from=…` or `?before=…`, and `?level=…`; otherwise the last ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub page: Option<LogPage>,
    pub least: Level,
}

impl Wanted {
    pub fn of(query: &HashMap<String, String>) -> Self {
        let number = |key: &str| query.get(key).and_then(|value| value.parse().ok());
        let page = number("from").map(LogPage::From).or_else(|| number("before").map(LogPage::Before));
        let least = query.get("level").and_then(|name| Level::of_name(name)).unwrap_or(Level::Info);
        Self { page, least }
    }

    /// Lines of a page.
    pub fn count(self) -> usize {
        if self.least == Level::Info { PAGE } else { MARKED_PAGE }
    }
}

/// `GET /inspect/migration/runs/…/lines`: a page of the log as JSON.
pub(super) async fn lines(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let wanted = Wanted::of(&query);
    let count = query.get("count").and_then(|count| count.parse().ok()).unwrap_or(wanted.count()).clamp(1, LINES_MAX);
    let found = blocking(move || {
        let place = page::find(&site, &name)?;
        place.lines(wanted.page.unwrap_or(LogPage::Before(u64::MAX)), wanted.least, count)
    });
    let lines = found.await?;
    let lines = lines.iter().map(|Numbered { number, line }| {
        json!({ "Number": number, "At": (line.at != 0).then(|| utc(line.at)), "Level": line.level.name(), "Text": line.text })
    });
    Ok(answer::json_of(StatusCode::OK, &json!({ "Lines": lines.collect::<Vec<_>>() })))
}

/// `GET /inspect/migration/runs/…/log`: the whole log as text, in pieces.
pub(super) async fn raw(State(site): State<Arc<Site>>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let (found, shown) = (Arc::clone(&site), name.clone());
    let place = blocking(move || page::find(&found, &name)).await?;
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(BLOCKS_AHEAD);
    tokio::task::spawn_blocking(move || send(&place, &sender));
    let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"run-{shown}.log\"")),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Sends line after line, until there are no more or nobody listens.
fn send(place: &Place, sender: &mpsc::Sender<Result<Bytes, std::io::Error>>) {
    let mut from = 0;
    loop {
        let page = match place.lines(LogPage::From(from), Level::Info, BLOCK_LINES) {
            Ok(page) => page,
            Err(refusal) => {
                // An answer that is cut off is not taken for a whole one.
                let _ = sender.blocking_send(Err(std::io::Error::other(refusal.what)));
                return;
            }
        };
        let Some(last) = page.last() else { return };
        from = last.number + 1;
        let text: String = page.iter().map(text).collect();
        if sender.blocking_send(Ok(Bytes::from(text))).is_err() {
            return;
        }
    }
}

/// A line as text; what stands in it cannot begin another one.
fn text(Numbered { line, .. }: &Numbered) -> String {
    let time = if line.at == 0 { String::new() } else { format!("{} ", utc(line.at)) };
    let text: String = line.text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    format!("{time}{:<7} {text}\n", line.level.name())
}

/// Whether more lines may come.
pub(super) fn is_growing(live: Option<&Live>) -> bool {
    live.is_some_and(|live| !matches!(live.step(), crate::web::runs::Step::Ended(_)))
}
