//! The planned restore, carried out: every target by itself, side by side, one that fails leaving the others alone.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::archive::ledger::LedgerHead;
use crate::archive::runs::{RunOutcome, now};
use crate::archive::{self, Archive, ArchiveMut};
use crate::fylr::Client;
use crate::fylr::target::{self, Abilities, MENDED, Restored};
use crate::jobs::log::RunLog;
use crate::jobs::restore::streams::Streams;
use crate::jobs::restore::{Document, Planned, RestoreStart, Target};
use crate::jobs::{Error, chain, patience, report};
use crate::model::event::{Event, Observer, Warning};
use crate::model::ledger::{Change, Fleeting, Ledger};

/// Where it is noted what a target has got.
enum Notes<'a> {
    Archive(&'a ArchiveMut),
    Fleeting(Arc<Fleeting>),
}

/// What a ledger has of records whose files came after them.
fn mended(archive: &ArchiveMut, ledger: u64) -> Result<Vec<Change>, Error> {
    let mut found = Vec::new();
    archive::ledger::notes(&archive.read()?, ledger, MENDED, |note, text| {
        found.push((note.to_owned(), Some(text.to_owned())));
        Ok(())
    })?;
    Ok(found)
}

/// How a restore ended on one target.
pub struct Outcome {
    pub target: String,
    pub server: String,
    pub ended: Result<Restored, Error>,
    pub duration: Duration,
}

