//! What changed between two snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::archive::id::SnapshotNumber;
use crate::archive::{Archive, SnapshotName, snapshot};
use crate::jobs::diff::{Change, Diff, Differences, EntryCounts, KindDiff, RecordChange, Side, What};
use crate::model::payload::FieldChange;
use crate::web::answer::{Refusal, json_of};
use crate::web::backup::chosen::Chosen;
use crate::web::backup::folder::crumbs;
use crate::web::look::table::{Column, table};
use crate::web::look::{Here, Tone, notice, tally};
use crate::web::query::Query;
use crate::web::site::{Site, blocking};
use crate::web::visit::{Frame, Visit};
use crate::web::words::{Language, backups as words};

/// The name in a query of the snapshot to compare with: the one before.
pub(super) const QUERY: &str = "compare";
/// Changes that are shown one by one.
const CHANGES_SHOWN: usize = 500;
/// Fields of a record that are shown; a record that was replaced has hundreds.
const FIELDS_SHOWN: usize = 20;
/// Signs of a value that are shown.
const VALUE_SHOWN: usize = 300;

/// What was found.
struct Found {
    before: SnapshotNumber,
    differences: Differences,
    changes: Vec<Line>,
    more: u64,
}

/// A change as it is shown.
struct Line {
    kind: String,
    what: String,
    change: &'static str,
    fields: Vec<FieldChange>,
}

/// The page of a comparison.
///
/// # Errors
/// When one of the two cannot be read.
pub(super) async fn page(site: &Arc<Site>, name: String, visit: Visit, query: Query) -> Result<Response, Refusal> {
    let turn = site.turn().await?;
    let site = Arc::clone(site);
    blocking(move || {
        let _turn = turn;
        let chosen = Chosen::look(&site, &name, &query)?;
        let before = query.get(QUERY).and_then(|text| text.parse().ok());
        let before = snapshot::find(
            &Archive::open(&site.archive)?.read()?,
            &SnapshotName::Number(SnapshotNumber(before.ok_or_else(Refusal::not_found)?)),
        )?;
        let found = Found::look(&site, before.number, &chosen)?;
        if visit.is_json {
            return Ok(json_of(StatusCode::OK, &found.twin(&chosen)));
        }
        Ok(draw(&found, &chosen, &visit))
    })
    .await
}

impl Found {
    fn look(site: &Site, before: SnapshotNumber, chosen: &Chosen) -> Result<Self, Refusal> {
        let diff = Diff {
            before: Side::Snapshot(SnapshotName::Number(before)),
            after: Side::Snapshot(chosen.snapshot_name()),
            details: true,
        };
        let mut changes = Vec::new();
        let mut more = 0;
        let differences = diff.run(&site.archive, |change| {
            if changes.len() < CHANGES_SHOWN {
                changes.push(Line::of(change));
            } else {
                more += 1;
            }
            Ok::<(), crate::jobs::Error>(())
        })?;
        Ok(Self { before, differences, changes, more })
    }

    fn twin(&self, chosen: &Chosen) -> Value {
        let changes = self.changes.iter().map(|line| {
            let fields = line
                .fields
                .iter()
                .map(|field| json!({ "Field": field.pointer, "Before": field.before, "After": field.after }));
            json!({ "Kind": line.kind, "What": line.what, "Change": line.change, "Fields": fields.collect::<Vec<_>>() })
        });
        let counts = counts(&self.differences).into_iter().map(|(kind, counts)| {
            let EntryCounts { added, removed, changed, unchanged } = counts;
            json!({ "Kind": kind, "Added": added, "Removed": removed, "Changed": changed, "Unchanged": unchanged })
        });
        json!({
            "Before": self.before.0,
            "After": chosen.snapshot.number.0,
            "Counts": counts.collect::<Vec<_>>(),
            "Changes": changes.collect::<Vec<_>>(),
            "More": self.more,
        })
    }
}

impl Line {
    fn of(change: Change<'_>) -> Self {
        match change {
            Change::Record(kind, RecordChange { identity, what }) => {
                let name = identity.key().map(|key| key.to_string()).unwrap_or_default();
                let version = identity.version.as_ref().map(|version| format!(" v{version}")).unwrap_or_default();
                let (change, fields) = match what {
                    What::Added => ("added", Vec::new()),
                    What::Removed => ("removed", Vec::new()),
                    What::Changed(fields) => ("changed", fields),
                };
                Self { kind: kind_name(kind), what: format!("{name}{version}"), change, fields }
            }
            Change::Entry(entry) => {
                let change = match (&entry.before, &entry.after) {
                    (None, _) => "added",
                    (_, None) => "removed",
                    _ => "changed",
                };
                Self { kind: entry.role.name().to_owned(), what: entry.path.to_string(), change, fields: Vec::new() }
            }
        }
    }
}

