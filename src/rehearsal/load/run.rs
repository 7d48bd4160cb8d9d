//! The run over a backup.

use std::collections::{BTreeMap, HashMap};

use axum::http::Method;

use crate::model::backup::BackupReader;
use crate::model::entry::{Content, EntryHead, Role};
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;
use crate::rehearsal::instance::Instance;
use crate::rehearsal::json::{Doc, Node, parse};
use crate::rehearsal::load::base::Ids;
use crate::rehearsal::load::error::{LoadError, Stop};
use crate::rehearsal::load::files::Staged;
use crate::rehearsal::load::payload::{self, Shape};
use crate::rehearsal::load::poster::Poster;
use crate::rehearsal::load::records::Batch;
use crate::rehearsal::wire::stage;

/// Sections of the base config that belong to the server they are on.
const OF_THE_SERVER: [&str; 4] = ["location_defaults", "logging", "license", "purge"];

/// The most items of one request, but for tags and transitions, of which a request is the whole set.
const ITEMS_MAX: usize = 1000;

/// What an instance was filled with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Records (versions count one by one) and other things, by the name of their array.
    pub counts: BTreeMap<String, u64>,
    /// Uploaded originals.
    pub files: u64,
    /// What the backup does not have all of, or no server takes.
    pub left_out: Vec<String>,
}

/// What the first reading has found.
#[derive(Default)]
struct Found {
    staged: Staged,
    shapes: HashMap<EntryPath, Shape>,
    plugins: Vec<(EntryPath, Vec<u8>)>,
    config: Option<(EntryPath, Vec<u8>)>,
    datamodel: Option<(EntryPath, Vec<u8>)>,
}

/// Fills an instance, which should be empty, from a backup, through its own API. The reader must hand entries over in
/// restore order, as directories and archives do.
///
/// # Errors
/// When the backup cannot be read, or the instance refuses something; then the instance holds what came before.
pub fn load<R: BackupReader>(instance: &Instance, reader: &R) -> Result<Loaded, LoadError<R::Error>> {
    let poster = Poster { shared: instance.shared() };
    let mut found = first(&poster, reader)?;
    let mut ids = Ids::default();
    let mut loaded = Loaded::default();
    for (path, bytes) in std::mem::take(&mut found.plugins) {
        let items = items(&path, &bytes).map_err(|stop| stop.at(&path))?;
        loaded.count("plugins", items.len() as u64);
        ids.post(&poster, &mut found.staged, &PayloadKind::Plugins, items).map_err(|stop| stop.at(&path))?;
    }
    if let Some((path, bytes)) = found.config.take() {
        config(&poster, &mut found.staged, &bytes).map_err(|stop| stop.at(&path))?;
    }
    if let Some((path, bytes)) = found.datamodel.take() {
        datamodel(&poster, &bytes).map_err(|stop| stop.at(&path))?;
    }
    let mut last = None;
    reader.for_each(|head, content| {
        let (Role::Payload, Content::Bytes(content)) = (head.role, content) else { return Ok(()) };
        last = Some(head.path.clone());
        second(&poster, &mut found, &mut ids, &mut loaded, head, content)
    })?;
    if let Some(path) = last {
        ids.finish(&poster).map_err(|stop| stop.at(&path))?;
    }
    instance.shared().more_logins();
    loaded.files = found.staged.count;
    loaded.left_out = ids.left_out;
    Ok(loaded)
}

impl Loaded {
    fn count(&mut self, what: &str, number: u64) {
        *self.counts.entry(what.to_owned()).or_default() += number;
    }
}

fn name(path: &EntryPath) -> String {
    String::from_utf8_lossy(path.as_bytes()).into_owned()
}

fn first<R: BackupReader>(poster: &Poster<'_>, reader: &R) -> Result<Found, LoadError<R::Error>> {
    let mut found = Found::default();
    let manifest = reader.for_each(|head, content| {
        let Content::Bytes(content) = content else { return Ok(()) };
        let failed = |source| LoadError::Stage { path: head.path.clone(), source };
        match head.role {
            Role::File | Role::Rendition => {
                let path = name(&head.path);
                let file_name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                let upload = stage(poster.shared, file_name, content).map_err(failed)?;
                found.staged.files.insert(path, upload);
            }
            Role::Payload => {
                let (shape, bytes) = payload::look(content, &name(&head.path)).map_err(failed)?;
                if shape.kind == PayloadKind::Plugins {
                    found.plugins.push((head.path.clone(), bytes));
                }
                found.shapes.insert(head.path.clone(), shape);
            }
            Role::Datamodel | Role::BaseConfig => {
                let (_, bytes) = payload::look(content, &name(&head.path)).map_err(failed)?;
                let place = if head.role == Role::Datamodel { &mut found.datamodel } else { &mut found.config };
                *place = Some((head.path.clone(), bytes));
            }
            Role::Manifest | Role::Log | Role::Unlisted => {}
        }
        Ok::<(), LoadError<R::Error>>(())
    })?;
    let url = manifest.instance().url.or_else(|| manifest.source_name());
    let host = url.and_then(|url| Some(url::Url::parse(&url).ok()?.host_str()?.to_owned()));
    found.staged.host = host.unwrap_or_else(|| "source".to_owned());
    Ok(found)
}

