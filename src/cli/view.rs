//! What the archive tells, as JSON. Times are UTC, sizes are bytes, names are those of the words in the help.

use fonds::archive::check::Finding;
use fonds::archive::runs::{Run, RunOutcome};
use fonds::archive::stats::{NameStats, Stats};
use fonds::archive::{Body, Row, Snapshot};
use serde_json::{Value, json};

use crate::cli::format::time_utc;

pub fn snapshot(snapshot: &Snapshot) -> Value {
    let Snapshot { counts, source, added, .. } = snapshot;
    let kinds = snapshot.kinds.iter().map(|kind| {
        json!({
            "kind": kind.kind,
            "objecttype": kind.objecttype,
            "payloads": kind.payloads,
            "records": kind.records,
            "older_versions": kind.older_versions,
            "new_records": kind.new_records,
            "bytes": kind.bytes,
        })
    });
    json!({
        "number": snapshot.number.0,
        "name": snapshot.name,
        "created": time_utc(snapshot.created),
        "run": snapshot.run.0,
        "source": {
            "name": source.name,
            "url": source.url,
            "kind": source.kind,
            "version": source.version,
            "finished_at": source.finished_at,
        },
        "entries": counts.entries,
        "bytes": counts.bytes,
        "payloads": counts.payloads,
        "payload_bytes": counts.payload_bytes,
        "records": counts.records,
        "files": counts.files,
        "renditions": counts.renditions,
        "file_bytes": counts.file_bytes,
        "logs": counts.logs,
        "unlisted": counts.unlisted,
        "folders": counts.folders,
        "missing": counts.missing,
        "flawed": counts.flawed,
        "new_records": added.records,
        "new_bytes": added.bytes_plain,
        "stored_bytes": added.bytes_stored,
        "tags": snapshot.tags,
        "kinds": kinds.collect::<Vec<_>>(),
    })
}

pub fn entry(row: &Row) -> Value {
    let mut entry = json!({
        "path": row.head.path.to_string(),
        "role": row.head.role.name(),
        "modified": row.head.modified.map(|time| time_utc(time.0)),
    });
    let what = match &row.body {
        Body::Folder => json!({ "is": "empty folder" }),
        Body::Missing => json!({ "is": "missing" }),
        Body::File(file) => json!({
            "is": "file",
            "bytes": file.size,
            "digest": file.digest.to_string(),
            "kind": file.records.as_ref().map(|records| &records.kind),
            "objecttype": file.records.as_ref().and_then(|records| records.objecttype.as_ref()),
            "records": file.records.as_ref().map(|records| records.count),
            "older_versions": file.records.as_ref().map(|records| records.older_versions),
            "flaw": file.flaw.as_ref().map(ToString::to_string),
        }),
    };
    if let (Some(entry), Value::Object(what)) = (entry.as_object_mut(), what) {
        entry.extend(what);
    }
    entry
}

pub fn run(run: &Run) -> Value {
    let (outcome, snapshot, why) = match &run.outcome {
        RunOutcome::Running => ("running", None, None),
        RunOutcome::Interrupted => ("interrupted", None, None),
        RunOutcome::Done { snapshot } => ("done", *snapshot, None),
        RunOutcome::Failed { why } => ("failed", None, Some(why)),
    };
    json!({
        "id": run.id.0,
        "command": run.command,
        "host": run.host,
        "process": run.process,
        "started": time_utc(run.started),
        "ended": run.ended.map(time_utc),
        "outcome": outcome,
        "snapshot": snapshot.map(|number| number.0),
        "why": why,
    })
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
