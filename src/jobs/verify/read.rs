//! The side of the target: its items as they come.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::fylr;
use crate::fylr::source::{Delivery, Reading as Deliveries};
use crate::fylr::target::{Essence, Side};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::Cutter;
use crate::jobs::verify::Verified;
use crate::jobs::verify::lot::{Lot, Marks};
use crate::jobs::verify::side::Backup;
use crate::model::entry::Role;
use crate::model::event::{Event, Observer};
use crate::model::path::EntryPath;
use crate::model::payload::Splitter;

/// How long it takes at most until a wish to end is heard.
const PATIENCE: Duration = Duration::from_millis(200);

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
    pub fn compare(mut self, backup: &mut Backup<'_>, verified: &mut Verified) -> Result<(), Error> {
        let forming = backup.forming;
        in_order(
            |give| self.read(verified, give),
            |lot: Lot| {
                let marked = |essence: Essence| {
                    let marks = Marks::of(&essence);
                    (essence, marks)
                };
                (lot.tally(), forming.essences(&lot, Side::Target).map(marked).collect::<Vec<_>>())
            },
            |(tally, found)| {
                for item in found {
                    backup.compare(&tally, item);
                }
                Ok(())
            },
        )
    }

    /// Gives what each payload holds; it is as long as a page.
    fn read(&mut self, verified: &mut Verified, give: &mut dyn FnMut(Lot) -> Result<(), Error>) -> Result<(), Error> {
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

fn payload(path: &EntryPath, text: Vec<u8>, give: &mut dyn FnMut(Lot) -> Result<(), Error>) -> Result<(), Error> {
    let mut splitter = Splitter::default();
    splitter.feed(&text, &mut Vec::new());
    let outline = splitter.finish();
    let kind = outline.kind(&String::from_utf8_lossy(path.name()));
    let Some(array) = outline.records(&kind) else { return Ok(()) };
    let objecttype: Option<Arc<str>> = outline.objecttype.as_deref().map(Into::into);
    let failed = |source| Error::Entry { path: path.clone(), source };
    let mut cutter = Cutter::default();
    cutter.feed(text);
    give(Lot { payload: 0, kind, objecttype, texts: cutter.take(array).map_err(failed)? })
}