fn kind_name(kind: &KindDiff) -> String {
    match &kind.objecttype {
        Some(objecttype) => format!("{} {objecttype}", kind.kind),
        None => kind.kind.clone(),
    }
}

fn counts(differences: &Differences) -> BTreeMap<String, EntryCounts> {
    let records = differences.kinds.iter().map(|kind| {
        let KindDiff { added, removed, changed, unchanged, .. } = kind;
        let counts = EntryCounts { added: *added, removed: *removed, changed: *changed, unchanged: *unchanged };
        (kind_name(kind), counts)
    });
    let entries = differences.entries.iter().map(|(role, counts)| (role.name().to_owned(), *counts));
    records.chain(entries).collect()
}

fn draw(found: &Found, chosen: &Chosen, visit: &Visit) -> Response {
    let language = visit.language;
    let numbers = [found.before.to_string(), chosen.snapshot.number.to_string()];
    let title = language.fill(words::COMPARING, &[&numbers[0], &numbers[1]]);
    let content = html! {
        header { h1 { (title) } p { (chosen.name) } }
        @if found.differences.is_empty() {
            (notice(Tone::Good, html! { p #same { (language.say(words::SAME)) } }))
        }
        section {
            h2 { (language.say(words::COMPARED)) }
            (sums(found, language))
        }
        @if !found.changes.is_empty() || !found.differences.fields.is_empty() {
            section {
                h2 { (language.say(words::CHANGES)) }
                (one_by_one(found, language))
                @if found.more > 0 {
                    p.lead { (language.fill(words::CHANGES_MORE, &[&language.number(CHANGES_SHOWN as u64)])) }
                }
            }
        }
    };
    let crumbs = crumbs(chosen, None, language);
    visit.page(StatusCode::OK, Frame { title: &title, here: Here::Backups, crumbs, refresh: None }, content)
}

fn sums(found: &Found, language: Language) -> Markup {
    let columns = [
        Column::Name(language.say(words::KIND)),
        Column::Figure(language.say(words::ADDED_COUNT)),
        Column::Figure(language.say(words::REMOVED_COUNT)),
        Column::Figure(language.say(words::CHANGED_COUNT)),
        Column::Figure(language.say(words::UNCHANGED_COUNT)),
    ];
    let is_same = |counts: &EntryCounts| counts.added + counts.removed + counts.changed == 0;
    let (same, changed): (Vec<_>, Vec<_>) =
        counts(&found.differences).into_iter().partition(|(_, counts)| is_same(counts));
    let rows = changed.into_iter().map(|(kind, counts)| {
        let EntryCounts { added, removed, changed, unchanged } = counts;
        let mut row = vec![html! { (kind) }];
        row.extend([added, removed, changed, unchanged].map(|count| html! { (language.number(count)) }));
        row
    });
    let rows: Vec<Vec<Markup>> = rows.collect();
    let same: Vec<(String, String)> =
        same.into_iter().map(|(kind, counts)| (kind, language.number(counts.unchanged))).collect();
    html! {
        @if !rows.is_empty() { (table("differences", &columns, &rows)) }
        @if !same.is_empty() {
            h3 { (language.say(words::UNCHANGED_COUNT)) }
            (tally(&same, false))
        }
    }
}

fn one_by_one(found: &Found, language: Language) -> Markup {
    let columns = [
        Column::Name(language.say(words::RECORD)),
        Column::Text(language.say(words::KIND)),
        Column::Text(language.say(words::COMPARED)),
    ];
    let documents = found
        .differences
        .fields
        .iter()
        .map(|(role, fields)| vec![html! { (role.name()) }, html! {}, html! { (draw_fields(fields, language)) }]);
    let records = found.changes.iter().map(|line| {
        let change = match line.change {
            "added" => html! { span.added { "+ " (language.say(words::ADDED_COUNT)) } },
            "removed" => html! { span.removed { "− " (language.say(words::REMOVED_COUNT)) } },
            _ => html! { "± " (language.say(words::CHANGED_COUNT)) (draw_fields(&line.fields, language)) },
        };
        vec![html! { span.path { (line.what) } }, html! { (line.kind) }, change]
    });
    table("changes", &columns, &documents.chain(records).collect::<Vec<_>>())
}

fn draw_fields(fields: &[FieldChange], language: Language) -> Markup {
    html! {
        @if !fields.is_empty() {
            dl.fields {
                @for field in fields.iter().take(FIELDS_SHOWN) {
                    dt { code { (field.pointer) } }
                    @if let Some(before) = &field.before { dd.removed { del { (cut(before)) } } }
                    @if let Some(after) = &field.after { dd.added { ins { (cut(after)) } } }
                }
                @if fields.len() > FIELDS_SHOWN {
                    dt { "+ " (language.number((fields.len() - FIELDS_SHOWN) as u64)) }
                }
            }
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((at, _)) => format!("{} …", &text[..at]),
        None => text.to_owned(),
    }
}
