//! What the archive tells, as JSON. Times are UTC, sizes are bytes, names are those of the words in the help.

use fonds::archive::check::Finding;
use fonds::archive::runs::{Run, RunOutcome};
use fonds::archive::stats::{NameStats, Stats};
pub use fonds::jobs::view::{entry, snapshot};
use fonds::model::log::Line;
use serde_json::{Value, json};

use crate::cli::format::time_utc;

pub fn run(run: &Run) -> Value {
    let (snapshot, why, count) = match &run.outcome {
        RunOutcome::Running | RunOutcome::Interrupted | RunOutcome::Cancelled => (None, None, None),
        RunOutcome::Done { snapshot } => (*snapshot, None, None),
        RunOutcome::Failed { why } | RunOutcome::Incomplete { why } => (None, Some(why), None),
        RunOutcome::Aside { snapshot, count } => (*snapshot, None, Some(*count)),
        RunOutcome::Different { count } => (None, None, Some(*count)),
    };
    json!({
        "id": run.id.0,
        "command": run.command,
        "host": run.host,
        "process": run.process,
        "started": time_utc(run.started),
        "ended": run.ended.map(time_utc),
        "outcome": run.outcome.name(),
        "snapshot": snapshot.map(|number| number.0),
        "why": why,
        "count": count,
    })
}

/// A line of a log.
pub fn line(line: &Line) -> Value {
    json!({ "at": (line.at != 0).then(|| time_utc(line.at)), "level": line.level.name(), "text": line.text })
}

pub fn finding(finding: &Finding) -> Value {
    let hits = finding.hits.iter().map(|hit| {
        json!({
            "snapshot": hit.snapshot.0,
            "name": hit.name,
            "path": hit.path.as_ref().map(ToString::to_string),
            "records": hit.records,
        })
    });
    json!({ "damage": finding.damage, "hits": hits.collect::<Vec<_>>() })
}

pub fn stats(stats: &Stats) -> Value {
    let name = |name: &NameStats| {
        json!({
            "name": name.name,
            "snapshots": name.snapshots,
            "bytes": name.bytes_plain,
            "new_bytes": name.bytes_new,
            "stored_bytes": name.bytes_stored,
        })
    };
    json!({
        "file_bytes": stats.file_bytes,
        "snapshots": stats.snapshots,
        "bytes": stats.bytes_plain,
        "unique_bytes": stats.bytes_unique,
        "stored_bytes": stats.bytes_stored,
        "index_bytes": stats.bytes_index,
        "packs": stats.packs,
        "chunks": stats.chunks,
        "deduplication": stats.deduplication(),
        "compression": stats.compression(),
        "names": stats.names.iter().map(name).collect::<Vec<_>>(),
    })
}
