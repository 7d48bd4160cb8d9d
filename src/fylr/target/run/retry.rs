//! What earlier runs have lost is tried again: files, renditions, and the records that went in without them. The API knows
//! but one way to put a file into a record that is there: its next version, which is otherwise the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::source;
use crate::fylr::target::files::FileTrouble;
use crate::fylr::target::lost::Lost;
use crate::fylr::target::mended::Mended;
use crate::fylr::target::records::{self, From};
use crate::fylr::target::rewrite::{self, FileOrder, Saved};
use crate::fylr::target::round::Round;
use crate::fylr::target::run::Run;
use crate::fylr::target::run::order::WITH_FILES;
use crate::fylr::target::run::progress::Wanted;
use crate::fylr::target::site::{Site, parse, why};
use crate::fylr::target::stored;
use crate::model::event::Event;
use crate::model::payload::PayloadKind;

/// Why a record stays without a file that has come.
const CHANGED: &str = "it has come, but the record is deleted there or has got other versions since";
const NAMELESS: &str = "it has come, but nothing in the record tells which one on the target it is";

/// What is tried again.
struct Retry {
    files: HashSet<String>,
    renditions: BTreeMap<String, BTreeSet<String>>,
    /// Renditions that were tried.
    tried: HashSet<Lost>,
    /// Files that did not come, or that a record is still without.
    failed: HashSet<String>,
    /// Records of which no version was the newest one there: by objecttype and id, with their files.
    stale: BTreeMap<(String, u64), (String, Vec<String>)>,
}

/// A record with a lost file.
struct Candidate<'t> {
    at: u64,
    json: Json<'t>,
    lost: Vec<String>,
}

