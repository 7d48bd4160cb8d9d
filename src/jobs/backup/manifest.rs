//! The manifest of a backup: what is in it, in which order it is restored, and how it was made. Without secrets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::archive::{ArchiveWriter, Error as ArchiveError};
use crate::fylr::Instance;
use crate::fylr::source::{Events, ReadOptions, Report};
use crate::jobs::Error;
use crate::jobs::backup::unfinished::Progress;
use crate::model::backup::BackupWriter as _;
use crate::model::entry::{Content, Encoding, EntryHead, Role};
use crate::model::manifest::{FILE_NAME, Manifest, without_secrets};
use crate::model::path::EntryPath;

/// What a manifest tells.
pub(super) struct About<'a> {
    pub server: &'a str,
    pub instance: &'a Instance,
    pub options: &'a ReadOptions,
    pub report: &'a Report,
    pub progress: &'a Progress,
    pub duration: Duration,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub finished: i64,
}

/// Its text.
pub(super) fn text(about: &About<'_>) -> Vec<u8> {
    let About { server, instance, options, report, progress, duration, finished } = about;
    let payloads: Vec<_> = progress.payloads.iter().map(ToString::to_string).collect();
    let manifest = json!({
        "source": server,
        "batch_size": options.chunk_size,
        "payload_base_uri": "",
        "eas_type": "url",
        "eas_skip_errors": true,
        "eas_replace_url": "",
        "skip_head_request": true,
        "mapping": null,
        "has_passwords": report.has_passwords,
        "datamodel": "datamodel.json",
        "base_config": "base_config.json",
        "instance": {
            "type": instance.kind.name(),
            "name": instance.name,
            "db_name": instance.id,
            "external_url": instance.external_url.as_deref().map_or_else(|| (*server).to_owned(), without_secrets),
            "version": instance.version_text,
        },
        "created_at": time(progress.started),
        "finished_at": time(*finished),
        "finished": true,
        "total_runtime_sec": duration.as_secs(),
        "options": options_of(options),
        "statistics": progress.counts,
        "payloads": payloads,
        "x-fonds": {
            "version": env!("CARGO_PKG_VERSION"),
            "records": report.records,
            "limits": report.notes.keys().collect::<Vec<_>>(),
            "set_aside": report.aside.iter().map(|aside| json!({"what": aside.what, "why": aside.why})).collect::<Vec<_>>(),
            "changed": report.changed,
            "ids": report.ids,
        },
    });
    let mut text = serde_json::to_vec_pretty(&manifest).expect("values become text");
    text.push(b'\n');
    text
}

fn options_of(options: &ReadOptions) -> Value {
    let events = match &options.events {
        Events::All => String::new(),
        Events::None => "-".to_owned(),
        Events::Of(types) => types.join(","),
    };
    json!({
        "all_versions": options.all_versions,
        "include_deleted": options.include_deleted,
        "include": options.include.as_ref().map_or("", |pattern| pattern.as_str()),
        "include_events": events,
        "include_files": options.files.name(),
        "file_url_expire_days": options.url_days,
        "maximum_count": options.maximum_count.unwrap_or(0),
        "chunk_size": options.chunk_size,
        "pretty": options.is_pretty,
        "compression": u8::from(options.is_compressed),
    })
}

fn time(nanoseconds: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default().to_string()
}

/// Puts the manifest into the backup, as its last entry.
pub(super) fn entry(writer: &mut ArchiveWriter<'_>, text: Vec<u8>) -> Result<Manifest, Error> {
    let path = EntryPath::new(FILE_NAME).expect("the name of the manifest is clean");
    let head = EntryHead { path, role: Role::Manifest, encoding: Encoding::Plain, modified: None, size: None };
    writer.put(&head, Content::Bytes(&mut text.as_slice()))?;
    // What this program writes it can read, unless a name is beyond all measure.
    Ok(Manifest::parse(text).map_err(|_| ArchiveError::Panicked)?)
}
