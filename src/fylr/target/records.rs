//! Records of objecttypes: each batch with its files, all or none. A batch that is refused is halved down to the record
//! that is to blame; that one is set aside, and all others go in.

use std::ops::Range;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::files::FileTrouble;
use crate::fylr::target::rewrite::{self, FileOrder, Glance, Saved};
use crate::fylr::target::round::Round;
use crate::fylr::target::site::{Place, Site, Written, array, has_code, is_of_items, parse, why};
use crate::fylr::target::stored;
use crate::model::path::EntryPath;

/// Records that are asked for one by one, at a time, when it is not known whether they are there.
const PROBES: usize = 8;
/// Codes by which a server says that a record is there already.
pub(crate) const THERE: [&str; 3] = ["VersionMismatch", "DatabaseUniqueKeyViolation", "UniqueKeyViolation"];
/// What no record of an objecttype is to blame for.
const OF_ALL: [&str; 2] = ["UnknownObjecttype", "ObjecttypeNotFound"];

/// Where a batch comes from.
#[derive(Clone, Copy)]
pub(crate) struct From<'a> {
    pub path: &'a EntryPath,
    pub objecttype: &'a str,
    pub tally: &'a str,
    pub round: Round,
}

impl<'a> From<'a> {
    pub fn place(&self, at: u64) -> Place<'a> {
        Place { tally: self.tally, path: self.path, round: self.round, at }
    }
}

/// A record, ready to be sent.
pub(crate) struct Ready {
    pub at: u64,
    glance: Glance,
    /// Where it stands in the body of its batch.
    text: Range<usize>,
    /// Its rows are added to those that it has on the target.
    appends: bool,
}

/// Records in a row, ready to be sent.
pub(crate) struct Batch {
    pub records: Vec<Ready>,
    /// All of them, as a JSON array.
    body: Bytes,
}

impl Ready {
    /// Its id, if it is deleted at the source.
    pub fn deleted_id(&self) -> Option<u64> {
        self.glance.system_id.filter(|_| self.glance.is_deleted)
    }

    /// Whether the target can tell later that it is there.
    fn is_known(&self) -> bool {
        self.glance.system_id.is_some() && !self.glance.is_increment
    }

    fn version(&self, site: &Site) -> u64 {
        version_of(site, &self.glance)
    }
}

/// The version that a record has on the target.
pub(crate) fn version_of(site: &Site, glance: &Glance) -> u64 {
    let version = glance.version.unwrap_or(1);
    glance.system_id.map_or(version, |id| site.context.numbering.of(id, version))
}

/// Gets the files of records to the target, and turns the records into what it takes. What cannot be is set aside.
pub(crate) async fn prepare(site: &Site, from: From<'_>, records: &[(u64, Bytes)]) -> Result<Batch, Error> {
    // What is rewritten is about as long as it was.
    let length = records.iter().map(|(_, text)| text.len() + 1).sum::<usize>() + 1;
    let mut making =
        Making { site, from, records: Vec::with_capacity(records.len()), body: Vec::with_capacity(length) };
    let mut wanted: Vec<FileOrder> = Vec::new();
    let mut trouble: Vec<FileTrouble> = Vec::new();
    // From the first one with files on they wait for these.
    let mut waiting = Vec::new();
    for (at, text) in records {
        match parse(text) {
            Ok(json) if !is_of_round(site, &json, from.round) => {}
            // What cannot be read is told in the round of all records.
            Err(_) if from.round == Round::Deleted => {}
            Ok(json) => {
                orders(site, &json, &mut wanted, &mut trouble);
                if wanted.is_empty() && trouble.is_empty() {
                    making.add(*at, json, &Saved::new(), &trouble)?;
                } else {
                    waiting.push((*at, json));
                }
            }
            Err(error) => site.aside(&from.place(*at), format!("{} number {}", from.objecttype, at + 1), error)?,
        }
    }
    if !waiting.is_empty() {
        let saved = site.uploads.all(site, wanted, &mut trouble).await?;
        waiting.into_iter().try_for_each(|(at, json)| making.add(at, json, &saved, &trouble))?;
    }
    Ok(making.finish())
}

/// A batch that is being made.
struct Making<'a> {
    site: &'a Site,
    from: From<'a>,
    records: Vec<Ready>,
    body: Vec<u8>,
}

