//! The look at a backup before anything is written: every payload is read once, several at a time.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::fylr::target::{Base, Documents, Glimpse, Origins, Payload, Renames, Survey};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::segments::SegmentReader;
use crate::jobs::restore::source::BackupSource;
use crate::model::entry::Role;
use crate::model::event::{Event, Observer};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;
use crate::model::payload::{PayloadKind, Splitter};

/// Payloads up to this length are looked at in memory, one on each core; longer ones are read twice, …
const IN_MEMORY: usize = 16 << 20;
/// … as those with more elements: 24 bytes are kept for each.
const MARKS_MAX: usize = 1 << 20;
/// The longest data model or base config.
const DOCUMENT_MAX: u64 = 64 << 20;

/// What has been found.
pub struct Scan {
    pub payloads: Vec<Payload>,
    /// Which array of each payload holds its records.
    pub arrays: Vec<usize>,
    pub documents: Documents,
    pub survey: Survey,
    pub origins: Origins,
    pub manifest: Manifest,
    /// Payloads of kinds that nobody knows.
    pub unknown: Vec<(EntryPath, String)>,
}

/// A payload, as far as it was looked at by itself.
struct Seen {
    path: EntryPath,
    kind: PayloadKind,
    objecttype: Option<Arc<str>>,
    /// Which of its arrays holds the records.
    array: usize,
    /// How many records it has, and what they say; `None` for a long one.
    records: Option<(u64, Glimpse)>,
}

/// Reads all payloads.
///
/// # Errors
/// When one cannot be read, or holds no records.
pub fn scan(source: &BackupSource, renames: &Renames, observer: &dyn Observer) -> Result<Scan, Error> {
    let mut survey = Survey::new(Timestamp::now().as_second());
    let (mut payloads, mut arrays, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut documents = Documents::default();
    let listed = source.listed()?;
    observer.observe(Event::Started { verb: "look", entries: listed.len() as u64, bytes: 0 });
    let advanced = || observer.observe(Event::Advanced { entries: 1, bytes: 0 });
    in_order(
        |give| {
            for (role, path) in listed {
                match role {
                    Role::Datamodel => documents.datamodel = Some(source.whole(&path, DOCUMENT_MAX)?),
                    Role::BaseConfig => documents.base_config = Some(source.whole(&path, DOCUMENT_MAX)?),
                    _ => {
                        give(path)?;
                        continue;
                    }
                }
                advanced();
            }
            Ok(())
        },
        |path: EntryPath| payload(source, path, renames),
        |seen| {
            let seen = seen?;
            let of = (&seen.kind, seen.objecttype.as_deref());
            let records = match seen.records {
                Some((records, glimpse)) => {
                    survey.add(of.0, of.1, glimpse);
                    records
                }
                None => long(source, (&seen.path, seen.array), of, renames, &mut survey)?,
            };
            let is_barrier = survey.end_payload();
            if !seen.kind.is_known() {
                unknown.push((seen.path.clone(), seen.kind.name().to_owned()));
            }
            let Seen { path, kind, objecttype, array, .. } = seen;
            payloads.push(Payload { path, kind, objecttype, records, is_barrier });
            arrays.push(array);
            advanced();
            Ok(())
        },
    )?;
    let manifest = source.manifest().clone();
    // What the manifest says is certain, what a reference says by itself is not: somebody may have given it.
    let certain = references(&manifest);
    let named: HashSet<(Base, &str)> = certain.iter().map(|(base, _, name)| (*base, name.as_str())).collect();
    survey.references.retain(|(base, _, name)| !named.contains(&(*base, name.as_str())));
    drop(named);
    survey.references.extend(certain);
    Ok(Scan { payloads, arrays, documents, survey, origins: origins(&manifest), manifest, unknown })
}

/// Looks at one payload, if it is not too long for that.
fn payload(source: &BackupSource, path: EntryPath, renames: &Renames) -> Result<Seen, Error> {
    let mut bytes = Vec::new();
    let (mut splitter, mut marks) = (Splitter::default(), Vec::new());
    let mut is_short = true;
    source.blocks(&path, &mut |block| {
        splitter.feed(block, &mut marks);
        is_short &= bytes.len() + block.len() <= IN_MEMORY && marks.len() <= MARKS_MAX;
        if is_short {
            bytes.extend_from_slice(block);
        } else {
            (bytes, marks) = (Vec::new(), Vec::new());
        }
    })?;
    let outline = splitter.finish();
    let kind = outline.kind(&String::from_utf8_lossy(path.name()));
    let no_records = |why: &str| Error::NoRecords { path: path.clone(), why: why.to_owned() };
    let array = outline.records(&kind).or_else(|| (is_short && says_none(&kind, &bytes)).then_some(0));
    let array = array.ok_or_else(|| no_records("it is no JSON with an array"))?;
    let objecttype: Option<Arc<str>> = outline.objecttype.as_deref().map(Into::into);
    if kind == PayloadKind::Records && objecttype.is_none() {
        return Err(no_records("it does not say of which objecttype they are"));
    }
    let records = is_short.then(|| {
        let own = || marks.iter().filter(|mark| mark.array == array);
        let texts = own().map(|mark| &bytes[mark.start as usize..mark.end as usize]);
        (own().count() as u64, Glimpse::at(&kind, objecttype.as_deref(), texts, renames))
    });
    Ok(Seen { path, kind, objecttype, array, records })
}

/// Whether a payload says `null` for an array without records, as programs in Go do.
fn says_none(kind: &PayloadKind, bytes: &[u8]) -> bool {
    let json = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).ok();
    json.zip(kind.array()).is_some_and(|(json, array)| json.get(array).is_some_and(serde_json::Value::is_null))
}

