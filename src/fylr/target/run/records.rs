//! Payloads of records, several at a time where none needs another, and what is deleted at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

use crate::fylr::error::Error;
use crate::fylr::target::deletions;
use crate::fylr::target::options::CHUNK_MAX;
use crate::fylr::target::payload::Payload;
use crate::fylr::target::records::{self, Batch, From};
use crate::fylr::target::round::Round;
use crate::fylr::target::run::Run;
use crate::fylr::target::run::feed::Feed;
use crate::model::event::Event;
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// How the work at a payload has ended.
fn ended(done: Result<Result<(), Error>, JoinError>) -> Result<(), Error> {
    done.map_err(|_| Error::Panicked)?
}

impl Run {
    /// All payloads of records, several at a time where none needs another, on all cores.
    pub(super) async fn records(self: &Arc<Self>) -> Result<(), Error> {
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
                under_way.next().await.map_or(Ok(()), ended)?;
            }
            let name = payload.objecttype.as_deref().unwrap_or_default();
            if phase != name {
                name.clone_into(&mut phase);
                let same = self.payloads.iter().filter(|other| other.objecttype == payload.objecttype);
                let records = same.map(|payload| payload.records).sum();
                self.site.observer.observe(Event::Phase { name: name.to_owned(), records });
            }
            let run = Arc::clone(self);
            under_way.push(AbortOnDropHandle::new(tokio::spawn(async move { run.records_of(at, Round::First).await })));
        }
        while let Some(done) = under_way.next().await {
            ended(done)?;
        }
        Ok(())
    }

    /// Records that are deleted at the source and linked to, wherever they stand: they go in and are deleted again before
    /// any other record can link to them.
    pub(super) async fn deleted_first(&self) -> Result<(), Error> {
        if self.site.context.deleted_first.is_empty() {
            return Ok(());
        }
        self.site.observer.observe(Event::Phase { name: "deleted records".to_owned(), records: 0 });
        // Those that an earlier run has brought, and not deleted any more.
        self.delete_together().await?;
        for (at, payload) in self.payloads.iter().enumerate() {
            if payload.kind == PayloadKind::Records && !self.is_through(payload, Round::Deleted)? {
                self.records_of(at, Round::Deleted).await?;
                self.delete_together().await?;
            }
        }
        Ok(())
    }

    /// Deletes what is noted to be deleted, the records of each objecttype at once. What cannot be is left for the end.
    async fn delete_together(&self) -> Result<(), Error> {
        let mut ids: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
        let visit = &mut |key: &str, _: &str| {
            let parts = key.strip_prefix("delete/").and_then(|rest| rest.rsplit_once('/'));
            if let Some((objecttype, Ok(id))) = parts.map(|(objecttype, id)| (objecttype, id.parse())) {
                ids.entry(objecttype.to_owned()).or_default().push((id, key.to_owned()));
            }
        };
        self.site.ledger.under("delete/", visit).map_err(Error::Ledger)?;
        for (objecttype, found) in ids {
            for part in found.chunks(CHUNK_MAX) {
                let ids: Vec<u64> = part.iter().map(|(id, _)| *id).collect();
                if deletions::delete_together(&self.site, &objecttype, &ids).await? {
                    self.site.note(part.iter().map(|(_, key)| (key.clone(), None)).collect())?;
                }
            }
        }
        Ok(())
    }

    /// One payload of records, batch after batch: while one is on its way the next is made ready.
    async fn records_of(&self, at: usize, round: Round) -> Result<(), Error> {
        let payload = &self.payloads[at];
        let Some(objecttype) = payload.objecttype.as_deref() else { return Ok(()) };
        let tally = payload.tally();
        let from = From { path: &payload.path, objecttype, tally: &tally, round };
        let mut feed = self.feed(at, self.done(payload, round)?)?;
        let mut ready = self.ready(&mut feed, from, payload).await?;
        while let Some((batch, next_at, count)) = ready {
            let (sent, next) =
                tokio::join!(records::send(&self.site, from, &batch), self.ready(&mut feed, from, payload));
            sent?;
            self.progress(payload, round, next_at)?;
            self.counted(round, count);
            ready = next?;
        }
        self.through(payload, round)
    }

    /// The next batch, where the one after it begins, and how many records it is of.
    async fn ready(
        &self,
        feed: &mut Feed,
        from: From<'_>,
        payload: &Payload,
    ) -> Result<Option<(Batch, u64, u64)>, Error> {
        let batch = feed.next(self.chunk()).await?;
        let Some((last, _)) = batch.last() else { return Ok(None) };
        let (next_at, count) = (last + 1, batch.len() as u64);
        let batch = self.only_wanted(payload, from.round, batch);
        let ready = records::prepare(&self.site, from, &batch).await?;
        let deleted = ready.records.iter().filter_map(|record| Some((record.deleted_id()?, record.at)));
        let notes =
            deleted.map(|(id, at)| (format!("delete/{}/{id}", from.objecttype), Some(format!("{at} {}", from.path))));
        let notes: Vec<_> = notes.collect();
        if !notes.is_empty() && !self.site.context.options.is_dry_run {
            self.site.note(notes)?;
        }
        Ok(Some((ready, next_at, count)))
    }

    /// Deletes what was deleted at the source, now that all records are there.
    pub(super) async fn deletions(&self) -> Result<(), Error> {
        let mut found = Vec::new();
        let visit = &mut |key: &str, value: &str| found.push((key.to_owned(), value.to_owned()));
        self.site.ledger.under("delete/", visit).map_err(Error::Ledger)?;
        for (key, value) in found {
            let parts = key.strip_prefix("delete/").and_then(|rest| rest.rsplit_once('/'));
            let (Some((objecttype, id)), Some((at, path))) = (parts, value.split_once(' ')) else { continue };
            let (Ok(id), Ok(at), Ok(path)) = (id.parse(), at.parse(), EntryPath::new(path)) else { continue };
            let tally = format!("db:{objecttype}");
            deletions::delete(&self.site, From { path: &path, objecttype, tally: &tally, round: Round::First }, id, at)
                .await?;
            self.site.note(vec![(key, None)])?;
        }
        Ok(())
    }
}
