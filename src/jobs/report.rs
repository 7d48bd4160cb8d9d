//! What runs have to say at their end, as JSON: for the archive, the page and scripts.

use serde_json::{Map, Value, json};

use crate::jobs::backup::BackedUp;
use crate::jobs::chain;
use crate::jobs::restore::Outcome;
use crate::jobs::verify::Verified;

/// Things set aside that a report lists; the log has them all.
const ASIDE_MAX: usize = 1000;

/// The report of a backup.
#[must_use]
pub fn backed_up(done: &BackedUp) -> Value {
    let (snapshot, report) = (&done.snapshot, &done.report);
    let aside = report.aside.iter().take(ASIDE_MAX).map(|aside| json!({ "what": aside.what, "why": aside.why }));
    json!({
        "kind": "backup",
        "name": snapshot.name,
        "snapshot": snapshot.number.0,
        "entries": snapshot.counts.entries,
        "bytes": snapshot.counts.bytes,
        "files": snapshot.counts.files + snapshot.counts.renditions,
        "added_bytes": snapshot.added.bytes_stored,
        "records": report.records,
        "limits": report.notes.keys().collect::<Vec<_>>(),
        "changed": report.changed,
        "set_aside": aside.collect::<Vec<_>>(),
        "set_aside_count": report.aside.len(),
        "entries_before": done.entries_before,
        "seconds": done.duration.as_secs_f64(),
    })
}

/// The report of a restore.
#[must_use]
pub fn restored(outcomes: &[Outcome]) -> Value {
    json!({ "kind": "restore", "targets": outcomes.iter().map(restored_to).collect::<Vec<_>>() })
}

/// How it went on one target.
#[must_use]
pub fn restored_to(outcome: &Outcome) -> Value {
    let mut value = json!({
        "target": outcome.target,
        "server": outcome.server,
        "seconds": outcome.duration.as_secs_f64(),
    });
    match &outcome.ended {
        Ok(restored) => {
            let counts = restored.tallies.iter().map(|(kind, tally)| {
                let tally = json!({
                    "done": tally.done, "there": tally.there, "set_aside": tally.aside, "left_out": tally.skipped,
                });
                (kind.clone(), tally)
            });
            value["counts"] = Value::Object(counts.collect());
            let aside = restored.aside.iter();
            value["set_aside"] = aside.map(|aside| json!({ "what": aside.what, "why": aside.why })).collect();
            value["set_aside_count"] = restored.aside_count.into();
            value["files_coming"] = restored.files_coming.into();
            value["notes"] = restored.notes.keys().cloned().collect();
        }
        Err(error) => value["error"] = chain(error).into(),
    }
    value
}

/// The report of a verify.
#[must_use]
pub fn verified(verified: &Verified) -> Value {
    let counts = verified.counts.iter().map(|(kind, compared)| {
        let compared = json!({
            "in_backup": compared.in_backup, "same": compared.same, "different": compared.different,
            "missing": compared.missing, "more": compared.more,
        });
        (kind.clone(), compared)
    });
    let differences = verified.differences.iter().map(|found| json!({ "what": found.what, "why": found.why }));
    json!({
        "kind": "verify",
        "backup": verified.backup,
        "server": verified.server,
        "clean": verified.is_clean(),
        "counts": counts.collect::<Map<_, _>>(),
        "differences": differences.collect::<Vec<_>>(),
        "difference_count": verified.difference_count,
        "open_links": verified.open_links,
        "files_coming": verified.files_coming,
        "notes": verified.notes,
    })
}
