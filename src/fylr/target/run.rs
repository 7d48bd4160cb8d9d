//! A restore: every part of a backup in the order in which a target can take it. What is through is noted, so that a
//! later run goes on behind it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Mutex;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::source::{Datamodel, Events};
use crate::fylr::target::base::{self, EventsSent};
use crate::fylr::target::files::Uploads;
use crate::fylr::target::gates::Abilities;
use crate::fylr::target::ids::{Base, Ids};
use crate::fylr::target::options::{CHUNK_MAX, WriteOptions};
use crate::fylr::target::payload::{Backup, Documents, Payload, Segments};
use crate::fylr::target::prepare;
use crate::fylr::target::records::{self, From, Ready};
use crate::fylr::target::report::{Report, Restored};
use crate::fylr::target::rewrite::{self, Context, Origins};
use crate::fylr::target::round::Round;
use crate::fylr::target::site::{Place, Site, parse};
use crate::model::event::{Event, Observer, Warning};
use crate::model::ledger::Ledger;
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// Bytes of one request, if records are that long: a server that takes less says so, and gets less.
const BATCH_BYTES_MAX: usize = 32 << 20;

/// What is restored, and to where.
pub struct Restore {
    pub client: Client,
    pub options: WriteOptions,
    pub origins: Origins,
    pub documents: Documents,
    /// The data model of the backup, whether it is written or not.
    pub datamodel: Option<Vec<u8>>,
    pub payloads: Vec<Payload>,
    /// Records whose first version in the backup is a later one, and by how much.
    pub offsets: Arc<HashMap<u64, u64>>,
    /// Ids of the source by reference, as far as the backup tells them: `(pool, 3, museum)`.
    pub references: Vec<(Base, u64, String)>,
    pub backup: Arc<dyn Backup>,
    pub ledger: Arc<dyn Ledger>,
    pub observer: Arc<dyn Observer + Send + Sync>,
    /// An earlier run was ended: something may be there that is noted nowhere.
    pub goes_on: bool,
    /// Only what was set aside by earlier runs.
    pub only_aside: bool,
}

/// The order: kinds of payloads and rounds.
const ORDER: [(PayloadKind, Round); 22] = [
    (PayloadKind::Plugins, Round::First),
    // Base config and data model come here.
    (PayloadKind::Tags, Round::First),
    (PayloadKind::Groups, Round::First),
    (PayloadKind::Users, Round::First),
    (PayloadKind::Mappings, Round::First),
    (PayloadKind::Pools, Round::First),
    (PayloadKind::ObjectPresets, Round::First),
    (PayloadKind::CollectionPresets, Round::First),
    (PayloadKind::Tags, Round::Rights),
    (PayloadKind::Groups, Round::Rights),
    (PayloadKind::Users, Round::Rights),
    (PayloadKind::Pools, Round::Rights),
    (PayloadKind::Objecttypes, Round::First),
    (PayloadKind::Records, Round::First),
    // What is deleted at the source is deleted here.
    (PayloadKind::Collections, Round::First),
    (PayloadKind::CollectionObjects, Round::First),
    (PayloadKind::Users, Round::PinCodes),
    (PayloadKind::Publications, Round::First),
    (PayloadKind::Messages, Round::First),
    (PayloadKind::Transitions, Round::First),
    (PayloadKind::Pools, Round::Transitions),
    (PayloadKind::Objecttypes, Round::Transitions),
];

/// The kinds whose files must be there before them.
const WITH_FILES: [PayloadKind; 4] =
    [PayloadKind::Plugins, PayloadKind::Users, PayloadKind::Pools, PayloadKind::Objecttypes];

