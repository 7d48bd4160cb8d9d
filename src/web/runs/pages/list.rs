//! All runs, also those of the command line, the newest first.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::{Value, json};

use crate::archive::Archive;
use crate::archive::id::RunId;
use crate::archive::runs;
use crate::web::answer::{self, Refusal};
use crate::web::look::{Here, RUNS, Tone, notice};
use crate::web::runs::pages::draw;
use crate::web::runs::view::RunView;
use crate::web::site::{Site, blocking};
use crate::web::visit::{Frame, Visit};
use crate::web::words::runs as words;

/// Runs of a page.
const PAGE: usize = 50;
/// Seconds after which a browser without scripts asks again, while something runs.
const REFRESH: u32 = 5;

/// `GET /inspect/migration/runs/?before=…`
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let before = query.get("before").and_then(|before| before.parse().ok());
    let looking = Arc::clone(&site);
    let (views, older, flaws) = blocking(move || found(&looking, before)).await?;
    if visit.is_json {
        let views: Vec<Value> = views.iter().map(RunView::json).collect();
        return Ok(answer::json_of(StatusCode::OK, &json!({ "Runs": views, "Older": older, "Damaged": flaws })));
    }
    let language = visit.language;
    let title = language.say(crate::web::words::frame::RUNS);
    let is_live = views.iter().any(|view| view.state.is_under_way());
    let content = html! {
        h1 { (title) }
        @for flaw in &flaws { (notice(Tone::Bad, html! { (flaw) })) }
        @if views.is_empty() { p { (language.say(words::NO_RUNS)) } } @else { (draw::rows(&views, language)) }
        nav.pager {
            @if before.is_some() { a href=(RUNS) { (language.say(words::NEWEST)) } " " }
            @if let Some(older) = older { a rel="next" href={ (RUNS) "?before=" (older) } { (language.say(words::OLDER)) } }
        }
    };
    let refresh = is_live.then_some(REFRESH);
    Ok(visit.page(StatusCode::OK, Frame { title, here: Here::Runs, crumbs: Vec::new(), refresh }, content))
}

type Found = (Vec<RunView>, Option<u64>, Vec<String>);

/// The runs of a page, with the number before which there are older ones.
fn found(site: &Site, before: Option<u64>) -> Result<Found, Refusal> {
    let mut views = Vec::new();
    if before.is_none() {
        let unrecorded = site.queue.current().into_iter().rev().filter(|live| live.run().is_none());
        views.extend(unrecorded.map(|live| RunView::unrecorded(&live)));
    }
    let archive = match Archive::open(&site.archive) {
        Ok(archive) => archive,
        // The first backup makes it.
        Err(crate::archive::Error::NotFound(_)) => return Ok((views, None, Vec::new())),
        Err(error) => return Err(error.into()),
    };
    let rows = runs::newest(&archive.read()?, RunId(before.unwrap_or(u64::MAX)), PAGE)?;
    let is_full = rows.len() == PAGE;
    let (mut last, mut flaws) = (None, Vec::new());
    for row in rows {
        match row {
            Ok(run) => {
                last = Some(run.id.0);
                let live = site.queue.of_run(run.id);
                views.push(RunView::recorded(run, live.as_deref()));
            }
            Err(error) => flaws.push(error.to_string()),
        }
    }
    Ok((views, last.filter(|last| is_full && *last > 1), flaws))
}
