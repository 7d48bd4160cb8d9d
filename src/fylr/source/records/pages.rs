//! Records that have no levels: page by page, each page a payload.

use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::source::ahead::{Ahead, Batch, Item};
use crate::fylr::source::download;
use crate::fylr::source::ids::IdSet;
use crate::fylr::source::payload::Payload;
use crate::fylr::source::read::Reader;
use crate::fylr::source::records::batch_name;
use crate::fylr::source::turn::Context;
use crate::model::payload::PayloadKind;

pub(super) async fn read(
    reader: &mut Reader,
    context: &Arc<Context>,
    ahead: &mut Ahead,
    (course, from): (usize, u64),
    objecttype: &str,
) -> Result<(), Error> {
    if from > 0 {
        // What the last payload names may not be there yet.
        download::rest_of(reader).await?;
    }
    let mut doubles = Doubles::default();
    let mut page = from;
    loop {
        let head = reader.form.head(&batch_name(objecttype, None, page));
        let mut files = Vec::new();
        let mut aside = Vec::new();
        let mut payload = Payload::new(&reader.way, reader.form, head, PayloadKind::Records, Some(objecttype));
        let separator = reader.form.separator().len();
        let ids = reader.inventory.of(objecttype);
        let given = ahead.page(course, page, async |mut batch: Batch| {
            aside.append(&mut batch.aside);
            let before = ids.len();
            let (runs, kept) = doubles.runs(batch, separator, ids);
            payload.count(ids.len() - before);
            files.extend(kept.into_iter().flat_map(|item| item.files));
            for (text, count) in runs {
                payload.run(text, count).await?;
            }
            Ok(())
        });
        let given = given.await?;
        payload.end().await?;
        reader.all_aside(aside);
        download::files(reader, files).await?;
        if given == 0 && ahead.is_end(course, page) {
            break;
        }
        reader.checkpoint().await?;
        page += 1;
    }
    doubles.tell(context, objecttype);
    Ok(())
}

/// Records that a list gives twice: something was deleted in front of them, or put there, while it was read.
#[derive(Default)]
pub(super) struct Doubles {
    current: Option<(u64, u64)>,
    count: u64,
}

impl Doubles {
    pub fn is_new(&mut self, item: &Item, ids: &mut IdSet) -> bool {
        let is_new = match self.current {
            Some((id, version)) if id == item.id => item.version > version,
            _ => ids.insert(item.id),
        };
        if is_new {
            self.current = Some((item.id, item.version));
        } else {
            self.count += 1;
        }
        is_new
    }

    /// The items that are new, and their text in as few parts as it can be, with how many items are in each.
    fn runs(&mut self, batch: Batch, separator: usize, ids: &mut IdSet) -> (Vec<(Bytes, u64)>, Vec<Item>) {
        let mut runs: Vec<(std::ops::Range<usize>, u64)> = Vec::new();
        let mut kept = Vec::with_capacity(batch.items.len());
        for item in batch.items.into_iter().filter(|item| self.is_new(item, ids)) {
            let start = item.place.start - separator;
            match runs.last_mut() {
                Some((run, count)) if run.end == start => {
                    run.end = item.place.end;
                    *count += 1;
                }
                _ => runs.push((start..item.place.end, 1)),
            }
            kept.push(item);
        }
        (runs.into_iter().map(|(run, count)| (batch.text.slice(run), count)).collect(), kept)
    }

    pub fn tell(&self, context: &Context, objecttype: &str) {
        if self.count > 0 {
            context.notes.add(format!("{objecttype}: {} records were given twice and kept once", self.count));
        }
    }
}
