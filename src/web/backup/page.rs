//! The page of a backup, and everything below it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::archive::Snapshot;
use crate::jobs::{BackupOverview, view};
use crate::model::path::EntryPath;
use crate::web::address;
use crate::web::answer::{ROOT, Refusal, json_of};
use crate::web::backup::chosen::Chosen;
use crate::web::backup::{actions, compare, download, entry, folder};
use crate::web::look::table::{Column, table};
use crate::web::look::{Crumb, Here, RUNS, Tone, figure, figures, notice, time};
use crate::web::query::Query;
use crate::web::recent::Recent;
use crate::web::site::{Site, blocking};
use crate::web::start::{overview, source};
use crate::web::visit::{Frame, Visit};
use crate::web::words::{Language, backups as words, frame};

/// Snapshots that are listed; a page each.
const SNAPSHOTS_SHOWN: usize = 50;
/// The name in a query of the page of the list of snapshots.
const QUERY_SNAPSHOTS: &str = "snapshots";

/// `GET /inspect/migration/<name>/`
pub(in crate::web) async fn page(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    visit: Visit,
    query: Query,
) -> Result<Response, Refusal> {
    if let Some(form) = query.get(download::QUERY) {
        return download::tar(&site, &name, form, &query).await;
    }
    if query.get(compare::QUERY).is_some() {
        return compare::page(&site, name, visit, query).await;
    }
    if let Some(digits) = query.get(address::HEX) {
        let (path, is_folder) = address::of_hex(digits).ok_or_else(Refusal::not_found)?;
        return inside(site, name, Some(path), is_folder, visit, query).await;
    }
    inside(site, name, None, true, visit, query).await
}

/// `GET /inspect/migration/<name>/<path of a folder or an entry>`
pub(in crate::web) async fn below(
    State(site): State<Arc<Site>>,
    Path((name, path)): Path<(String, String)>,
    visit: Visit,
    query: Query,
) -> Result<Response, Refusal> {
    let (path, is_folder) = address::of_bytes(path.as_bytes()).ok_or_else(Refusal::not_found)?;
    inside(site, name, Some(path), is_folder, visit, query).await
}

async fn inside(
    site: Arc<Site>,
    name: String,
    path: Option<EntryPath>,
    is_folder: bool,
    visit: Visit,
    query: Query,
) -> Result<Response, Refusal> {
    if let Some(path) = &path
        && query.get(download::QUERY_RAW).is_some()
    {
        return download::entry(&site, &name, path.clone(), &query).await;
    }
    blocking(move || {
        let chosen = Chosen::look(&site, &name, &query)?;
        match path {
            Some(path) if !is_folder => entry::page(&site, &chosen, path, &visit, &query),
            path => {
                let listing = folder::Listing::look(&site, &chosen, path, &query)?;
                if visit.is_json {
                    return Ok(json_of(StatusCode::OK, &twin(&chosen, &listing, &Recent::look(&site)?)));
                }
                Ok(draw(&site, &chosen, &listing, &visit, &query))
            }
        }
    })
    .await
}

/// A backup with one of its folders for scripts.
fn twin(chosen: &Chosen, listing: &folder::Listing, recent: &Recent) -> Value {
    let whole = BackupOverview {
        name: chosen.name.clone(),
        newest: chosen.snapshots.first().unwrap_or(&chosen.snapshot).clone(),
        snapshots: chosen.snapshots.len() as u64,
        bytes_plain: chosen.snapshots.iter().map(|one| one.counts.bytes).sum(),
        bytes_stored: chosen.snapshots.iter().map(|one| one.added.bytes_stored).sum(),
    };
    let mut backup = overview(&whole, recent);
    backup["Snapshot"] = view::snapshot(&chosen.snapshot);
    json!({ "Backup": backup, "Files": listing.twin(), "SubPath": listing.sub_path() })
}

fn draw(site: &Site, chosen: &Chosen, listing: &folder::Listing, visit: &Visit, query: &Query) -> Response {
    let language = visit.language;
    let snapshot = &chosen.snapshot;
    if listing.path.is_some() {
        let title = listing.sub_path();
        let content = html! {
            header { h1.path { (title) } p { (about(chosen, language)) } }
            (listing.draw(chosen, language))
        };
        let around =
            Frame { title: &title, here: Here::Backups, crumbs: listing.crumbs(chosen, language), refresh: None };
        return visit.page(StatusCode::OK, around, content);
    }
    let content = html! {
        header {
            h1 { (chosen.name) }
            p { (source(snapshot)) }
        }
        section {
            h2 { (language.fill(words::SNAPSHOT_NUMBER, &[&snapshot.number.to_string()])) }
            (facts(snapshot, language))
            (oddities(snapshot, language))
            (actions::draw(site, chosen, visit))
        }
        (snapshots(chosen, language, query))
        (kinds(snapshot, language))
        section #content-of {
            h2 { (language.say(words::CONTENT_OF)) }
            (listing.draw(chosen, language))
        }
    };
    let title = chosen.name.as_str();
    visit.page(StatusCode::OK, Frame { title, here: Here::Backups, crumbs: home(language), refresh: None }, content)
}

/// The way back to the list.
pub(super) fn home(language: Language) -> Vec<Crumb> {
    vec![Crumb { label: language.say(words::TITLE).to_owned(), path: ROOT.to_owned() }]
}