fn second<E: std::error::Error + Send + Sync + 'static>(
    poster: &Poster<'_>,
    found: &mut Found,
    ids: &mut Ids,
    loaded: &mut Loaded,
    head: &EntryHead,
    content: &mut dyn std::io::Read,
) -> Result<(), LoadError<E>> {
    let Some(Shape { kind, array }) = found.shapes.get(&head.path).cloned() else { return Ok(()) };
    if kind == PayloadKind::Plugins {
        return Ok(());
    }
    let wrong = |what: &str| Stop::Wrong(what.to_owned()).at(&head.path);
    let array = array.ok_or_else(|| wrong("it holds no records"))?;
    let failed = |source| LoadError::Stage { path: head.path.clone(), source };
    let staged = &mut found.staged;
    if kind == PayloadKind::Records {
        let mut batch = Batch::default();
        payload::each(content, array, failed, |element| {
            batch.add(poster, staged, element).map_err(|stop| stop.at(&head.path))
        })?;
        batch.send(poster).map_err(|stop| stop.at(&head.path))?;
        loaded.count("records", batch.total);
        return Ok(());
    }
    let mut items = Vec::new();
    payload::each(content, array, failed, |element| {
        let item = parse(element).map_err(|error| wrong(&error.to_string()))?;
        items.push(item.into_owned());
        if items.len() < ITEMS_MAX || matches!(kind, PayloadKind::Tags | PayloadKind::Transitions) {
            return Ok(());
        }
        loaded.count(kind.array().unwrap_or("others"), items.len() as u64);
        ids.post(poster, staged, &kind, std::mem::take(&mut items)).map_err(|stop| stop.at(&head.path))
    })?;
    loaded.count(kind.array().unwrap_or("others"), items.len() as u64);
    ids.post(poster, staged, &kind, items).map_err(|stop| stop.at(&head.path))
}

/// The items of a payload that is in memory.
fn items(path: &EntryPath, bytes: &[u8]) -> Result<Vec<Doc>, Stop> {
    let mut items = Vec::new();
    let (shape, _) = payload::look(&mut &bytes[..], &name(path)).map_err(|error| Stop::Wrong(error.to_string()))?;
    payload::each(
        &mut &bytes[..],
        shape.array.unwrap_or(0),
        |error| Stop::Wrong(error.to_string()),
        |element| {
            let item = parse(element).map_err(|error| Stop::Wrong(error.to_string()))?;
            items.push(item.into_owned());
            Ok(())
        },
    )?;
    Ok(items)
}

fn config(poster: &Poster<'_>, staged: &mut Staged, bytes: &[u8]) -> Result<(), Stop> {
    let mut config = parse(bytes).map_err(|error| Stop::Wrong(error.to_string()))?.into_owned();
    if let Some(sections) = config.get_mut("system").and_then(|system| system.get_mut("config")) {
        for section in OF_THE_SERVER {
            sections.take(section);
        }
    }
    staged.replace(poster, &mut config)?;
    let query = [("save", "ignore_errors"), ("confirm", "yes"), ("reindex", "skip")];
    poster.send(&Method::POST, "/config", &query, &config).map(drop)
}

fn datamodel(poster: &Poster<'_>, bytes: &[u8]) -> Result<(), Stop> {
    let mut model = parse(bytes).map_err(|error| Stop::Wrong(error.to_string()))?.into_owned();
    let schema = model.take("schema").ok_or_else(|| Stop::Wrong("it has no schema".to_owned()))?;
    poster.send(&Method::POST, "/schema/user/HEAD", &[], &schema)?;
    if let Some(mask) = model.take("mask") {
        poster.send(&Method::POST, "/mask/HEAD", &[], &mask)?;
    }
    if let Some(keys) = model.take("keys").filter(Node::is_object) {
        poster.send(&Method::POST, "/l10n/user/HEAD", &[], &keys)?;
    }
    poster.raw(&Method::POST, "/schema/commit", &[("confirm", "yes"), ("reindex", "skip")], Vec::new(), Vec::new())?;
    Ok(())
}
