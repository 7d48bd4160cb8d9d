//! One target while it is written to: who is talked to, what is known of it, and what has been noted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use reqwest::Method;
use tokio::sync::Mutex;

use crate::fylr::client::{Client, Sent};
use crate::fylr::error::{Error, Last};
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::told;
use crate::fylr::target::base::Known;
use crate::fylr::target::files::Uploads;
use crate::fylr::target::ids::Base;
use crate::fylr::target::payload::Backup;
use crate::fylr::target::report::{Aside, Report};
use crate::fylr::target::rewrite::Context;
use crate::fylr::target::round::Round;
use crate::model::event::{Event, Observer, Warning};
use crate::model::ledger::{Change, Ledger};
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// The target.
pub(crate) struct Site {
    pub client: Client,
    pub context: Context,
    pub ledger: Arc<dyn Ledger>,
    pub backup: Arc<dyn Backup>,
    pub observer: Arc<dyn Observer + Send + Sync>,
    pub report: Report,
    pub uploads: Uploads,
    /// What of each base type is there already.
    pub known: Mutex<HashMap<PayloadKind, Known>>,
    /// Writes in a row of which no answer has told what became of them.
    pub unsure: AtomicU32,
    /// This run goes on where another one was ended, so that something may be there that is noted nowhere.
    pub goes_on: AtomicBool,
}

/// How a write ended that must not be done twice.
pub(crate) enum Written {
    Answer(Bytes),
    /// No answer tells whether it was done.
    Unsure,
    Refused(Error),
}