impl Run {
    /// Items of base types whose files are lost: they are sent once more with them.
    pub(super) async fn base_items(&self, wanted: &mut Wanted) -> Result<(), Error> {
        let lost = self.site.all_lost()?;
        let keys: HashSet<&str> = lost.iter().map(|lost| lost.key.as_str()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        for (at, payload) in self.payloads.iter().enumerate().filter(|(_, p)| WITH_FILES.contains(&p.kind)) {
            let mut feed = self.feed(at, 0)?;
            loop {
                let batch = feed.next(self.chunk()).await?;
                if batch.is_empty() {
                    break;
                }
                for (number, text) in &batch {
                    let orders = parse(text).map(|json| orders(&self.site, &json)).unwrap_or_default();
                    if orders.iter().any(|order| keys.contains(order.key.as_str())) {
                        // An early round leaves out what later ones bring.
                        for round in Round::OF_BASE {
                            wanted.entry((round.number(), payload.path.to_string())).or_default().insert(*number);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a file of the base config is lost.
    pub(super) fn lacks_files_of_config(&self) -> Result<bool, Error> {
        let Some(text) = self.documents.base_config.as_deref() else { return Ok(false) };
        let json = source::parsed(text, "the base config")?;
        let keys: HashSet<String> = orders(&self.site, &json).into_iter().map(|order| order.key).collect();
        Ok(self.site.all_lost()?.iter().any(|lost| keys.contains(&lost.key)))
    }

    /// Tries lost files and renditions again, and puts them where they belong.
    pub(super) async fn mend(&self) -> Result<(), Error> {
        let lost = self.site.all_lost()?;
        if lost.is_empty() || self.site.uploads.are_off() {
            return Ok(());
        }
        self.site.observer.observe(Event::Phase { name: "lost files".to_owned(), records: 0 });
        let mut retry = Retry::new(&lost);
        for (at, payload) in self.payloads.iter().enumerate() {
            let Some(objecttype) = payload.objecttype.as_deref().filter(|_| payload.kind == PayloadKind::Records)
            else {
                continue;
            };
            let tally = payload.tally();
            let from = From { path: &payload.path, objecttype, tally: &tally, round: Round::First };
            let mut feed = self.feed(at, 0)?;
            loop {
                let batch = feed.next(self.chunk()).await?;
                if batch.is_empty() {
                    break;
                }
                retry.batch(&self.site, from, &batch).await?;
            }
        }
        retry.end(&self.site, &lost)
    }
}

fn orders(site: &Site, json: &Json<'_>) -> Vec<FileOrder> {
    let mut found = Vec::new();
    rewrite::orders(json, &site.context, &mut found);
    found.into_iter().flatten().collect()
}

impl Retry {
    fn new(lost: &[Lost]) -> Self {
        let (mut files, mut renditions) = (HashSet::new(), BTreeMap::<String, BTreeSet<String>>::new());
        for Lost { key, rendition } in lost {
            match rendition {
                None => drop(files.insert(key.clone())),
                Some(version) => drop(renditions.entry(key.clone()).or_default().insert(version.clone())),
            }
        }
        let (tried, failed, stale) = (HashSet::new(), HashSet::new(), BTreeMap::new());
        Self { files, renditions, tried, failed, stale }
    }

    async fn batch(&mut self, site: &Site, from: From<'_>, batch: &[(u64, Bytes)]) -> Result<(), Error> {
        let mut candidates = Vec::new();
        let mut wanted: Vec<FileOrder> = Vec::new();
        for (at, text) in batch {
            let Ok(json) = parse(text) else { continue };
            let orders = orders(site, &json);
            for order in &orders {
                self.renditions(site, order).await?;
            }
            let lost = orders.iter().map(|order| &order.key).filter(|key| self.files.contains(*key));
            let lost: Vec<String> = lost.cloned().collect();
            if !lost.is_empty() {
                candidates.push(Candidate { at: *at, json, lost });
                wanted.extend(orders);
            }
        }
        if candidates.is_empty() {
            return Ok(());
        }
        // One that did not come is not asked for once more for the next record.
        wanted.retain(|order| !self.failed.contains(&order.key));
        for order in wanted.iter_mut().filter(|order| self.files.contains(&order.key)) {
            if site.uploads.there(site, &order.key)?.is_none() {
                site.uploads.make_way(site, order).await?;
            }
        }
        let mut trouble: Vec<FileTrouble> = Vec::new();
        let saved = site.uploads.all(site, wanted, &mut trouble).await?;
        for FileTrouble { key, why } in trouble {
            if self.failed.insert(key.clone()) {
                let lost = Lost::file(&key);
                site.lose(&lost, lost.name(), why)?;
            }
        }
        for candidate in candidates {
            if candidate.lost.iter().any(|key| saved.contains_key(key)) {
                self.record(site, from, candidate, &saved).await?;
            }
        }
        Ok(())
    }

    /// Renditions of an original that is there.
    async fn renditions(&mut self, site: &Site, order: &FileOrder) -> Result<(), Error> {
        let Some(versions) = self.renditions.get(&order.key) else { return Ok(()) };
        let Some(id) = site.uploads.there(site, &order.key)? else { return Ok(()) };
        for rendition in order.renditions.iter().filter(|rendition| versions.contains(&rendition.version)) {
            let lost = Lost::rendition(&order.key, &rendition.version);
            if self.tried.insert(lost.clone()) && site.uploads.rendition(site, order, rendition, id).await? {
                site.found(&lost)?;
            }
        }
        Ok(())
    }

    /// Puts its files into a record, if this is the version of it that is the newest there.
    async fn record(
        &mut self,
        site: &Site,
        from: From<'_>,
        candidate: Candidate<'_>,
        saved: &Saved,
    ) -> Result<(), Error> {
        let Candidate { at, json, lost } = candidate;
        let glance = rewrite::glance(&json, from.objecttype);
        let name = glance.name(from.objecttype, at);
        let Some(id) = glance.system_id else {
            return self.fail(site, &name, lost, NAMELESS);
        };
        let place = (from.objecttype.to_owned(), id);
        let own = records::version_of(site, &glance);
        let Some(newest) = stored::newest(site, from.objecttype, id).await? else {
            self.stale.insert(place, (name, lost));
            return Ok(());
        };
        let ids = orders(site, &json).into_iter().filter_map(|order| saved.get(&order.key).copied().flatten());
        if ids.clone().all(|id| newest.files.contains(&id)) {
            self.stale.remove(&place);
            return Ok(());
        }
        let before = site.noted(&Mended::key(from.objecttype, id))?.and_then(|text| Mended::of_text(&text));
        let is_newest = newest.version == own || before == Some(Mended { of: own, is: newest.version });
        if !is_newest {
            self.stale.insert(place, (name, lost));
            return Ok(());
        }
        let next = newest.version + 1;
        let json = match rewrite::record(json, from.objecttype, saved, &site.context) {
            Ok(json) => json,
            Err(why) => return self.fail(site, &name, lost, &why),
        };
        // What was sent without an answer is known by this note.
        site.note(vec![Mended { of: own, is: next }.note(from.objecttype, id)])?;
        site.settle()?;
        if let Some(error) = stored::send_next(site, from, json, id, next).await? {
            site.note(vec![(Mended::key(from.objecttype, id), before.map(Mended::text))])?;
            return self.fail(site, &name, lost, &why(&error));
        }
        self.stale.remove(&place);
        Ok(())
    }

    /// Files that have come, and do not stand in their record all the same.
    fn fail(&mut self, site: &Site, name: &str, lost: Vec<String>, why: &str) -> Result<(), Error> {
        for key in lost {
            site.lose(&Lost::file(&key), format!("file {key} of {name}"), why.to_owned())?;
            self.failed.insert(key);
        }
        Ok(())
    }

    /// Tells what is still lost; the rest is found.
    fn end(mut self, site: &Site, lost: &[Lost]) -> Result<(), Error> {
        for (name, files) in std::mem::take(&mut self.stale).into_values() {
            self.fail(site, &name, files, CHANGED)?;
        }
        for lost in lost.iter().filter(|lost| lost.rendition.is_none() && !self.failed.contains(&lost.key)) {
            if site.uploads.there(site, &lost.key)?.is_some() {
                site.found(lost)?;
            }
        }
        Ok(())
    }
}
