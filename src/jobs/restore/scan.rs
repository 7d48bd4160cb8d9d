//! The look at a backup before anything is written: every payload is read once.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::fylr::target::{Base, Documents, Glimpse, Origins, Payload, Renames, Survey};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::cut::{Holds, Piece, pieces};
use crate::jobs::restore::source::BackupSource;
use crate::model::entry::Role;
use crate::model::event::{Event, Observer};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;

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
pub fn scan(source: &BackupSource, renames: &Renames, observer: &dyn Observer) -> Result<Scan, Error> {
    let mut survey = Survey::new(Timestamp::now().as_second());
    let (mut payloads, mut arrays, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let listed = source.listed()?;
    observer.observe(Event::Started { verb: "look", entries: listed.len() as u64, bytes: 0 });
    let advanced = || observer.observe(Event::Advanced { entries: 1, bytes: 0 });
    let mut documents = Documents::default();
    let mut paths = Vec::new();
    for (role, path) in &listed {
        match role {
            Role::Datamodel => documents.datamodel = Some(source.whole(path, DOCUMENT_MAX)?),
            Role::BaseConfig => documents.base_config = Some(source.whole(path, DOCUMENT_MAX)?),
            _ => {
                paths.push((paths.len() as u32, path));
                continue;
            }
        }
        advanced();
    }
    let mut records = 0;
    in_order(
        |give| pieces(source, &paths, &|_| true, give),
        |Piece { payload, holds, texts, is_last }| {
            let texts = texts.iter().map(|text| &text[..]);
            (payload, Glimpse::at(&holds.kind, holds.objecttype.as_deref(), texts, renames), holds, is_last)
        },
        |(payload, glimpse, Holds { kind, objecttype, array }, is_last)| {
            records += glimpse.items();
            survey.add(&kind, objecttype.as_deref(), glimpse);
            if is_last {
                let path = paths[payload as usize].1.clone();
                if !kind.is_known() {
                    unknown.push((path.clone(), kind.name().to_owned()));
                }
                let (records, is_barrier) = (std::mem::take(&mut records), survey.end_payload());
                payloads.push(Payload { path, kind, objecttype, records, is_barrier });
                arrays.push(array);
                advanced();
            }
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
