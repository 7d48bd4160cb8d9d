//! How far each payload is, as the ledger has it, and what earlier runs have set aside.

use std::collections::{BTreeSet, HashMap, VecDeque};

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::target::options::CHUNK_MAX;
use crate::fylr::target::payload::Payload;
use crate::fylr::target::round::Round;
use crate::fylr::target::run::Run;
use crate::fylr::target::run::feed::Feed;
use crate::fylr::target::site::Site;
use crate::model::event::Event;
use crate::model::payload::PayloadKind;

/// Items that are wanted, by round and payload.
pub(super) type Wanted = HashMap<(u8, String), BTreeSet<u64>>;

/// Noted for a payload of which everything is on the target or set aside.
const THROUGH: &str = "through";

/// What earlier runs have set aside.
pub(super) fn aside_before(site: &Site) -> Result<Wanted, Error> {
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

impl Run {
    pub(super) fn chunk(&self) -> usize {
        self.site.context.options.chunk_size.unwrap_or(CHUNK_MAX).clamp(1, CHUNK_MAX)
    }

    pub(super) fn feed(&self, at: usize, from: u64) -> Result<Feed, Error> {
        // What is retried stands anywhere in its payload.
        let from = if self.wanted.is_some() { 0 } else { from };
        let segments = self.site.backup.records(at, from).map_err(Error::Backup)?;
        Ok(Feed { segments, waiting: VecDeque::new(), at: from })
    }

    pub(super) fn only_wanted(
        &self,
        payload: &Payload,
        round: Round,
        mut batch: Vec<(u64, Bytes)>,
    ) -> Vec<(u64, Bytes)> {
        if let Some(wanted) = self.wanted.as_ref().filter(|_| !self.is_for_late_collections(payload, round)) {
            let these = wanted.get(&(round.number(), payload.path.to_string()));
            batch.retain(|(at, _)| these.is_some_and(|these| these.contains(at)));
        }
        batch
    }

    /// Pin codes name collections by the ids that these have on the target: those that come only now were left out.
    fn is_for_late_collections(&self, payload: &Payload, round: Round) -> bool {
        let is_of_collections = |path: &str| {
            self.payloads.iter().any(|other| other.kind == PayloadKind::Collections && other.path.to_string() == path)
        };
        round == Round::PinCodes
            && payload.kind == PayloadKind::Users
            && self.wanted.as_ref().is_some_and(|wanted| wanted.keys().any(|(_, path)| is_of_collections(path)))
    }

    fn key(payload: &Payload, round: Round) -> String {
        format!("payload/{}/{}", round.number(), payload.path)
    }

    /// Items of a payload that are through.
    pub(super) fn done(&self, payload: &Payload, round: Round) -> Result<u64, Error> {
        let noted = self.site.noted(&Self::key(payload, round))?;
        Ok(noted.and_then(|count| count.parse().ok()).unwrap_or(0))
    }

    pub(super) fn is_through(&self, payload: &Payload, round: Round) -> Result<bool, Error> {
        if self.is_for_late_collections(payload, round) {
            return Ok(false);
        }
        if let Some(wanted) = &self.wanted {
            return Ok(!wanted.contains_key(&(round.number(), payload.path.to_string())));
        }
        Ok(self.site.noted(&Self::key(payload, round))?.as_deref() == Some(THROUGH))
    }

    /// Tells that so many items are through: each counts once, in the first of its rounds.
    pub(super) fn counted(&self, round: Round, items: u64) {
        if round == Round::First {
            self.site.observer.observe(Event::Counted { records: items });
        }
    }

    pub(super) fn progress(&self, payload: &Payload, round: Round, at: u64) -> Result<(), Error> {
        if self.wanted.is_some() || self.site.context.options.is_dry_run {
            return Ok(());
        }
        self.site.note(vec![(Self::key(payload, round), Some(at.to_string()))])
    }

    pub(super) fn through(&self, payload: &Payload, round: Round) -> Result<(), Error> {
        if self.site.context.options.is_dry_run {
            return Ok(());
        }
        self.site.note(vec![(Self::key(payload, round), Some(THROUGH.to_owned()))])
    }
}
