//! The side of the target: its items as they come.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::fylr;
use crate::fylr::source::{Delivery, LookedAt, Reading as Deliveries};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::Cutter;
use crate::jobs::verify::Verified;
use crate::jobs::verify::findings::Findings;
use crate::jobs::verify::lot::Lot;
use crate::jobs::verify::side::Backup;
use crate::model::entry::Role;
use crate::model::event::{Event, Observer};
use crate::model::path::EntryPath;
use crate::model::payload::Splitter;

/// How long it takes at most until a wish to end is heard.
const PATIENCE: Duration = Duration::from_millis(200);

/// What has come.
enum Come {
    Lot(Lot),
    Looked(Box<LookedAt>),
}

pub(super) struct Reading<'a> {
    deliveries: Deliveries,
    runtime: &'a Runtime,
    observer: &'a dyn Observer,
}

impl<'a> Reading<'a> {
    pub fn new(deliveries: Deliveries, runtime: &'a Runtime, observer: &'a dyn Observer) -> Self {
        Self { deliveries, runtime, observer }
    }

    /// Takes payload after payload, and compares their items.
    pub fn compare(mut self, backup: &Backup<'_>, verified: &mut Verified) -> Result<Findings, Error> {
        let mut findings = Findings::of(backup);
        in_order(
            |give| self.read(verified, give),
            |come: Come| match come {
                Come::Lot(lot) => (lot.tally(), backup.lot(&lot)),
                Come::Looked(looked) => (format!("db:{}", looked.objecttype), backup.looked_at(&looked)),
            },
            |(tally, found)| {
                findings.take(backup, &tally, found);
                Ok(())
            },
        )?;
        Ok(findings)
    }

    /// Gives what each payload holds; it is as long as a page.
    fn read(&mut self, verified: &mut Verified, give: &mut dyn FnMut(Come) -> Result<(), Error>) -> Result<(), Error> {
        let mut open: Option<(EntryPath, Vec<u8>)> = None;
        loop {
            match self.next() {
                Delivery::Entry(head) => open = (head.role == Role::Payload).then(|| (head.path, Vec::new())),
                Delivery::Bytes(bytes) => {
                    if let Some((_, text)) = &mut open {
                        text.extend_from_slice(&bytes);
                    }
                }
                Delivery::End { records, .. } => {
                    if let Some((path, text)) = open.take() {
                        payload(&path, text, give)?;
                        self.observer.observe(Event::Counted { records });
                    }
                }
                Delivery::Looked(looked) => {
                    let records = looked.records.len() as u64;
                    give(Come::Looked(looked))?;
                    self.observer.observe(Event::Counted { records });
                }
                Delivery::Abandoned => open = None,
                Delivery::Phase { name, records } => self.observer.observe(Event::Phase { name, records }),
                Delivery::Checkpoint(_) => {}
                Delivery::Done(report) => {
                    for aside in &report.aside {
                        verified.notes.insert(format!("{} could not be read: {}", aside.what, aside.why));
                    }
                    return Ok(());
                }
                Delivery::Failed(error) => return Err(error.into()),
            }
        }
    }

    fn next(&mut self) -> Delivery {
        loop {
            let wait = async { tokio::time::timeout(PATIENCE, self.deliveries.deliveries.recv()).await };
            match self.runtime.block_on(wait) {
                Ok(Some(delivery)) => return delivery,
                Ok(None) => return Delivery::Failed(fylr::Error::Panicked),
                Err(_) => self.observer.observe(Event::Waiting),
            }
        }
    }
}

fn payload(path: &EntryPath, text: Vec<u8>, give: &mut dyn FnMut(Come) -> Result<(), Error>) -> Result<(), Error> {
    let mut splitter = Splitter::default();
    splitter.feed(&text, &mut Vec::new());
    let outline = splitter.finish();
    let kind = outline.kind(&String::from_utf8_lossy(path.name()));
    let Some(array) = outline.records(&kind) else { return Ok(()) };
    let objecttype: Option<Arc<str>> = outline.objecttype.as_deref().map(Into::into);
    let failed = |source| Error::Entry { path: path.clone(), source };
    let mut cutter = Cutter::default();
    cutter.feed(text);
    give(Come::Lot(Lot { payload: 0, kind, objecttype, texts: cutter.take(array).map_err(failed)? }))
}
