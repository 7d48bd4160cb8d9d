//! The look at a backup before anything is written: every payload is read once.

use std::collections::HashSet;
use std::io::Read as _;
use std::sync::Arc;

use jiff::Timestamp;

use crate::fylr::target::{Base, Documents, Origins, Payload, Renames, Survey};
use crate::jobs::Error;
use crate::jobs::restore::segments::SegmentReader;
use crate::jobs::restore::source::BackupSource;
use crate::model::entry::Role;
use crate::model::event::{Event, Observer};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;
use crate::model::payload::{Mark, Outline, PayloadKind, Splitter};

/// Payloads up to this length are looked at in memory, longer ones are read twice, …
const IN_MEMORY: u64 = 64 << 20;
/// … as those with more elements: 24 bytes are kept for each.
const MARKS_MAX: usize = 1 << 20;
/// Bytes that are looked at in one go.
const BLOCK_BYTES: usize = 256 << 10;
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

/// Reads all payloads.
///
/// # Errors
/// When one cannot be read, or holds no records.
pub fn scan(source: &BackupSource, renames: Renames, observer: &dyn Observer) -> Result<Scan, Error> {
    let mut survey = Survey::new(renames, Timestamp::now().as_second());
    let (mut payloads, mut arrays, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut documents = Documents::default();
    let mut bytes = Vec::new();
    let listed = source.listed()?;
    observer.observe(Event::Started { verb: "look", entries: listed.len() as u64, bytes: 0 });
    for (role, path) in listed {
        match role {
            Role::Datamodel => documents.datamodel = Some(source.whole(&path, DOCUMENT_MAX)?),
            Role::BaseConfig => documents.base_config = Some(source.whole(&path, DOCUMENT_MAX)?),
            _ => {
                let (payload, array) = payload(source, &path, &mut survey, &mut bytes)?;
                if !payload.kind.is_known() {
                    unknown.push((path, payload.kind.name().to_owned()));
                }
                payloads.push(payload);
                arrays.push(array);
            }
        }
        observer.observe(Event::Advanced { entries: 1, bytes: 0 });
    }
    let manifest = source.manifest().clone();
    // What the manifest says is certain, what a reference says by itself is not: somebody may have given it.
    let certain = references(&manifest);
    let named: HashSet<(Base, &str)> = certain.iter().map(|(base, _, name)| (*base, name.as_str())).collect();
    survey.references.retain(|(base, _, name)| !named.contains(&(*base, name.as_str())));
    drop(named);
    survey.references.extend(certain);
    Ok(Scan { payloads, arrays, documents, survey, origins: origins(&manifest), manifest, unknown })
}

/// Looks at one payload; `bytes` is room for it.
fn payload(
    source: &BackupSource,
    path: &EntryPath,
    survey: &mut Survey,
    bytes: &mut Vec<u8>,
) -> Result<(Payload, usize), Error> {
    let failed = |source| Error::Entry { path: path.clone(), source };
    let (read, size) = source.open(path)?;
    bytes.clear();
    // One byte more, so that the end is seen without more room.
    bytes.reserve(size.unwrap_or(0).min(IN_MEMORY) as usize + 1);
    let mut read = read.take(IN_MEMORY);
    read.read_to_end(bytes).map_err(failed)?;
    let is_whole = (bytes.len() as u64) < IN_MEMORY;
    let (outline, marks) = if is_whole {
        outline_of(&mut bytes.as_slice()).map_err(failed)?
    } else {
        outline_of(&mut bytes.as_slice().chain(read.into_inner())).map_err(failed)?
    };
    let name = String::from_utf8_lossy(path.name()).into_owned();
    let kind = outline.kind(&name);
    let no_records = |why: &str| Error::NoRecords { path: path.clone(), why: why.to_owned() };
    let array = outline.records(&kind).or_else(|| says_none(&kind, bytes, is_whole).then_some(0));
    let array = array.ok_or_else(|| no_records("it is no JSON with an array"))?;
    let objecttype: Option<Arc<str>> = outline.objecttype.as_deref().map(Into::into);
    if kind == PayloadKind::Records && objecttype.is_none() {
        return Err(no_records("it does not say of which objecttype they are"));
    }
    let mut records = 0;
    let mut item = |text: &[u8]| {
        records += 1;
        survey.item(&kind, objecttype.as_deref(), text);
    };
    if let Some(marks) = marks.filter(|_| is_whole) {
        let own = marks.iter().filter(|mark| mark.array == array);
        own.for_each(|mark| item(&bytes[mark.start as usize..mark.end as usize]));
    } else {
        *bytes = Vec::new();
        each(&mut source.open(path)?.0, array, &mut item).map_err(failed)?;
    }
    let is_barrier = survey.end_payload();
    Ok((Payload { path: path.clone(), kind, objecttype, records, is_barrier }, array))
}

/// Whether a payload says `null` for an array without records, as programs in Go do.
fn says_none(kind: &PayloadKind, bytes: &[u8], is_whole: bool) -> bool {
    let json = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).ok().filter(|_| is_whole);
    json.zip(kind.array()).is_some_and(|(json, array)| json.get(array).is_some_and(serde_json::Value::is_null))
}

fn each(read: &mut dyn std::io::Read, array: usize, item: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
    let mut reader = SegmentReader::new(read, array);
    while let Some(segment) = reader.next()? {
        for text in &segment {
            item(text);
        }
    }
    Ok(())
}

/// The skeleton of a payload, and where its elements are unless they are too many.
fn outline_of(read: &mut dyn std::io::Read) -> std::io::Result<(Outline, Option<Vec<Mark>>)> {
    let mut splitter = Splitter::default();
    let mut marks = Some(Vec::new());
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let length = read.read(&mut block)?;
        if length == 0 {
            return Ok((splitter.finish(), marks));
        }
        let mut unwanted = Vec::new();
        splitter.feed(&block[..length], marks.as_mut().unwrap_or(&mut unwanted));
        marks = marks.filter(|marks| marks.len() <= MARKS_MAX);
    }
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