impl Restore {
    /// Writes all of it.
    ///
    /// # Errors
    /// When the target or the backup ends to answer. What was written until then is noted in the ledger.
    pub async fn run(self) -> Result<Restored, Error> {
        let Self { client, options, origins, documents, datamodel, payloads, offsets, references, .. } = self;
        let schema = match datamodel.as_deref() {
            Some(text) => serde_json::from_slice::<serde_json::Value>(text).unwrap_or_default()["schema"].take(),
            // Where the backup has none, records are of the target's.
            None => prepare::schema(&client).await?,
        };
        let context = Context {
            abilities: Abilities::of(client.instance()),
            instance_id: client.instance().id.clone(),
            ids: Ids::default(),
            base_files: RwLock::default(),
            model: Datamodel::read(&schema),
            offsets,
            source_ids: references.iter().map(|(base, id, name)| ((*base, name.clone()), *id)).collect(),
            notes: Arc::default(),
            origins,
            options,
        };
        let site = Site {
            client,
            uploads: Uploads::new(&context.options),
            context,
            ledger: self.ledger,
            backup: self.backup,
            observer: self.observer,
            report: Report::default(),
            known: Mutex::default(),
            unsure: AtomicU32::new(0),
            goes_on: AtomicBool::new(self.goes_on || self.only_aside),
        };
        site.remember()?;
        let wanted = if self.only_aside { Some(aside_before(&site)?) } else { None };
        let run = Run { site, documents, datamodel, payloads, references, wanted, events: EventsSent::default() };
        run.whole_way().await
    }
}

/// Items that are wanted, by round and payload.
type Wanted = HashMap<(u8, String), BTreeSet<u64>>;

/// What earlier runs have set aside.
fn aside_before(site: &Site) -> Result<Wanted, Error> {
    let mut wanted = Wanted::new();
    let visit = &mut |key: &str, _: &str| {
        let parts = key.strip_prefix("aside/").and_then(|rest| rest.split_once('/'));
        let place = parts.and_then(|(round, rest)| Some((round.parse().ok()?, rest.rsplit_once('/')?)));
        if let Some((round, (path, at))) = place
            && let Ok(at) = at.parse()
        {
            wanted.entry((round, path.to_owned())).or_default().insert(at);
        }
    };
    site.ledger.under("aside/", visit).map_err(Error::Ledger)?;
    Ok(wanted)
}

struct Run {
    site: Site,
    documents: Documents,
    datamodel: Option<Vec<u8>>,
    payloads: Vec<Payload>,
    references: Vec<(Base, u64, String)>,
    /// Only these items.
    wanted: Option<Wanted>,
    events: EventsSent,
}

impl Run {
    async fn whole_way(self) -> Result<Restored, Error> {
        if self.site.context.options.is_dry_run {
            self.records().await?;
            return Ok(self.finish());
        }
        for (at, (kind, round)) in ORDER.iter().enumerate() {
            if at == AFTER_PLUGINS {
                self.settings().await?;
            }
            match kind {
                PayloadKind::Records => {
                    self.match_references().await?;
                    self.records().await?;
                    self.deletions().await?;
                }
                kind => self.kind(kind, *round).await?,
            }
        }
        self.kind(&PayloadKind::Events, Round::First).await?;
        if !self.site.context.options.skip_reindex {
            self.site.observer.observe(Event::Phase { name: "reindex".to_owned(), records: 0 });
            prepare::reindex(&self.site).await?;
        }
        self.site.settle()?;
        Ok(self.finish())
    }

    fn finish(self) -> Restored {
        let mut restored = self.site.report.take();
        // What earlier runs have set aside is missing still.
        let mut noted = 0;
        for area in ["aside/", "lost/"] {
            // A ledger that does not answer has failed the run before.
            let _ = self.site.ledger.under(area, &mut |_, _| noted += 1);
        }
        restored.aside_count = restored.aside_count.max(noted);
        restored.notes = self.site.context.notes.all();
        for (what, count) in &restored.notes {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            self.site.observer.observe(Event::Warning(Warning::Limited { what: format!("{what}{times}") }));
        }
        restored
    }

    /// Base config, data model, and which ids the parts of the data model have on the target.
    async fn settings(&self) -> Result<(), Error> {
        if let Some(config) = self.documents.base_config.as_deref().filter(|_| self.wanted.is_none())
            && self.site.noted("step/config")?.is_none()
        {
            self.site.observer.observe(Event::Phase { name: "base config".to_owned(), records: 0 });
            prepare::base_config(&self.site, config).await?;
            self.site.note(vec![("step/config".to_owned(), Some("done".to_owned()))])?;
        }
        if let Some(model) = self.documents.datamodel.as_deref().filter(|_| self.wanted.is_none())
            && self.site.noted("step/datamodel")?.is_none()
        {
            self.site.observer.observe(Event::Phase { name: "data model".to_owned(), records: 0 });
            prepare::datamodel(&self.site, model).await?;
            self.site.note(vec![("step/datamodel".to_owned(), Some("done".to_owned()))])?;
            self.site.settle()?;
        }
        if let Some(model) = &self.datamodel {
            prepare::match_models(&self.site, model).await?;
        }
        Ok(())
    }