/// Looks at a long payload, stretch by stretch; how many records it has.
fn long(
    source: &BackupSource,
    (path, array): (&EntryPath, usize),
    (kind, objecttype): (&PayloadKind, Option<&str>),
    renames: &Renames,
    survey: &mut Survey,
) -> Result<u64, Error> {
    let mut records = 0;
    in_order(
        |give| {
            let mut reader = SegmentReader::new(source.coming(path)?, array);
            let failed = |source| Error::Entry { path: path.clone(), source };
            while let Some(segment) = reader.next().map_err(failed)? {
                records += segment.len() as u64;
                give(segment)?;
            }
            Ok(())
        },
        |segment: Vec<Bytes>| Glimpse::at(kind, objecttype, segment.iter().map(|text| &text[..]), renames),
        |glimpse| {
            survey.add(kind, objecttype, glimpse);
            Ok(())
        },
    )?;
    Ok(records)
}

/// Where the backup comes from.
fn origins(manifest: &Manifest) -> Origins {
    let source = manifest.instance();
    let value = |key: &str| -> Option<serde_json::Value> { serde_json::from_str(&manifest.value(key)?).ok() };
    let instance = value("instance").unwrap_or_default();
    let url = source.url.clone().or_else(|| manifest.source_name());
    let host = url.as_deref().and_then(|url| url::Url::parse(url).ok()?.host_str().map(str::to_owned));
    let is_backup = !instance.is_null() || value("has_passwords").is_some();
    Origins {
        host: host.or(manifest.source_name()).unwrap_or_else(|| "source".to_owned()),
        instance_id: instance["db_name"].as_str().or_else(|| instance["name"].as_str()).map(str::to_owned),
        is_easydb5: source.kind.as_deref() == Some("easydb5"),
        is_importer: !is_backup,
        localhost: None,
    }
}

/// Ids of the source by reference, where the backup tells them: `"x-fonds": {"ids": {"pool": {"3": "museum"}}}`.
fn references(manifest: &Manifest) -> Vec<(Base, u64, String)> {
    let own = manifest.value("x-fonds").and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let ids = own.unwrap_or_default()["ids"].take();
    let mut found = Vec::new();
    for (base, ids) in ids.as_object().into_iter().flatten() {
        let Ok(base) = base.parse::<Base>() else { continue };
        for (id, reference) in ids.as_object().into_iter().flatten() {
            if let (Ok(id), Some(reference)) = (id.parse(), reference.as_str()) {
                found.push((base, id, reference.to_owned()));
            }
        }
    }
    found
}