impl Planned {
    /// Writes to all targets.
    ///
    /// # Errors
    /// When the archive cannot be written. What goes wrong on a target is told in its outcome.
    pub fn run(self, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Vec<Outcome>, Error> {
        let log = RunLog::new(observer);
        let watched: Arc<dyn Observer + Send + Sync> = log.clone();
        let archive = ArchiveMut::open_or_create(&self.archive)?;
        let servers: Vec<String> = self.clients.iter().map(|client| client.server().to_string()).collect();
        let recording = log.begin(&archive, &format!("restore {} to {}", self.label, servers.join(", ")))?;
        let known = self.scan.payloads.iter().filter(|payload| payload.kind.is_known());
        let records = known.map(|payload| payload.records).sum::<u64>();
        let records = records * self.clients.len() as u64;
        watched.observe(Event::Started { verb: "restore", entries: records, bytes: 0 });
        let outcomes = self.all(&Notes::Archive(&archive), &watched);
        let last = outcomes.iter().map(summary).collect::<Vec<_>>().join("; ");
        recording.end(outcome_of(&outcomes), last, Some(&report::restored(&outcomes)))?;
        archive.close()?;
        watched.observe(Event::Finished);
        Ok(outcomes)
    }

    /// Writes to all targets without noting anything in the archive: for a target that ends with the program, as the ledger
    /// does.
    #[must_use]
    pub fn run_unnoted(self, ledger: &Arc<Fleeting>, observer: &Arc<dyn Observer + Send + Sync>) -> Vec<Outcome> {
        let outcomes = self.all(&Notes::Fleeting(Arc::clone(ledger)), observer);
        observer.observe(Event::Finished);
        outcomes
    }

    fn all(&self, notes: &Notes<'_>, observer: &Arc<dyn Observer + Send + Sync>) -> Vec<Outcome> {
        let places =
            self.scan.payloads.iter().map(|payload| payload.path.clone()).zip(self.scan.arrays.iter().copied());
        let streams = Arc::new(Streams::new(Arc::clone(&self.source), places.collect(), self.clients.len()));
        let is_one = self.clients.len() == 1;
        let work = self.restore.targets.iter().zip(&self.clients).map(|(target, client)| {
            let observer: Arc<dyn Observer + Send + Sync> = if is_one {
                Arc::clone(observer)
            } else {
                Arc::new(OfTarget { target: target.name.clone(), next: Arc::clone(observer) })
            };
            let streams = Arc::clone(&streams);
            async move {
                let began = std::time::Instant::now();
                let ended = self.one(notes, target, client, streams, observer).await;
                let (target, server) = (target.name.clone(), client.server().to_string());
                Outcome { target, server, ended, duration: began.elapsed() }
            }
        });
        let outcomes = patience::wait(&self.runtime, &**observer, join_all(work));
        tracing::debug!("payloads were opened {} times", streams.opened());
        outcomes
    }

    async fn one(
        &self,
        notes: &Notes<'_>,
        target: &Target,
        client: &Client,
        streams: Arc<Streams>,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Result<Restored, Error> {
        let mut client = client.clone();
        let restore = &self.restore;
        let is_dry_run = restore.write.is_dry_run;
        let archive = match notes {
            Notes::Archive(archive) if !is_dry_run => Some(*archive),
            _ => None,
        };
        let backup = self.source.digest();
        let server = client.server().to_string();
        let known = match archive {
            Some(archive) => archive::ledger::all(&archive.read()?)?,
            None => Vec::new(),
        };
        let known = known.into_iter().flatten();
        let known = known
            .filter(|head| head.server == server && head.backup == backup && head.instance == client.instance().id)
            .last();
        let goes_on = known.is_some() && (restore.start == RestoreStart::Continue || restore.only_aside);
        if restore.start == RestoreStart::Purge && !is_dry_run {
            observer.observe(Event::Phase { name: "purge".to_owned(), records: 0 });
            let password = &target.connection.credentials.password;
            let connection = || target.connection.clone();
            client = target::purge(&client, password, connection, Arc::clone(&observer)).await?;
        }
        let (ledger, head): (Arc<dyn Ledger>, Option<LedgerHead>) = match archive {
            None => match notes {
                Notes::Fleeting(ledger) => (Arc::clone(ledger) as _, None),
                Notes::Archive(_) => (Arc::new(Fleeting::default()), None),
            },
            Some(archive) => {
                if let Some(head) = known.clone().filter(|_| goes_on) {
                    (Arc::new(archive.ledger(head.number)?), Some(head))
                } else {
                    // Records keep the versions that they have got, whoever begins anew.
                    let mended = known.map_or_else(|| Ok(Vec::new()), |head| mended(archive, head.number))?;
                    let head = archive.begin_ledger(self.head(&client, backup))?;
                    let ledger = archive.ledger(head.number)?;
                    if restore.start != RestoreStart::Purge {
                        ledger.put(mended).map_err(crate::fylr::Error::Ledger)?;
                    }
                    (Arc::new(ledger), Some(head))
                }
            }
        };
        let restored = self.writing(client, streams, Arc::clone(&ledger), observer, goes_on).run().await;
        ledger.settle().map_err(crate::fylr::Error::Ledger)?;
        let restored = restored?;
        if let (Some(archive), Some(head)) = (archive, head) {
            archive.finish_ledger(&head, now())?;
        }
        Ok(restored)
    }

    fn head(&self, client: &Client, backup: String) -> LedgerHead {
        LedgerHead {
            number: 0,
            server: client.server().to_string(),
            instance: client.instance().id.clone(),
            backup,
            label: self.label.clone(),
            started: now(),
            finished: None,
        }
    }

    fn writing(
        &self,
        client: Client,
        streams: Arc<Streams>,
        ledger: Arc<dyn Ledger>,
        observer: Arc<dyn Observer + Send + Sync>,
        goes_on: bool,
    ) -> target::Restore {
        let (restore, scan) = (&self.restore, &self.scan);
        let mut documents = scan.documents.clone();
        if restore.base_config == Document::None {
            documents.base_config = None;
        }
        let datamodel = documents.datamodel.clone();
        if restore.datamodel == Document::None {
            documents.datamodel = None;
        }
        let mut write = restore.write.clone();
        if Abilities::of(client.instance()).one_worker {
            write.workers = 1;
        }
        target::Restore {
            client,
            options: write,
            origins: scan.origins.clone(),
            documents,
            datamodel,
            payloads: scan.payloads.clone(),
            numbering: Arc::new(scan.survey.numbering().clone()),
            references: scan.survey.references.clone(),
            backup: streams,
            ledger,
            observer,
            goes_on,
            only_aside: restore.only_aside,
            deleted_linked: Arc::new(scan.survey.deleted_linked()),
        }
    }
}

/// How the whole ends: a target that has failed for good counts more than one that can go on.
fn outcome_of(outcomes: &[Outcome]) -> RunOutcome {
    let failed: Vec<&Error> = outcomes.iter().filter_map(|outcome| outcome.ended.as_ref().err()).collect();
    if let Some(error) = failed.iter().find(|error| !error.is_passing()).or(failed.first()) {
        return error.outcome();
    }
    match outcomes.iter().filter_map(|outcome| outcome.ended.as_ref().ok()).map(|restored| restored.aside_count).sum() {
        0 => RunOutcome::Done { snapshot: None },
        count => RunOutcome::Aside { snapshot: None, count },
    }
}

/// Says of whom events are.
struct OfTarget {
    target: String,
    next: Arc<dyn Observer + Send + Sync>,
}

impl Observer for OfTarget {
    fn observe(&self, event: Event) {
        let (phase, records) = match &event {
            Event::Phase { name, records } => (Some(Some(name.clone())), *records),
            Event::Counted { records } => (Some(None), *records),
            _ => (None, 0),
        };
        if let Some(phase) = phase {
            self.next.observe(Event::OnTarget { target: self.target.clone(), phase, records });
        }
        let event = match event {
            Event::Warning(warning) => {
                Event::Warning(Warning::OfTarget { target: self.target.clone(), warning: Box::new(warning) })
            }
            Event::Phase { name, records } => Event::Phase { name: format!("{}: {name}", self.target), records },
            event => event,
        };
        self.next.observe(event);
    }
}

/// The last line of the log.
fn summary(outcome: &Outcome) -> String {
    match &outcome.ended {
        Ok(restored) => {
            let sum = |of: fn(&target::Tally) -> u64| restored.tallies.values().map(of).sum::<u64>();
            format!(
                "{}: {} written, {} there already, {} set aside",
                outcome.target,
                sum(|tally| tally.done),
                sum(|tally| tally.there),
                restored.aside_count
            )
        }
        Err(error) => format!("{}: {}", outcome.target, chain(error)),
    }
}

/// Writes which ids on a target stand for which of the source, as CSV: `target,kind,source,target_id`.
///
/// # Errors
/// When there is no ledger of a restore to this server, it cannot be read, or `out` cannot be written.
pub fn id_map(archive: &Path, server: &str, name: &str, out: &mut dyn Write) -> Result<(), Error> {
    let opened = Archive::open(archive)?;
    let transaction = opened.read()?;
    let heads = archive::ledger::all(&transaction)?.into_iter().flatten().filter(|head| head.server == server);
    let head = heads.max_by_key(|head| head.number).ok_or_else(|| Error::NoLedger(server.to_owned()))?;
    let quoted = |text: &str| {
        if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let mut failed = None;
    for prefix in ["id/", "file/"] {
        archive::ledger::notes(&transaction, head.number, prefix, |key, value| {
            let (kind, source) = match key.split_once('/') {
                Some(("file", source)) => ("file", source),
                Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
                None => (key, ""),
            };
            let line = format!("{},{},{},{value}\n", quoted(name), quoted(kind), quoted(source));
            if failed.is_none() {
                failed = out.write_all(line.as_bytes()).err();
            }
            Ok(())
        })?;
    }
    match failed {
        Some(source) => Err(Error::Document { path: "the id map".into(), source }),
        None => Ok(()),
    }
}
