//! What a run has to say at its end.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::look::table::{Column, table};
use crate::web::look::{Tone, figure, figures, notice};
use crate::web::words::{Language, Text, runs as words};

/// Things set aside, or differences, that are shown one by one; JSON has more.
const SHOWN: usize = 100;

/// The report of a run: of a backup, a restore or a verify.
pub(super) fn draw(report: &Value, language: Language) -> Markup {
    let content = match report["kind"].as_str() {
        Some("backup") => backup(report, language),
        Some("restore") => html! {
            @for target in report["targets"].as_array().into_iter().flatten() { (of_target(target, language)) }
        },
        Some("verify") => verify(report, language),
        Some("rehearse") => {
            html! { (of_target(&report["restored"], language)) (verify(&report["verified"], language)) }
        }
        _ => return html! {},
    };
    html! { section #report { h2 { (language.say(words::REPORT)) } (content) } }
}

fn backup(report: &Value, language: Language) -> Markup {
    let number = |key: &str| report[key].as_u64().unwrap_or_default();
    let records = report["records"].as_object();
    let columns = [Column::Name(language.say(words::KIND)), Column::Figure(language.say(words::RECORDS))];
    let rows = records
        .into_iter()
        .flatten()
        .map(|(kind, count)| vec![html! { (kind) }, html! { (language.number(count.as_u64().unwrap_or_default())) }]);
    html! {
        (figures(&[
            figure(language.say(words::SNAPSHOT), html! { (number("snapshot")) }),
            figure(language.say(words::STORED), html! { (language.bytes(number("added_bytes"))) }),
        ]))
        (table("records", &columns, &rows.collect::<Vec<_>>()))
        (pairs("set-aside", words::SET_ASIDE, &report["set_aside"], language))
    }
}

fn of_target(target: &Value, language: Language) -> Markup {
    let number = |tally: &Value, key: &str| html! { (language.number(tally[key].as_u64().unwrap_or_default())) };
    let titles = [words::DONE_COLUMN, words::THERE_COLUMN, words::SET_ASIDE, words::LEFT_OUT_COLUMN];
    let mut columns = vec![Column::Name(language.say(words::KIND))];
    columns.extend(titles.map(|title| Column::Figure(language.say(title))));
    let rows = target["counts"].as_object().into_iter().flatten().map(|(kind, tally)| {
        let mut row = vec![html! { (kind) }];
        row.extend(["done", "there", "set_aside", "left_out"].map(|key| number(tally, key)));
        row
    });
    html! {
        h3 { (target["target"].as_str().unwrap_or_default()) }
        @if let Some(error) = target["error"].as_str() { (notice(Tone::Bad, html! { p { (error) } })) }
        (table("counts", &columns, &rows.collect::<Vec<_>>()))
        (pairs("set-aside", words::SET_ASIDE, &target["set_aside"], language))
    }
}

fn verify(report: &Value, language: Language) -> Markup {
    let titles = [words::IN_BACKUP, words::SAME, words::DIFFERENT, words::MISSING, words::MORE];
    let mut columns = vec![Column::Name(language.say(words::KIND))];
    columns.extend(titles.map(|title| Column::Figure(language.say(title))));
    let rows = report["counts"].as_object().into_iter().flatten().map(|(kind, compared)| {
        let mut row = vec![html! { (kind) }];
        row.extend(["in_backup", "same", "different", "missing", "more"].map(|key| {
            html! { (language.number(compared[key].as_u64().unwrap_or_default())) }
        }));
        row
    });
    html! {
        @if report["clean"] == true { (notice(Tone::Good, html! { p #clean { (language.say(words::CLEAN)) } })) }
        (table("compared", &columns, &rows.collect::<Vec<_>>()))
        (pairs("differences", words::DIFFERENCES, &report["differences"], language))
    }
}

/// What, and why.
fn pairs(id: &str, title: Text, pairs: &Value, language: Language) -> Markup {
    let pairs = pairs.as_array().map(Vec::as_slice).unwrap_or_default();
    if pairs.is_empty() {
        return html! {};
    }
    let columns = [Column::Name(language.say(words::WHAT)), Column::Text(language.say(words::WHY))];
    let text = |pair: &Value, key: &str| html! { (pair[key].as_str().unwrap_or_default()) };
    let rows = pairs.iter().take(SHOWN).map(|pair| vec![text(pair, "what"), text(pair, "why")]);
    html! { h3 { (language.say(title)) } (table(id, &columns, &rows.collect::<Vec<_>>())) }
}
