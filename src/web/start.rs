//! The start page: the list of backups, and the forms that create and restore them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::archive::{self, Snapshot};
use crate::jobs::{self, BackupOverview, view};
use crate::web::address;
use crate::web::answer::{Refusal, json_of, see_other};
use crate::web::forms::{Complaints, draw_backup, draw_restore};
use crate::web::look::table::{Column, table};
use crate::web::look::{Here, Tone, notice, state, time};
use crate::web::query::Query;
use crate::web::recent::Recent;
use crate::web::runs::RunView;
use crate::web::runs::pages::rows;
use crate::web::sheets::{Open, Sheets, offered, once};
use crate::web::site::{Site, blocking};
use crate::web::visit::{Frame, Visit};
use crate::web::words::{Language, backups as words, forms};

/// What the page shows of the archive.
pub(super) struct Shelf {
    pub backups: Vec<BackupOverview>,
    pub damaged: Vec<archive::Error>,
    /// What runs, and what ran last.
    pub recent: Recent,
    /// There is no archive yet.
    pub is_new: bool,
}

/// `GET /inspect/migration/`
pub(super) async fn page(State(site): State<Arc<Site>>, visit: Visit, query: Query) -> Result<Response, Refusal> {
    blocking(move || {
        let shelf = Shelf::look(&site)?;
        if visit.is_json {
            return Ok(json_of(StatusCode::OK, &json!({ "Backups": twin(&shelf) })));
        }
        let sheets = Sheets::asked(&site, &shelf, &query, visit.language);
        Ok(draw(&site, &visit, &shelf, &sheets, StatusCode::OK))
    })
    .await
}

/// The whole page.
pub(super) fn draw(site: &Site, visit: &Visit, shelf: &Shelf, sheets: &Sheets, status: StatusCode) -> Response {
    let language = visit.language;
    let place = site.place(language);
    let offered = offered(shelf, sheets, site, language);
    let content = html! {
        header {
            h1 { (language.say(words::TITLE)) }
            p { (summary(shelf, site, language)) }
        }
        @if !shelf.recent.under_way.is_empty() {
            section #running {
                h2 { (language.say(words::RUNNING_NOW)) }
                (rows(&shelf.recent.under_way, language))
            }
        }
        div.panels {
            details.panel #create-backup open[sheets.open == Open::Backup] {
                summary {
                    h2 { (language.say(forms::CREATE_BACKUP)) }
                    span.help { (language.say(forms::CREATE_BACKUP_NOTE)) }
                }
                div.inside {
                    (draw_backup(&sheets.backup, &sheets.backup_complaints, &place, &once()))
                }
            }
            details.panel #restore-backup open[sheets.open == Open::Restore] {
                summary { h2 { (language.say(forms::RESTORE_BACKUP)) } }
                div.inside {
                    @if offered.is_empty() {
                        p { (language.say(forms::NO_BACKUPS)) }
                    } @else {
                        (draw_restore(&sheets.restore, &offered, &sheets.restore_complaints, &place, &once()))
                    }
                }
            }
        }
        section {
            h2 { (language.say(words::LIST)) }
            (list(shelf, language))
            @for error in &shelf.damaged {
                (notice(Tone::Bad, html! {
                    p { (language.fill(words::DAMAGED, &[&error.to_string()])) }
                }))
            }
        }
    };
    let title = language.say(words::TITLE);
    visit.page(status, Frame { title, here: Here::Backups, crumbs: Vec::new(), refresh: None }, content)
}

