//! Payloads of base types, of what is in collections, of publications and of events.

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::source::Events;
use crate::fylr::target::base;
use crate::fylr::target::ids::Base;
use crate::fylr::target::options::CHUNK_MAX;
use crate::fylr::target::payload::Payload;
use crate::fylr::target::prepare;
use crate::fylr::target::rewrite;
use crate::fylr::target::round::Round;
use crate::fylr::target::run::Run;
use crate::fylr::target::run::order::{WITH_FILES, repeats_well};
use crate::fylr::target::site::{Place, parse};
use crate::model::event::Event;
use crate::model::payload::PayloadKind;

impl Run {
    /// All payloads of a kind that are not through.
    pub(super) async fn kind(&self, kind: &PayloadKind, round: Round) -> Result<(), Error> {
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
        // Later rounds go over the same items again.
        let records = if round == Round::First { places.iter().map(|at| self.payloads[*at].records).sum() } else { 0 };
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
        self.counted(round, texts.len() as u64);
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
            self.counted(round, count);
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
                    match round {
                        Round::First if WITH_FILES.contains(&payload.kind) => prepare::files_of(site, &json).await?,
                        _ if WITH_FILES.contains(&payload.kind) => prepare::known_files_of(site, &json)?,
                        _ => {}
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

    async fn one(&self, kind: &PayloadKind, place: &Place<'_>, json: Json<'_>) -> Result<(), Error> {
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

    async fn events(&self, items: Vec<(Place<'_>, Json<'_>)>, is_unsure: bool) -> Result<(), Error> {
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
}
