//! One entry of a snapshot, as it is looked at.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::archive::{Body, Row};
use crate::jobs::browse::{Excerpt, Peek, RecordText, RecordsPage};
use crate::jobs::view;
use crate::model::path::EntryPath;
use crate::web::address;
use crate::web::answer::{Refusal, json_of};
use crate::web::backup::chosen::Chosen;
use crate::web::backup::download;
use crate::web::backup::folder::{crumbs, shown_name};
use crate::web::backup::page::about;
use crate::web::look::{Here, Pager, Tone, figure, figures, notice, time};
use crate::web::query::Query;
use crate::web::site::Site;
use crate::web::visit::{Frame, Visit};
use crate::web::words::{Language, backups as words};

/// Records of a page: as many as one scrolls through.
const RECORDS_SHOWN: usize = 20;

/// The page of an entry.
///
/// # Errors
/// When there is no such entry, or it is damaged.
pub(super) fn page(
    site: &Site,
    chosen: &Chosen,
    path: EntryPath,
    visit: &Visit,
    query: &Query,
) -> Result<Response, Refusal> {
    let page = query.page();
    let offset = (page - 1).saturating_mul(RECORDS_SHOWN as u64);
    let peek = Peek { snapshot: chosen.snapshot_name(), path, offset, limit: RECORDS_SHOWN };
    let (_, row, excerpt) = peek.run(&site.archive)?;
    if visit.is_json {
        return Ok(json_of(StatusCode::OK, &twin(&row, &excerpt)));
    }
    let language = visit.language;
    let path = &row.head.path;
    let address = address::entry(&chosen.name, chosen.snapshot.number, path);
    let content = html! {
        header {
            h1.path { (shown_name(path)) }
            p { (about(chosen, language)) }
        }
        (facts(&row, language))
        @if matches!(row.body, Body::File(_)) {
            div.buttons {
                a.button.quiet #download-entry href={ (address) "&" (download::QUERY_RAW) "=1" } download {
                    (language.say(words::DOWNLOAD_ENTRY))
                }
            }
        }
        @match &excerpt {
            Excerpt::Records(found) => (records(found, page, &address, language)),
            Excerpt::Text { text, is_cut } => {
                p.help { (language.say(words::MASKED_NOTE)) }
                @if *is_cut { (notice(Tone::Plain, html! { p { (language.say(words::CUT_NOTE)) } })) }
                pre.text #text tabindex="0" { (text) }
            }
            Excerpt::Nothing => (notice(Tone::Plain, html! { p { (language.say(words::NOT_SHOWN)) } })),
        }
    };
    let title = shown_name(path);
    let crumbs = crumbs(chosen, Some(path), language);
    Ok(visit.page(StatusCode::OK, Frame { title: &title, here: Here::Backups, crumbs, refresh: None }, content))
}

fn facts(row: &Row, language: Language) -> Markup {
    let mut items = vec![figure(language.say(words::ROLE), html! { (row.head.role.name()) })];
    match &row.body {
        Body::File(file) => {
            items.push(figure(language.say(words::SIZE), html! { (language.bytes(file.size)) }));
            if let Some(records) = &file.records {
                let objecttype = records.objecttype.as_deref().unwrap_or_default();
                let kind = html! { (records.kind) @if !objecttype.is_empty() { small { (objecttype) } } };
                items.push(figure(language.say(words::KIND), kind));
                items.push(figure(language.say(words::RECORDS), html! { (language.number(records.count)) }));
            }
            if let Some(modified) = row.head.modified {
                items.push(figure(language.say(words::MODIFIED), time(language, modified.0)));
            }
            let digest = html! { span.digest { (file.digest) } };
            items.push(html! { div.whole { dt { (language.say(words::DIGEST)) } dd { (digest) } } });
        }
        Body::Folder => items.push(figure(language.say(words::SIZE), html! { (language.say(words::EMPTY_FOLDER)) })),
        Body::Missing => items.push(figure(language.say(words::SIZE), html! { (language.say(words::MISSING)) })),
    }
    figures(&items)
}

fn records(found: &RecordsPage, page: u64, address: &str, language: Language) -> Markup {
    let pager = Pager {
        language,
        path: address,
        page,
        size: RECORDS_SHOWN as u64,
        shown: found.records.len() as u64,
        total: Some(found.total),
    };
    html! {
        section #records {
            p.help { (language.say(words::MASKED_NOTE)) }
            (pager.draw())
            @for record in &found.records { (draw(record, language)) }
            @if found.records.len() > 3 { (pager.draw()) }
        }
    }
}

fn draw(record: &RecordText, language: Language) -> Markup {
    let number = language.number(record.place + 1);
    html! {
        article.record id={ "record-" (record.place + 1) } {
            h3 { (language.fill(words::RECORD_NUMBER, &[&number])) }
            @match &record.text {
                Some(text) => pre tabindex="0" { (text) },
                None => p.help { (language.say(words::LONG_RECORD)) },
            }
        }
    }
}

fn twin(row: &Row, excerpt: &Excerpt) -> Value {
    let mut twin = json!({ "Entry": view::entry(row) });
    match excerpt {
        Excerpt::Records(found) => {
            let records = found.records.iter().map(|one| json!({ "Record": one.place + 1, "Text": one.text }));
            twin["Records"] = records.collect();
            twin["Total"] = found.total.into();
        }
        Excerpt::Text { text, is_cut } => {
            twin["Text"] = text.as_str().into();
            twin["IsCut"] = (*is_cut).into();
        }
        Excerpt::Nothing => {}
    }
    twin
}