    /// Learns which ids things with a reference have got, for whoever names them by id.
    async fn match_references(&self) -> Result<(), Error> {
        for (kind, base) in [
            (PayloadKind::Users, Base::User),
            (PayloadKind::Groups, Base::Group),
            (PayloadKind::Pools, Base::Pool),
            (PayloadKind::Collections, Base::Collection),
            (PayloadKind::Messages, Base::Message),
        ] {
            let mut wanted = self.references.iter().filter(|(of, _, _)| *of == base).peekable();
            if wanted.peek().is_none() {
                continue;
            }
            base::load(&self.site, &kind, false).await?;
            let known = self.site.known.lock().await;
            let Some(known) = known.get(&kind) else { continue };
            for (_, source, reference) in wanted {
                if let Some(item) = known.get(reference) {
                    self.site.learn(base, *source, item.id)?;
                }
            }
        }
        Ok(())
    }

    /// All payloads of a kind that are not through.
    async fn kind(&self, kind: &PayloadKind, round: Round) -> Result<(), Error> {
        let mut places = Vec::new();
        for (at, payload) in self.payloads.iter().enumerate().filter(|(_, payload)| payload.kind == *kind) {
            if !self.is_through(payload, round)? {
                places.push(at);
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        if round == Round::Rights && *kind == PayloadKind::Pools {
            self.match_references().await?;
        }
        let records = places.iter().map(|at| self.payloads[*at].records).sum();
        self.site.observer.observe(Event::Phase { name: kind.name().to_owned(), records });
        if matches!(kind, PayloadKind::Tags | PayloadKind::Transitions) {
            return self.whole(kind, round).await;
        }
        for at in places {
            self.payload(at, round).await?;
        }
        Ok(())
    }

    /// Kinds of which one request must hold everything, whatever of it is through.
    async fn whole(&self, kind: &PayloadKind, round: Round) -> Result<(), Error> {
        let mut texts: Vec<(usize, u64, Bytes)> = Vec::new();
        for (at, _) in self.payloads.iter().enumerate().filter(|(_, payload)| payload.kind == *kind) {
            let mut feed = self.feed(at, 0)?;
            loop {
                let batch = feed.next(CHUNK_MAX).await?;
                if batch.is_empty() {
                    break;
                }
                texts.extend(batch.into_iter().map(|(number, text)| (at, number, text)));
            }
        }
        let tally = kind.name();
        let place = |at: usize, number: u64| Place { tally, path: &self.payloads[at].path, round, at: number };
        let (mut groups, mut transitions, mut has_rights) = (Vec::new(), Vec::new(), false);
        for (at, number, text) in &texts {
            let place = place(*at, *number);
            match parse(text) {
                Ok(json) if *kind == PayloadKind::Tags => {
                    if let Some((group, rights)) = rewrite::tags(json, round, &self.site.context) {
                        has_rights |= rights;
                        groups.push(group);
                    }
                }
                Ok(json) => transitions.extend(rewrite::transition(json, &self.site.context).map(|json| (place, json))),
                Err(why) => self.site.aside(&place, format!("{tally} number {}", number + 1), why)?,
            }
        }
        if let Some((at, _, _)) = texts.first() {
            if *kind == PayloadKind::Tags && (round == Round::First || has_rights) {
                base::tags(&self.site, &place(*at, 0), groups).await?;
            } else if *kind == PayloadKind::Transitions {
                base::transitions(&self.site, transitions).await?;
            }
        }
        for payload in self.payloads.iter().filter(|payload| payload.kind == *kind) {
            self.through(payload, round)?;
        }
        self.site.counted(texts.len() as u64);
        Ok(())
    }

    /// The items of one payload of base types.
    async fn payload(&self, at: usize, round: Round) -> Result<(), Error> {
        let payload = &self.payloads[at];
        let tally = payload.tally();
        let done = self.done(payload, round)?;
        let mut feed = self.feed(at, done)?;
        let mut is_unsure = self.site.went_on();
        loop {
            let batch = feed.next(self.chunk()).await?;
            let Some((last, _)) = batch.last() else { break };
            let (last, count) = (*last, batch.len() as u64);
            let batch = self.only_wanted(payload, round, batch);
            self.batch(payload, round, &tally, &batch, is_unsure).await?;
            is_unsure = false;
            self.progress(payload, round, last + 1)?;
            if !repeats_well(&payload.kind) {
                self.site.settle()?;
            }
            self.site.counted(count);
        }
        self.through(payload, round)
    }

    async fn batch(
        &self,
        payload: &Payload,
        round: Round,
        tally: &str,
        batch: &[(u64, Bytes)],
        is_unsure: bool,
    ) -> Result<(), Error> {
        let (site, context) = (&self.site, &self.site.context);
        let mut items = Vec::with_capacity(batch.len());
        for (at, text) in batch {
            let place = Place { tally, path: &payload.path, round, at: *at };
            match parse(text) {
                Ok(json) => {
                    if WITH_FILES.contains(&payload.kind) && round == Round::First {
                        prepare::files_of(site, &json).await?;
                    }
                    items.push((place, json));
                }
                Err(why) => site.aside(&place, format!("{tally} number {}", at + 1), why)?,
            }
        }
        let kind = &payload.kind;
        match kind {
            PayloadKind::Groups
            | PayloadKind::Users
            | PayloadKind::Pools
            | PayloadKind::Objecttypes
            | PayloadKind::Messages
            | PayloadKind::Collections => {
                let mut sent = Vec::with_capacity(items.len());
                let mut objects = Vec::new();
                for (place, mut json) in items {
                    if *kind == PayloadKind::Collections {
                        objects.extend(rewrite::inline_objects(&mut json).map(|objects| (place, objects)));
                    }
                    let item = match kind {
                        PayloadKind::Groups => rewrite::group(json, round, context),
                        PayloadKind::Users => rewrite::user(json, round, context),
                        PayloadKind::Pools => rewrite::pool(json, round, context),
                        PayloadKind::Objecttypes => rewrite::objecttype(json, round, context),
                        PayloadKind::Messages => rewrite::message(json, context),
                        _ => rewrite::collection(json, context),
                    };
                    sent.extend(item.map(|item| base::Sent { place, item }));
                }
                let is_one_by_one = *kind == PayloadKind::Collections && !context.abilities.collection_lists;
                if is_one_by_one {
                    for one in sent {
                        base::upsert(site, kind, vec![one]).await?;
                    }
                } else {
                    base::upsert(site, kind, sent).await?;
                }
                let tally = PayloadKind::CollectionObjects;
                for (place, objects) in objects {
                    base::fill(site, &Place { tally: tally.name(), ..place }, objects).await?;
                }
                Ok(())
            }
            PayloadKind::Mappings
            | PayloadKind::Plugins
            | PayloadKind::ObjectPresets
            | PayloadKind::CollectionPresets => {
                for (place, json) in items {
                    self.one(kind, &place, json).await?;
                }
                Ok(())
            }
            PayloadKind::CollectionObjects => {
                for (place, json) in items {
                    base::fill(site, &place, json).await?;
                    self.progress(payload, round, place.at + 1)?;
                    site.settle()?;
                }
                Ok(())
            }
            PayloadKind::Publications => base::publish(site, items).await,
            PayloadKind::Events => self.events(items, is_unsure).await,
            _ => Ok(()),
        }
    }

    async fn one(&self, kind: &PayloadKind, place: &Place<'_>, json: crate::fylr::json::Json<'_>) -> Result<(), Error> {
        let (site, context) = (&self.site, &self.site.context);
        match kind {
            PayloadKind::Mappings => match rewrite::mapping(json) {
                Some(item) => base::mapping(site, place, item).await,
                None => Ok(()),
            },
            PayloadKind::Plugins => match rewrite::plugin(json) {
                Some(item) => base::plugin(site, place, item).await,
                None => Ok(()),
            },
            kind => {
                let base =
                    if *kind == PayloadKind::ObjectPresets { Base::ObjectPreset } else { Base::CollectionPreset };
                match rewrite::preset(json, context) {
                    Some(item) => base::preset(site, place, base, item).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn events(&self, items: Vec<(Place<'_>, crate::fylr::json::Json<'_>)>, is_unsure: bool) -> Result<(), Error> {
        let site = &self.site;
        let file = |id: u64| site.uploads.there(site, &id.to_string()).ok().flatten();
        let mut wanted = Vec::with_capacity(items.len());
        for (place, json) in items {
            let kind = rewrite::text_in(&json, &["event", "type"]).unwrap_or_default();
            let is_asked_for = match &site.context.options.events {
                Events::All => true,
                Events::None => false,
                Events::Of(types) => types.contains(&kind),
            };
            match rewrite::event(json, &file, &site.context).filter(|_| is_asked_for) {
                Some(event) => wanted.push((place, event)),
                None => site.report.count(place.tally, |tally| tally.skipped += 1),
            }
        }
        base::send_events(site, &self.events, wanted, is_unsure).await
    }

    /// All payloads of records, several at a time where none needs another.
    async fn records(&self) -> Result<(), Error> {
        let options = &self.site.context.options;
        let workers = if self.site.context.abilities.one_worker { 1 } else { options.workers.max(1) };
        let mut phase = String::new();
        let mut under_way = FuturesUnordered::new();
        for (at, payload) in
            self.payloads.iter().enumerate().filter(|(_, payload)| payload.kind == PayloadKind::Records)
        {
            if self.is_through(payload, Round::First)? {
                continue;
            }
            while under_way.len() >= workers || (payload.is_barrier && !under_way.is_empty()) {
                under_way.next().await.unwrap_or(Ok(()))?;
            }
            let name = payload.objecttype.as_deref().unwrap_or_default();
            if phase != name {
                name.clone_into(&mut phase);
                let same = self.payloads.iter().filter(|other| other.objecttype == payload.objecttype);
                let records = same.map(|payload| payload.records).sum();
                self.site.observer.observe(Event::Phase { name: name.to_owned(), records });
            }
            under_way.push(self.records_of(at));
        }
        while let Some(done) = under_way.next().await {
            done?;
        }
        Ok(())
    }

    /// One payload of records, batch after batch: while one is on its way the next is made ready.
    async fn records_of(&self, at: usize) -> Result<(), Error> {
        let payload = &self.payloads[at];
        let Some(objecttype) = payload.objecttype.as_deref() else { return Ok(()) };
        let tally = payload.tally();
        let from = From { path: &payload.path, objecttype, tally: &tally };
        let mut feed = self.feed(at, self.done(payload, Round::First)?)?;
        let mut ready = self.ready(&mut feed, from, payload).await?;
        while let Some((batch, next_at, count)) = ready {
            let (sent, next) =
                tokio::join!(records::send(&self.site, from, &batch), self.ready(&mut feed, from, payload));
            sent?;
            self.progress(payload, Round::First, next_at)?;
            self.site.counted(count);
            ready = next?;
        }
        self.through(payload, Round::First)
    }

    /// The next batch, where the one after it begins, and how many records it is of.
    async fn ready(
        &self,
        feed: &mut Feed,
        from: From<'_>,
        payload: &Payload,
    ) -> Result<Option<(Vec<Ready>, u64, u64)>, Error> {
        let batch = feed.next(self.chunk()).await?;
        let Some((last, _)) = batch.last() else { return Ok(None) };
        let (next_at, count) = (last + 1, batch.len() as u64);
        let batch = self.only_wanted(payload, Round::First, batch);
        let ready = records::prepare(&self.site, from, &batch).await?;
        let deleted = ready.iter().filter_map(|record| Some((record.deleted_id()?, record.at)));
        let notes =
            deleted.map(|(id, at)| (format!("delete/{}/{id}", from.objecttype), Some(format!("{at} {}", from.path))));
        let notes: Vec<_> = notes.collect();
        if !notes.is_empty() && !self.site.context.options.is_dry_run {
            self.site.note(notes)?;
        }
        Ok(Some((ready, next_at, count)))
    }

    /// Deletes what was deleted at the source, now that all records are there.
    async fn deletions(&self) -> Result<(), Error> {
        let mut found = Vec::new();
        let visit = &mut |key: &str, value: &str| found.push((key.to_owned(), value.to_owned()));
        self.site.ledger.under("delete/", visit).map_err(Error::Ledger)?;
        for (key, value) in found {
            let parts = key.strip_prefix("delete/").and_then(|rest| rest.rsplit_once('/'));
            let (Some((objecttype, id)), Some((at, path))) = (parts, value.split_once(' ')) else { continue };
            let (Ok(id), Ok(at), Ok(path)) = (id.parse(), at.parse(), EntryPath::new(path)) else { continue };
            let tally = format!("db:{objecttype}");
            records::delete(&self.site, From { path: &path, objecttype, tally: &tally }, id, at).await?;
            self.site.note(vec![(key, None)])?;
        }
        Ok(())
    }

    fn chunk(&self) -> usize {
        self.site.context.options.chunk_size.unwrap_or(CHUNK_MAX).clamp(1, CHUNK_MAX)
    }

    fn feed(&self, at: usize, from: u64) -> Result<Feed, Error> {
        // What is retried stands anywhere in its payload.
        let from = if self.wanted.is_some() { 0 } else { from };
        let segments = self.site.backup.records(at, from).map_err(Error::Backup)?;
        Ok(Feed { segments, waiting: VecDeque::new(), at: from })
    }

    fn only_wanted(&self, payload: &Payload, round: Round, mut batch: Vec<(u64, Bytes)>) -> Vec<(u64, Bytes)> {
        if let Some(wanted) = &self.wanted {
            let these = wanted.get(&(round.number(), payload.path.to_string()));
            batch.retain(|(at, _)| these.is_some_and(|these| these.contains(at)));
        }
        batch
    }

    fn key(payload: &Payload, round: Round) -> String {
        format!("payload/{}/{}", round.number(), payload.path)
    }

    /// Items of a payload that are through.
    fn done(&self, payload: &Payload, round: Round) -> Result<u64, Error> {
        let noted = self.site.noted(&Self::key(payload, round))?;
        Ok(noted.and_then(|count| count.parse().ok()).unwrap_or(0))
    }

    fn is_through(&self, payload: &Payload, round: Round) -> Result<bool, Error> {
        if let Some(wanted) = &self.wanted {
            return Ok(!wanted.contains_key(&(round.number(), payload.path.to_string())));
        }
        Ok(self.site.noted(&Self::key(payload, round))?.as_deref() == Some(THROUGH))
    }

    fn progress(&self, payload: &Payload, round: Round, at: u64) -> Result<(), Error> {
        if self.wanted.is_some() || self.site.context.options.is_dry_run {
            return Ok(());
        }
        self.site.note(vec![(Self::key(payload, round), Some(at.to_string()))])
    }

    fn through(&self, payload: &Payload, round: Round) -> Result<(), Error> {
        if self.site.context.options.is_dry_run {
            return Ok(());
        }
        self.site.note(vec![(Self::key(payload, round), Some(THROUGH.to_owned()))])
    }
}

/// Noted for a payload of which everything is on the target or set aside.
const THROUGH: &str = "through";
/// The place in [`ORDER`] at which base config and data model are written.
const AFTER_PLUGINS: usize = 1;

/// Kinds of which a batch that was sent twice does no harm; of others it must be known for certain how far they are.
fn repeats_well(kind: &PayloadKind) -> bool {
    !matches!(
        kind,
        PayloadKind::Events | PayloadKind::Publications | PayloadKind::Mappings | PayloadKind::CollectionObjects
    )
}

/// The records of a payload, counted.
struct Feed {
    segments: Segments,
    waiting: VecDeque<Bytes>,
    at: u64,
}

impl Feed {
    /// The next records, at most so many; none at the end.
    async fn next(&mut self, most: usize) -> Result<Vec<(u64, Bytes)>, Error> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < most {
            let Some(next) = self.waiting.front() else {
                match self.segments.recv().await {
                    None => break,
                    Some(segment) => self.waiting.extend(segment.map_err(Error::Backup)?.iter().cloned()),
                }
                continue;
            };
            if !batch.is_empty() && bytes + next.len() > BATCH_BYTES_MAX {
                break;
            }
            bytes += next.len();
            if let Some(text) = self.waiting.pop_front() {
                batch.push((self.at, text));
                self.at += 1;
            }
        }
        Ok(batch)
    }
}
