//! The report of a comparison, for people and for programs.

use std::io::Write;
use std::path::Path;

use maud::{DOCTYPE, Markup, html};
use serde_json::json;

use crate::jobs::Error;
use crate::jobs::verify::Verified;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One page, without anything from elsewhere, that can be printed.
    Html,
    Json,
    Csv,
}

impl Form {
    /// What the name of a file asks for.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Writes a report to a file.
///
/// # Errors
/// When it cannot be written.
pub fn write_report(verified: &Verified, form: Form, path: &Path) -> Result<(), Error> {
    let text = match form {
        Form::Html => page(verified).into_string(),
        Form::Json => json_of(verified),
        Form::Csv => csv(verified),
    };
    let failed = |source| Error::Document { path: path.to_owned(), source };
    let mut file = std::fs::File::create(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

fn json_of(verified: &Verified) -> String {
    let counts = verified.counts.iter().map(|(kind, compared)| {
        let compared = json!({
            "in_backup": compared.in_backup, "same": compared.same, "different": compared.different,
            "missing": compared.missing, "more": compared.more,
        });
        (kind.clone(), compared)
    });
    let differences = verified.differences.iter().map(|found| json!({ "what": found.what, "why": found.why }));
    let report = json!({
        "backup": verified.backup,
        "server": verified.server,
        "clean": verified.is_clean(),
        "counts": counts.collect::<serde_json::Map<_, _>>(),
        "difference_count": verified.difference_count,
        "differences": differences.collect::<Vec<_>>(),
        "open_links": verified.open_links,
        "files_coming": verified.files_coming,
        "notes": verified.notes,
        "rules": Verified::rules(),
    });
    format!("{report:#}\n")
}

fn csv(verified: &Verified) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = verified.differences.iter().map(|found| format!("{},{}\n", quoted(&found.what), quoted(&found.why)));
    std::iter::once("what,why\n".to_owned()).chain(rows).collect()
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
    table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.3rem .6rem;\
    border-bottom:1px solid #ccc;vertical-align:top}td.n,th.n{text-align:right}.bad{color:#a00}.good{color:#060}\
    @media print{body{margin:0}}";

fn page(verified: &Verified) -> Markup {
    let verdict = if verified.is_clean() { "Everything has arrived" } else { "Something is missing or different" };
    let class = if verified.is_clean() { "good" } else { "bad" };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Comparison of " (verified.backup) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 class=(class) { (verdict) }
                p { "Backup " b { (verified.backup) } ", compared with " b { (verified.server) } "." }
                table {
                    tr {
                        th { "kind" }
                        @for head in ["in the backup", "the same", "different", "missing", "more on the target"] {
                            th.n { (head) }
                        }
                    }
                    @for (kind, compared) in &verified.counts {
                        tr {
                            td { (kind) }
                            @for count in [compared.in_backup, compared.same, compared.different, compared.missing, compared.more] {
                                td.n { (count) }
                            }
                        }
                    }
                }
                (differences(verified))
                @if verified.open_links > 0 {
                    p { (verified.open_links) " records are linked to but not in the backup; the target keeps these links open." }
                }
                @for note in &verified.notes { p { (note) } }
                h2 { "What makes no difference" }
                table {
                    @for (why, keys) in Verified::rules() {
                        tr { td { (why) } td { (keys.join(", ")) } }
                    }
                }
            }
        }
    }
}

fn differences(verified: &Verified) -> Markup {
    html! {
        @if !verified.is_clean() {
            h2 { (verified.difference_count) " differences" }
            table {
                @for found in &verified.differences {
                    tr { td { (found.what) } td { (found.why) } }
                }
            }
        }
    }
}