impl Site {
    /// Writes once. As long as it is certain that nothing was done it is tried again.
    pub async fn write(&self, request: &Request) -> Result<Written, Error> {
        let mut attempts = self.client.attempts(request.name());
        match self.client.send(request, &mut attempts).await {
            Ok(Sent::Answered(body)) => {
                self.unsure.store(0, Ordering::Relaxed);
                Ok(Written::Answer(body))
            }
            Ok(Sent::Unsure(failure)) => {
                let count = self.unsure.fetch_add(1, Ordering::Relaxed) + 1;
                attempts.failed(failure).await?;
                if count < UNSURE_MAX {
                    return Ok(Written::Unsure);
                }
                let source = Box::new(Last::Answer("no answer tells what becomes of it".to_owned()));
                Err(Error::GaveUp { what: request.name(), attempts: count, source })
            }
            Err(error) if is_of_items(&error) => {
                self.unsure.store(0, Ordering::Relaxed);
                Ok(Written::Refused(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for a list.
    pub async fn list(
        &self,
        path: &str,
        query: &[(&'static str, String)],
        is_paged: bool,
    ) -> Result<Vec<String>, Error> {
        let mut all: Vec<String> = Vec::new();
        loop {
            let mut request = Request::get(path, Shape::Array);
            for (name, value) in query {
                request = request.with(name, value);
            }
            if is_paged {
                request = request.with("limit", LIST_PAGE).with("offset", all.len());
            }
            let answer = self.client.ask(&request).await?;
            let items = crate::fylr::json::elements(&answer)
                .map_err(|error| Error::Unexpected { what: path.to_owned(), why: error.to_string() })?;
            // A server that knows no pages gives the same one again.
            let is_again = !all.is_empty() && items.first().is_some_and(|first| *first == all[0]);
            if items.is_empty() || is_again {
                return Ok(all);
            }
            all.extend(items.into_iter().map(str::to_owned));
            if !is_paged {
                return Ok(all);
            }
        }
    }

    /// Notes changes.
    pub fn note(&self, changes: Vec<Change>) -> Result<(), Error> {
        self.ledger.put(changes).map_err(Error::Ledger)
    }

    /// Waits until everything noted is safe.
    pub fn settle(&self) -> Result<(), Error> {
        tokio::task::block_in_place(|| self.ledger.settle()).map_err(Error::Ledger)
    }

    pub fn noted(&self, key: &str) -> Result<Option<String>, Error> {
        self.ledger.get(key).map_err(Error::Ledger)
    }

    /// Learns which id on the target stands for one of the source.
    pub fn learn(&self, base: Base, source: u64, target: u64) -> Result<(), Error> {
        if self.context.ids.get(base, source) == Some(target) {
            return Ok(());
        }
        self.context.ids.set(base, source, target);
        self.note(vec![(format!("id/{base}/{source}"), Some(target.to_string()))])
    }

    /// Learns again what an earlier run has learned.
    pub fn remember(&self) -> Result<(), Error> {
        let ids = &self.context.ids;
        let visit = &mut |key: &str, value: &str| {
            let mut parts = key.split('/').skip(1);
            let (base, source) = (parts.next().and_then(|base| base.parse().ok()), parts.next());
            if let (Some(base), Some(Ok(source)), Ok(target)) = (base, source.map(str::parse), value.parse()) {
                ids.set(base, source, target);
            }
        };
        self.ledger.under("id/", visit).map_err(Error::Ledger)
    }

    /// Sets an item aside: the rest goes on without it.
    pub fn aside(&self, at: &Place<'_>, what: String, why: String) -> Result<(), Error> {
        self.observer.observe(Event::Warning(Warning::NotRestored { what: what.clone(), why: why.clone() }));
        let text = serde_json::json!({ "what": what, "why": why }).to_string();
        self.note(vec![(at.aside_key(), Some(text))])?;
        self.report.aside(at.tally, Aside { what, why });
        Ok(())
    }

    /// An item that was set aside before has gone in.
    pub fn redeem(&self, at: &Place<'_>) -> Result<(), Error> {
        self.note(vec![(at.aside_key(), None)])
    }

    pub fn went_on(&self) -> bool {
        self.goes_on.load(Ordering::Relaxed)
    }
}

/// After so many writes in a row without any answer the target is not asked any more.
const UNSURE_MAX: u32 = 10;
/// Items of a page of a list; every server gives so many.
const LIST_PAGE: usize = 1000;

/// Where an item stands in the backup.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub tally: &'a str,
    pub path: &'a EntryPath,
    pub round: Round,
    /// Counted from 0.
    pub at: u64,
}

impl Place<'_> {
    /// Digits in front, so that the order of keys is the order of items.
    fn aside_key(&self) -> String {
        format!("aside/{}/{}/{:012}", self.round.number(), self.path, self.at)
    }
}

/// Whether an error is about what was sent and not about the target.
pub(crate) fn is_of_items(error: &Error) -> bool {
    match error {
        Error::Refused { source } => !source.has_code(&["ReadOnlyMode", "UnknownEndpointMethod"]),
        Error::TooLong { .. } | Error::TooSlow { .. } => true,
        // A question is no answer: what was sent is not saved.
        Error::GaveUp { source, .. } => {
            matches!(&**source, Last::Problem(problem) if problem.status == 202)
        }
        _ => false,
    }
}

/// The code of a refusal.
pub(crate) fn has_code(error: &Error, codes: &[&str]) -> bool {
    matches!(error, Error::Refused { source } if source.has_code(codes))
}

/// What the server said, for people.
pub(crate) fn why(error: &Error) -> String {
    match error {
        Error::Refused { source } => match &source.code {
            Some(code) if source.message.is_empty() => format!("{} {code}", source.status),
            Some(code) => format!("{} {code}: {}", source.status, source.message),
            None => format!("{} {}", source.status, source.message),
        },
        error => told(error),
    }
}

/// A write with a list.
pub(crate) fn post(path: &str, texts: &[Vec<u8>]) -> Request {
    Request::write(Method::POST, path, array(texts), Shape::Any)
}

/// A JSON array of these texts.
pub(crate) fn array(texts: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut body = Vec::with_capacity(texts.iter().map(|text| text.as_ref().len() + 1).sum::<usize>() + 2);
    body.push(b'[');
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(text.as_ref());
    }
    body.push(b']');
    body
}

/// The text of a record, which must be JSON.
pub(crate) fn parse(text: &Bytes) -> Result<Json<'_>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is no UTF-8".to_owned())?;
    // Only what cannot be read is looked at a second time, for the words of who tells the place.
    Json::parse(text).map_err(|error| match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => error.to_string(),
        Err(error) => format!("it is no JSON: {error}"),
    })
}