impl Making<'_> {
    /// A record of which all files are on the target, or not to be had.
    fn add(&mut self, at: u64, json: Json<'_>, saved: &Saved, trouble: &[FileTrouble]) -> Result<(), Error> {
        let (site, place) = (self.site, self.from.place(at));
        let glance = rewrite::glance(&json, self.from.objecttype);
        let name = || glance.name(self.from.objecttype, at);
        if let Some(why) = lacking(site, &json, trouble, name)? {
            return site.aside(&place, name(), why);
        }
        match rewrite::record(json, self.from.objecttype, saved, &site.context) {
            Ok(mut json) => {
                if self.from.round == Round::Deleted {
                    rewrite::defer(&mut json, self.from.objecttype);
                }
                let appends = site.context.origins.is_importer && rewrite::appends(&json, self.from.objecttype);
                if site.context.origins.is_importer && !appends {
                    rewrite::without_modes(&mut json, self.from.objecttype);
                }
                self.body.push(if self.records.is_empty() { b'[' } else { b',' });
                let start = self.body.len();
                json.write(&mut self.body, None);
                self.records.push(Ready { at, glance, text: start..self.body.len(), appends });
                Ok(())
            }
            Err(why) => site.aside(&place, name(), why),
        }
    }

    fn finish(mut self) -> Batch {
        self.body.push(b']');
        Batch { records: self.records, body: self.body.into() }
    }
}

/// Whether a record goes in this round: what is deleted at the source and linked to goes before all others.
fn is_of_round(site: &Site, json: &Json<'_>, round: Round) -> bool {
    let early = &site.context.deleted_first;
    let is_early =
        !early.is_empty() && json.get("_system_object_id").and_then(Json::as_id).is_some_and(|id| early.contains(id));
    is_early == (round == Round::Deleted)
}

fn orders(site: &Site, json: &Json<'_>, wanted: &mut Vec<FileOrder>, trouble: &mut Vec<FileTrouble>) {
    if site.uploads.are_off() {
        return;
    }
    let mut found = Vec::new();
    rewrite::orders(json, &site.context, &mut found);
    for order in found {
        match order {
            Ok(order) => wanted.push(order),
            Err((key, why)) => trouble.push(FileTrouble { key, why }),
        }
    }
}

/// Why a record cannot go in for one of its files, if it should not go in without.
fn lacking(
    site: &Site,
    json: &Json<'_>,
    trouble: &[FileTrouble],
    name: impl Fn() -> String,
) -> Result<Option<String>, Error> {
    if trouble.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    rewrite::orders(json, &site.context, &mut found);
    for order in found {
        let key = order.map_or_else(|(key, _)| key, |order| order.key);
        let Some(missing) = trouble.iter().find(|trouble| trouble.key == key) else { continue };
        if !site.context.options.ignore_file_errors {
            return Ok(Some(format!("its file {key} cannot be had: {}", missing.why)));
        }
        site.uploads.missing(site, &name(), missing)?;
    }
    Ok(None)
}

/// Sends what is ready, in its order.
pub(crate) async fn send(site: &Site, from: From<'_>, batch: &Batch) -> Result<(), Error> {
    // One whose rows are added to others goes alone: what is before it must be there.
    let parts = batch.records.chunk_by(|one, other| !one.appends && !other.appends);
    let mut parts: Vec<Vec<&Ready>> = parts.rev().map(|part| part.iter().collect()).collect();
    while let Some(part) = parts.pop() {
        let is_known = part.iter().all(|record| record.is_known());
        let request = match &part[..] {
            [one] if one.appends => {
                let text = stored::with_rows_there(site, from, &batch.body[one.text.clone()]).await?;
                request_of(site, from, array(&[text]).into())
            }
            part => request(site, from, batch, part),
        };
        let sent = if is_known { post(site, &request).await } else { post_once(site, from, &part, &request).await };
        let refused = sent?;
        let Some(error) = refused else {
            done(site, from, &part)?;
            continue;
        };
        let rest = if is_known && has_code(&error, &THERE) { missing(site, from, &part).await? } else { part.clone() };
        if rest.len() < part.len() {
            parts.extend((!rest.is_empty()).then_some(rest));
        } else if part.len() > 1 && !has_code(&error, &OF_ALL) {
            let (front, back) = part.split_at(part.len() / 2);
            parts.push(back.to_vec());
            parts.push(front.to_vec());
        } else {
            let why = why(&error);
            for record in part {
                site.aside(&from.place(record.at), record.glance.name(from.objecttype, record.at), why.clone())?;
            }
        }
    }
    Ok(())
}

fn done(site: &Site, from: From<'_>, part: &[&Ready]) -> Result<(), Error> {
    site.report.count(from.tally, |tally| tally.done += part.len() as u64);
    if site.went_on() {
        part.iter().try_for_each(|record| site.redeem(&from.place(record.at)))?;
    }
    Ok(())
}

