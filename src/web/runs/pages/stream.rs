//! The stream of events that keeps the page of a run up to date. What happens at once is told at once; what was missed
//! is told again from the log.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::archive::runs::LogPage;
use crate::model::log::Level;
use crate::web::answer::Refusal;
use crate::web::runs::pages::log::Wanted;
use crate::web::runs::pages::{draw, page};
use crate::web::site::{Site, blocking};
use crate::web::visit::Visit;
use crate::web::words::Language;

/// What happens within this time is told together.
const COALESCE: Duration = Duration::from_millis(300);
/// How often it is looked at a run of another process, and times are told anew.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Nothing in between would let go of a silent connection sooner.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Lines that are told at once; what is more follows.
const LINES_MAX: usize = 500;

/// What a stream knows.
struct Following {
    site: Arc<Site>,
    name: String,
    language: Language,
    least: Level,
    next: u64,
    changes: Option<watch::Receiver<u64>>,
    head: String,
    is_first: bool,
    is_over: bool,
    stop: tokio_util::sync::CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// What is told at once.
struct Told {
    name: String,
    state: &'static str,
    is_under_way: bool,
    head: String,
    lines: String,
    next: u64,
    is_more: bool,
}

/// `GET /inspect/migration/runs/…/events`; goes on behind `Last-Event-ID`, or with line `?from=…`.
pub(super) async fn events(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Ok(place) = Arc::clone(&site.streams).try_acquire_owned() else {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many pages follow runs",
            "close some of them; this page works by being loaded again",
        ));
    };
    let looking = (Arc::clone(&site), name.clone());
    let found = blocking(move || page::find(&looking.0, &looking.1)).await?;
    let wanted = Wanted::of(&query);
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let next = last.unwrap_or(if let Some(LogPage::From(from)) = wanted.page { from } else { 0 });
    let following = Following {
        stop: site.stop.clone(),
        changes: found.live.as_ref().map(|live| live.changes()),
        site,
        name,
        language: visit.language,
        least: wanted.least,
        next,
        head: String::new(),
        is_first: true,
        is_over: false,
        _place: place,
    };
    let stop = following.stop.clone();
    let events = stream::unfold(following, async |mut following| {
        let events = following.step().await?;
        Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), following))
    });
    let events = Box::pin(events.flatten().take_until(async move { stop.cancelled().await }));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

impl Following {
    /// Waits until there is something to tell; `None` when there will be nothing any more.
    async fn step(&mut self) -> Option<Vec<Event>> {
        if self.is_over {
            return None;
        }
        if !std::mem::replace(&mut self.is_first, false) {
            self.wait().await;
        }
        let Ok(told) = self.look().await else {
            // The page says what is wrong when it is loaded again.
            self.is_over = true;
            return Some(vec![Event::default().event("end").data("{}")]);
        };
        let mut events = Vec::new();
        if told.head != self.head {
            let data = json!({ "html": told.head, "state": told.state, "name": told.name });
            events.push(Event::default().event("head").data(data.to_string()));
            self.head = told.head;
        }
        if told.next > self.next {
            self.next = told.next;
            if !told.lines.is_empty() {
                let data = json!({ "html": told.lines, "next": told.next });
                events.push(Event::default().event("lines").id(told.next.to_string()).data(data.to_string()));
            }
        }
        if !told.is_under_way && !told.is_more {
            self.is_over = true;
            events.push(Event::default().event("end").data(json!({ "state": told.state }).to_string()));
        }
        Some(events)
    }

    async fn wait(&mut self) {
        match &mut self.changes {
            None => tokio::time::sleep(LOOK_EVERY).await,
            Some(changes) => {
                // Without a change, rates and times are told anew.
                let _ = tokio::time::timeout(LOOK_EVERY, changes.changed()).await;
                tokio::time::sleep(COALESCE).await;
                changes.mark_unchanged();
            }
        }
    }

    async fn look(&self) -> Result<Told, Refusal> {
        let (site, name, language) = (Arc::clone(&self.site), self.name.clone(), self.language);
        let (next, least) = (self.next, self.least);
        blocking(move || {
            let place = page::find(&site, &name)?;
            let (view, details) = (place.view()?, place.details()?);
            let lines = place.lines(LogPage::From(next), least, LINES_MAX)?;
            Ok(Told {
                state: view.state.name(),
                is_under_way: view.state.is_under_way(),
                head: draw::head(&view, &details, language).into_string(),
                next: lines.last().map_or(next, |line| line.number + 1),
                is_more: lines.len() == LINES_MAX,
                lines: draw::lines(&lines, language).into_string(),
                name: view.name,
            })
        })
        .await
    }
}
