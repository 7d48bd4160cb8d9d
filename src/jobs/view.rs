//! What snapshots and entries are in JSON: for `--json` and for the page alike. Times are UTC, sizes are bytes.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::archive::{Body, Row, Snapshot};

/// UTC (RFC 3339) of nanoseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn utc(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default().to_string()
}

/// A snapshot with all its counts.
#[must_use]
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
        "created": utc(snapshot.created),
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

/// An entry of a snapshot.
#[must_use]
pub fn entry(row: &Row) -> Value {
    let mut entry = json!({
        "path": row.head.path.to_string(),
        "role": row.head.role.name(),
        "modified": row.head.modified.map(|time| utc(time.0)),
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