/// `museum · Snapshot 12 · 2026-03-01 14:05`
pub(super) fn about(chosen: &Chosen, language: Language) -> Markup {
    let snapshot = &chosen.snapshot;
    html! {
        a href=(address::snapshot(&chosen.name, snapshot.number)) {
            (chosen.name) " · " (language.fill(words::SNAPSHOT_NUMBER, &[&snapshot.number.to_string()]))
        }
        " · " (time(language, snapshot.created))
    }
}

fn facts(snapshot: &Snapshot, language: Language) -> Markup {
    let Snapshot { counts, added, .. } = snapshot;
    let mut items = vec![
        figure(language.say(words::CREATED), html! { (time(language, snapshot.created)) }),
        figure(
            language.say(words::RECORDS),
            html! { (language.number(counts.records)) small { (language.number(counts.payloads)) " " (language.say(words::PAYLOADS)) } },
        ),
        figure(
            language.say(words::FILES),
            html! {
                (language.number(counts.files))
                @if counts.renditions > 0 {
                    small { "+ " (language.number(counts.renditions)) " " (language.say(words::RENDITIONS)) }
                }
            },
        ),
        figure(language.say(words::SIZE), html! { (language.bytes(counts.bytes)) }),
        figure(
            language.say(words::ADDED),
            html! {
                (language.bytes(added.bytes_stored))
                small { (language.number(added.records)) " " (language.say(words::NEW_RECORDS)) }
            },
        ),
        figure(language.say(words::RUN), html! { a href={ (RUNS) (snapshot.run) "/" } { (snapshot.run) } }),
    ];
    if !snapshot.tags.is_empty() {
        items.push(figure(language.say(words::TAGS), html! { (snapshot.tags.join(", ")) }));
    }
    figures(&items)
}

fn oddities(snapshot: &Snapshot, language: Language) -> Markup {
    let notes = [(snapshot.counts.missing, words::MISSING_NOTE), (snapshot.counts.flawed, words::FLAWED_NOTE)];
    html! {
        @for (count, text) in notes {
            @if count > 0 {
                (notice(Tone::Warning, html! { p { (language.fill(text, &[&language.number(count)])) } }))
            }
        }
    }
}

fn snapshots(chosen: &Chosen, language: Language, query: &Query) -> Markup {
    let page = query.get(QUERY_SNAPSHOTS).and_then(|text| text.parse().ok()).unwrap_or(1_usize).max(1);
    let from = (page - 1).saturating_mul(SNAPSHOTS_SHOWN);
    let columns = [
        Column::Name(language.say(words::SNAPSHOT)),
        Column::Text(language.say(words::CREATED)),
        Column::Figure(language.say(words::RECORDS)),
        Column::Figure(language.say(words::NEW_RECORDS)),
        Column::Figure(language.say(words::SIZE)),
        Column::Figure(language.say(words::ADDED)),
        Column::Text(language.say(words::TAGS)),
    ];
    let rows = chosen.snapshots.iter().skip(from).take(SNAPSHOTS_SHOWN).map(|one| {
        let current = (one.number == chosen.snapshot.number).then_some("true");
        vec![
            html! { a href=(address::snapshot(&one.name, one.number)) aria-current=[current] { (one.number) } },
            html! { (time(language, one.created)) },
            html! { (language.number(one.counts.records)) },
            html! { (language.number(one.added.records)) },
            html! { (language.bytes(one.counts.bytes)) },
            html! { (language.bytes(one.added.bytes_stored)) },
            html! { (one.tags.join(", ")) },
        ]
    });
    let link = |page: usize, label| {
        html! { a href={ (address::backup(&chosen.name)) "?" (QUERY_SNAPSHOTS) "=" (page) "#snapshots" } { (language.say(label)) } }
    };
    let has_more = from + SNAPSHOTS_SHOWN < chosen.snapshots.len();
    html! {
        section {
            h2 { (language.say(words::SNAPSHOTS)) }
            (table("snapshots", &columns, &rows.collect::<Vec<_>>()))
            @if page > 1 || has_more {
                nav.pager {
                    @if page > 1 { (link(page - 1, frame::PREVIOUS)) }
                    @if has_more { (link(page + 1, frame::NEXT)) }
                }
            }
        }
    }
}

fn kinds(snapshot: &Snapshot, language: Language) -> Markup {
    let columns = [
        Column::Name(language.say(words::KIND)),
        Column::Text(language.say(words::OBJECTTYPE)),
        Column::Figure(language.say(words::PAYLOADS)),
        Column::Figure(language.say(words::RECORDS)),
        Column::Figure(language.say(words::OLDER)),
        Column::Figure(language.say(words::NEW)),
        Column::Figure(language.say(words::SIZE)),
    ];
    let rows = snapshot.kinds.iter().map(|kind| {
        vec![
            html! { @if kind.kind.is_empty() { "–" } @else { (kind.kind) } },
            html! { (kind.objecttype.as_deref().unwrap_or_default()) },
            html! { (language.number(kind.payloads)) },
            html! { (language.number(kind.records)) },
            html! { (language.number(kind.older_versions)) },
            html! { (language.number(kind.new_records)) },
            html! { (language.bytes(kind.bytes)) },
        ]
    });
    html! {
        @if !snapshot.kinds.is_empty() {
            details.panel #contents {
                summary { h2 { (language.say(words::CONTENTS)) } span.help { (language.number(snapshot.kinds.len() as u64)) } }
                div.inside { (table("kinds", &columns, &rows.collect::<Vec<_>>())) }
            }
        }
    }
}