impl Shelf {
    /// # Errors
    /// When there is an archive that cannot be read.
    pub fn look(site: &Site) -> Result<Self, Refusal> {
        match jobs::overview(&site.archive) {
            Ok((backups, damaged)) => Ok(Self { backups, damaged, recent: Recent::look(site)?, is_new: false }),
            Err(jobs::Error::Archive(archive::Error::NotFound(_))) => {
                Ok(Self { backups: Vec::new(), damaged: Vec::new(), recent: Recent::look(site)?, is_new: true })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The newest snapshot of all.
    pub fn newest(&self) -> Option<&Snapshot> {
        self.backups.iter().map(|backup| &backup.newest).max_by_key(|snapshot| snapshot.number)
    }
}

/// A run has begun, or waits.
pub(super) fn begun(view: &RunView, visit: &Visit) -> Response {
    let path = view.path();
    if visit.is_json {
        let told = json_of(StatusCode::ACCEPTED, &json!({ "Run": view.json() }));
        return ([(header::LOCATION, path)], told).into_response();
    }
    see_other(&path)
}

/// What is wrong with a form, for scripts.
pub(super) fn complained(complaints: &Complaints) -> Response {
    let fields: serde_json::Map<String, Value> =
        complaints.0.iter().map(|one| (one.field.to_string(), one.what.as_str().into())).collect();
    json_of(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": complaints.line(), "fields": fields }))
}

fn summary(shelf: &Shelf, site: &Site, language: Language) -> String {
    if shelf.is_new {
        return language.fill(words::NO_ARCHIVE, &[&site.archive.display().to_string()]);
    }
    let snapshots: u64 = shelf.backups.iter().map(|backup| backup.snapshots).sum();
    let plain: u64 = shelf.backups.iter().map(|backup| backup.bytes_plain).sum();
    let file = std::fs::metadata(&site.archive).map_or(0, |metadata| metadata.len());
    language.fill(words::SAVED_LINE, &[&language.number(snapshots), &language.bytes(plain), &language.bytes(file)])
}

fn list(shelf: &Shelf, language: Language) -> Markup {
    if shelf.backups.is_empty() {
        return html! { p.lead #no-backups { (language.say(words::EMPTY)) } };
    }
    let columns = [
        Column::Name(language.say(words::NAME)),
        Column::Text(language.say(words::NEWEST)),
        Column::Figure(language.say(words::SNAPSHOTS)),
        Column::Figure(language.say(words::RECORDS)),
        Column::Figure(language.say(words::STORED)),
        Column::Text(language.say(words::LAST_BACKUP)),
        Column::Text(language.say(words::LAST_RESTORE)),
    ];
    let rows = shelf.backups.iter().map(|backup| {
        let BackupOverview { name, newest, snapshots, bytes_plain, bytes_stored } = backup;
        vec![
            html! { a href=(address::backup(name)) { (name) } div.help { (source(newest)) } },
            html! { a href=(address::snapshot(name, newest.number)) { (newest.number) } span.help { (time(language, newest.created)) } },
            html! { (language.number(*snapshots)) },
            html! { (language.number(newest.counts.records)) },
            html! {
                (language.bytes(*bytes_stored))
                span.help { (language.fill(words::SAVED_SIZE, &[&language.bytes(bytes_plain.saturating_sub(*bytes_stored))])) }
            },
            last(shelf.recent.backups.get(name), language),
            last(shelf.recent.restores.get(name), language),
        ]
    });
    table("backups", &columns, &rows.collect::<Vec<_>>())
}

/// A run with its state.
fn last(run: Option<&RunView>, language: Language) -> Markup {
    html! {
        @match run {
            None => span.help { (language.say(words::NEVER)) },
            Some(run) => a.run href=(run.path()) { (state(run.state, language)) small.help { (time(language, run.started)) } },
        }
    }
}

/// Where a backup comes from, as far as its manifest tells.
pub(super) fn source(snapshot: &Snapshot) -> Markup {
    let source = &snapshot.source;
    let place = source.url.as_deref().or(source.name.as_deref()).unwrap_or("–");
    let system = [source.kind.as_deref(), source.version.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    html! {
        span { (place) @if !system.is_empty() { small.help { " " (system.join(" ")) } } }
    }
}

/// The list for scripts.
fn twin(shelf: &Shelf) -> Value {
    shelf.backups.iter().map(|backup| overview(backup, &shelf.recent)).collect()
}

/// A backup for scripts.
pub(super) fn overview(backup: &BackupOverview, recent: &Recent) -> Value {
    let last = |runs: &HashMap<String, RunView>| runs.get(&backup.name).map(RunView::json);
    json!({
        "LastBackup": last(&recent.backups),
        "LastRestore": last(&recent.restores),
        "Name": backup.name,
        "Source": backup.newest.source.url.as_ref().or(backup.newest.source.name.as_ref()),
        "Snapshots": backup.snapshots,
        "Records": backup.newest.counts.records,
        "Size": backup.bytes_plain,
        "SizeStored": backup.bytes_stored,
        "SizeSaved": backup.bytes_plain.saturating_sub(backup.bytes_stored),
        "Newest": view::snapshot(&backup.newest),
    })
}