fn request(site: &Site, from: From<'_>, batch: &Batch, part: &[&Ready]) -> Request {
    let body = if part.len() == batch.records.len() {
        batch.body.clone()
    } else {
        let texts: Vec<&[u8]> = part.iter().map(|record| &batch.body[record.text.clone()]).collect();
        array(&texts).into()
    };
    request_of(site, from, body).divisible(part.len() > 1)
}

pub(crate) fn request_of(site: &Site, from: From<'_>, body: Bytes) -> Request {
    let abilities = &site.context.abilities;
    let mut request = Request::write(Method::POST, format!("db/{}", from.objecttype), body, Shape::Array)
        .with("format", "short")
        .with("revoke", "yes")
        .with("reverse_pool_changed_mode", "reverse_pool_changed_never")
        .with(abilities.switch("skip_bidirectional_update", "skipBidirectionalUpdate"), 1)
        .with(abilities.switch("skip_index", "skipIndex"), 1)
        .with("skip_events", 1);
    if !site.context.origins.is_importer {
        request = request.with("skip_reverse_nested", 1);
    }
    if site.context.options.skip_constraints {
        request = request.with(abilities.switch("skip_constraints", "skipConstraints"), 1);
    }
    if site.context.options.is_dry_run {
        request = request.with("dry_run", 1);
    }
    request
}

/// Records that know who they are may be sent again: a second one would be refused.
pub(crate) async fn post(site: &Site, request: &Request) -> Result<Option<Error>, Error> {
    match site.client.ask(request).await {
        Ok(_) => Ok(None),
        Err(error) if is_of_items(&error) => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

/// Others are sent once; before that it is noted, so that a later run does not send them a second time.
async fn post_once(site: &Site, from: From<'_>, part: &[&Ready], request: &Request) -> Result<Option<Error>, Error> {
    let keys: Vec<String> = part.iter().map(|record| format!("sent/{}/{}", from.path, record.at)).collect();
    if site.went_on() {
        for key in &keys {
            if site.noted(key)?.is_some() {
                return Ok(Some(unknown(from)));
            }
        }
    }
    if !site.context.options.is_dry_run {
        site.note(keys.iter().map(|key| (key.clone(), Some(String::new()))).collect())?;
        site.settle()?;
    }
    let refused = match site.write(request).await? {
        Written::Answer(_) => None,
        Written::Refused(error) => Some(error),
        Written::Unsure => return Ok(Some(unknown(from))),
    };
    site.note(keys.into_iter().map(|key| (key, None)).collect())?;
    Ok(refused)
}

/// What is said of records that may be there or not.
fn unknown(from: From<'_>) -> Error {
    Error::Unexpected {
        what: format!("POST db/{}", from.objecttype),
        why: "no answer told whether it was saved, and nothing in the record tells it apart; look before it is sent again"
            .to_owned(),
    }
}

/// Those of a batch that are not there yet: each is asked for.
async fn missing<'r>(site: &Site, from: From<'_>, part: &[&'r Ready]) -> Result<Vec<&'r Ready>, Error> {
    let wanted: Vec<(u64, u64)> =
        part.iter().map(|record| (record.glance.system_id.unwrap_or_default(), record.version(site))).collect();
    let asked = stream::iter(wanted).map(|(id, version)| async move {
        Ok::<bool, Error>(stored_version(site, from.objecttype, id).await? >= Some(version))
    });
    let there: Vec<Result<bool, Error>> = asked.buffered(PROBES).collect().await;
    let mut rest = Vec::new();
    let mut found = 0;
    for (record, is_there) in part.iter().zip(there) {
        if is_there? {
            found += 1;
            if site.went_on() {
                site.redeem(&from.place(record.at))?;
            }
        } else {
            rest.push(*record);
        }
    }
    site.report.count(from.tally, |tally| tally.there += found);
    Ok(rest)
}

/// The newest version of a record on the target, deleted ones included.
pub(crate) async fn stored_version(site: &Site, objecttype: &str, system_id: u64) -> Result<Option<u64>, Error> {
    let path = format!("db/{objecttype}/_all_fields/system_object_id/{system_id}");
    let request = Request::get(path, Shape::Array).with("format", "short").with("all_versions", 1);
    let answer = match site.client.ask(&request).await {
        Err(error) if is_of_items(&error) => return Ok(None),
        answer => answer?,
    };
    let texts = crate::fylr::json::elements(&answer)
        .map_err(|error| Error::Unexpected { what: "db".to_owned(), why: error.to_string() })?;
    let versions = texts.iter().filter_map(|text| rewrite::glance(&Json::parse(text).ok()?, objecttype).version);
    Ok(versions.max())
}
