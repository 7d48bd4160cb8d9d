//! Lists that come in pages: how one is asked for, and how a page is read that is too much for the server.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;

use crate::fylr::error::{Error, Last};
use crate::fylr::json::Unreadable;
use crate::fylr::request::{BYTES_MAX, Request};
use crate::fylr::source::asker::Asker;
use crate::fylr::transport::Failure;
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
    /// Its answers are kept until the backup is finished.
    is_kept: bool,
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
            is_kept: false,
            bearable: AtomicU64::new(page),
            refused: AtomicU32::new(0),
        }
    }

    #[must_use]
    pub fn at_most(mut self, most: Option<u64>) -> Self {
        self.most = most;
        self
    }

    #[must_use]
    pub fn kept(mut self, is_kept: bool) -> Self {
        self.is_kept = is_kept;
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

/// What has become of a part.
pub(crate) enum Taken {
    Whole,
    /// It is no whole answer, and must be asked for again.
    Misread(Unreadable),
}

/// Reads a page, in parts where it must be: halves of it, halves of those, down to single items. An item that the server
/// refuses is a part of its own.
pub(crate) async fn read_page<F>(
    asker: &Asker,
    list: &List,
    (offset, limit): (u64, u64),
    mut give: impl FnMut(Part) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<Taken, Error>>,
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
        match read_part(asker, list, (offset, limit), &mut give).await {
            Ok(()) => list.refused.store(0, Ordering::Relaxed),
            Err(error) if limit > 1 && error.is_divisible() => {
                let half = limit / 2;
                if error.is_too_much() {
                    list.bears(half, &*asker.observer);
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

/// Asks for so many items, again when the answer is not whole. Who takes it looks at every byte of it anyway, so that
/// nobody does before.
async fn read_part<F>(
    asker: &Asker,
    list: &List,
    (offset, limit): (u64, u64),
    give: &mut impl FnMut(Part) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<Taken, Error>>,
{
    let bytes_max = if limit > 1 { PAGE_BYTES_MAX } else { BYTES_MAX };
    let request = list.request.clone().with("limit", limit).with("offset", offset);
    let request = request.at_most(bytes_max).divisible(limit > 1).taken_apart();
    let kept = if list.is_kept { asker.kept(&request) } else { None };
    if let Some(answer) = kept
        && let Taken::Whole = give(Part::Answer(answer)).await?
    {
        return Ok(());
    }
    let mut attempts = asker.client.attempts(request.name());
    loop {
        let answer = asker.client.ask(&request).await?;
        match give(Part::Answer(answer.clone())).await? {
            Taken::Whole => {
                if list.is_kept {
                    asker.keep(&request, &answer);
                }
                return Ok(());
            }
            Taken::Misread(why) => attempts.failed(Failure::passing(Last::Answer(why.to_string()))).await?,
        }
    }
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
