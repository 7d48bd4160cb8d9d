//! Lists that come in pages: how one is asked for, and how a page is read that is too much for the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::request::{BYTES_MAX, Request};
use crate::model::event::{Event, Observer, Warning};

/// Longer answers are asked for in smaller pages, so that many of them fit into memory at a time.
const PAGE_BYTES_MAX: u64 = 8 << 20;
/// When so many records in a row cannot be read one by one, it is not the records.
const ASIDE_IN_A_ROW_MAX: u32 = 20;

/// A list with `limit` and `offset`.
pub(crate) struct List {
    /// For people: `objekt`, `users`.
    pub name: String,
    /// Without `limit` and `offset`.
    pub request: Request,
    /// Items of a page.
    pub page: u64,
    /// Items after which no more are wanted.
    pub most: Option<u64>,
    /// Where the server has shown that it cannot give so many at once.
    bearable: AtomicU64,
    /// Items that were refused since the last answer.
    refused: AtomicU32,
}

/// A part of a page.
pub(crate) enum Part {
    /// What the server gave for so many items from here on.
    Answer(Bytes),
    /// An item that the server does not give.
    Refused { offset: u64, why: String },
}

impl List {
    pub fn new(name: impl Into<String>, request: Request, page: u64) -> Self {
        Self {
            name: name.into(),
            request,
            page,
            most: None,
            bearable: AtomicU64::new(page),
            refused: AtomicU32::new(0),
        }
    }

    #[must_use]
    pub fn at_most(mut self, most: Option<u64>) -> Self {
        self.most = most;
        self
    }

    /// First item and number of items of a page; `None` behind the last item that is wanted.
    pub fn range(&self, page: u64) -> Option<(u64, u64)> {
        let offset = page.checked_mul(self.page)?;
        let left = self.most.map_or(u64::MAX, |most| most.saturating_sub(offset));
        (left > 0).then(|| (offset, self.page.min(left)))
    }

    fn bears(&self, size: u64, observer: &dyn Observer) {
        if self.bearable.fetch_min(size, Ordering::Relaxed) > size {
            observer.observe(Event::Warning(Warning::SmallerPages { list: self.name.clone(), size }));
        }
    }
}

/// Reads a page, in parts where it must be: halves of it, halves of those, down to single items. An item that the server
/// refuses is a part of its own.
pub(crate) async fn read_page<F>(
    client: &Client,
    list: &List,
    (offset, limit): (u64, u64),
    observer: &Arc<dyn Observer + Send + Sync>,
    mut give: impl FnMut(Part) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut ranges = vec![(offset, limit)];
    while let Some((offset, limit)) = ranges.pop() {
        let bearable = list.bearable.load(Ordering::Relaxed);
        if limit > bearable {
            // The rest of a page is read after its front.
            ranges.push((offset + bearable, limit - bearable));
            ranges.push((offset, bearable));
            continue;
        }
        let bytes_max = if limit > 1 { PAGE_BYTES_MAX } else { BYTES_MAX };
        let request = list.request.clone().with("limit", limit).with("offset", offset);
        match client.ask(&request.at_most(bytes_max).divisible(limit > 1)).await {
            Ok(answer) => {
                list.refused.store(0, Ordering::Relaxed);
                give(Part::Answer(answer)).await?;
            }
            Err(error) if limit > 1 && error.is_divisible() => {
                let half = limit / 2;
                if error.is_too_much() {
                    list.bears(half, &**observer);
                }
                ranges.push((offset + half, limit - half));
                ranges.push((offset, half));
            }
            Err(error) if error.is_divisible() && list.refused.fetch_add(1, Ordering::Relaxed) < ASIDE_IN_A_ROW_MAX => {
                give(Part::Refused { offset, why: told(&error) }).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
