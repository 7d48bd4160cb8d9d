//! The fetching of one file: from where it broke off, again when it came wrong, with another URL when one has expired.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_RANGE;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use url::Url;

use crate::fylr::client::Client;
use crate::fylr::error::{Error, Last};
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::beginning::Beginning;
use crate::fylr::source::download::Piece;
use crate::fylr::source::list::told;
use crate::fylr::source::read::parsed;
use crate::fylr::source::turn::{FileSource, text_at};
use crate::fylr::transport::Failure;

/// A file whose bytes are not those that the API tells is fetched again so many times.
const WRONG_MAX: u32 = 5;
/// Before that it waits by chance, the first time up to so many milliseconds, then twice as long: who asks in step with
/// others would meet the same trouble again.
const WRONG_WAIT_MS: u64 = 50;

/// The fetching of one file.
pub(super) struct Fetch {
    pub client: Client,
    pub file: FileSource,
    /// What of it is kept until all of it is there.
    pub beginning: Option<Beginning>,
    pub sender: mpsc::Sender<Piece>,
}

/// Why fetching ended without a file.
enum Stop {
    Refused(String),
    Failed(Error),
    /// Nobody wants it any more.
    Gone,
}

/// How far a file has come.
#[derive(Default)]
struct Progress {
    bytes: u64,
    hasher: Sha256,
}

impl Progress {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hasher.update(bytes);
    }
}

impl Fetch {
    pub async fn run(mut self) {
        let last = match self.whole().await {
            Ok(()) => Piece::End,
            Err(Stop::Refused(why)) => Piece::Refused(why),
            Err(Stop::Failed(error)) => Piece::Failed(error),
            Err(Stop::Gone) => return,
        };
        // Nobody wants it any more.
        let _ = self.sender.send(last).await;
    }

    async fn whole(&mut self) -> Result<(), Stop> {
        for attempt in 0.. {
            let Some(wrong) = self.once().await? else { return Ok(()) };
            if attempt == WRONG_MAX {
                return Err(Stop::Refused(wrong));
            }
            if let Some(beginning) = &mut self.beginning {
                beginning.forget();
            }
            self.give(Piece::Again).await?;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=WRONG_WAIT_MS << attempt))).await;
        }
        Ok(())
    }

    /// Fetches all bytes; what is wrong with them, if anything is.
    async fn once(&mut self) -> Result<Option<String>, Stop> {
        let mut url = self.allowed(&self.file.url)?;
        let client = self.client.clone();
        let mut attempts = client.attempts(format!("GET {}", url.path()));
        let mut progress = self.begun().await?;
        if progress.bytes > 0 && self.file.size == Some(progress.bytes) {
            return Ok(self.wrong(progress));
        }
        let mut is_fresh = false;
        loop {
            let before = progress.bytes;
            let failure = match self.stream(&url, &mut progress).await {
                Ok(()) => return Ok(self.wrong(progress)),
                Err(Broken::Gone) => return Err(Stop::Gone),
                Err(Broken::Failure(failure)) => failure,
            };
            if progress.bytes > before {
                attempts.progressed();
            }
            match failure {
                Failure::Problem(problem) if !is_fresh && matches!(problem.status, 401 | 403 | 404 | 410) => {
                    is_fresh = true;
                    match self.fresh_url().await? {
                        Some(fresh) => url = fresh,
                        None => return Err(Stop::Refused(problem.to_string())),
                    }
                }
                Failure::Problem(problem) => return Err(Stop::Refused(problem.to_string())),
                Failure::Final(error @ Error::Redirected { .. }) => return Err(Stop::Refused(error.to_string())),
                failure => attempts.failed(failure).await.map_err(Stop::Failed)?,
            }
        }
    }

    /// What was fetched before an interruption.
    async fn begun(&mut self) -> Result<Progress, Stop> {
        let mut progress = Progress::default();
        while let Some(block) = self.beginning.as_mut().and_then(Beginning::next) {
            progress.add(&block);
            self.give(Piece::Bytes(block)).await?;
        }
        Ok(progress)
    }

    /// Takes bytes until there are no more, from where it ended last time.
    async fn stream(&mut self, url: &Url, progress: &mut Progress) -> Result<(), Broken> {
        let mut response = self.client.open(url, progress.bytes).await?;
        // A server that knows no ranges begins anew; one that gives another range is wrong about everything.
        let mut skipped = match response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&response, progress.bytes) => 0,
            StatusCode::PARTIAL_CONTENT => {
                let why = "the answer is another part of the file than was asked for".to_owned();
                return Err(Failure::passing(Last::Answer(why)).into());
            }
            _ => progress.bytes,
        };
        loop {
            let chunk = response.chunk().await.map_err(|error| self.client.network_failure(error))?;
            let Some(mut chunk) = chunk else { break };
            let skip = skipped.min(chunk.len() as u64);
            skipped -= skip;
            let chunk = chunk.split_off(skip as usize);
            if chunk.is_empty() {
                continue;
            }
            progress.add(&chunk);
            if let Some(beginning) = &mut self.beginning {
                beginning.push(&chunk);
            }
            self.give(Piece::Bytes(chunk)).await.map_err(|_| Broken::Gone)?;
        }
        match self.file.size {
            Some(size) if progress.bytes < size => {
                let why = format!("{} of {size} bytes came", progress.bytes);
                Err(Failure::passing(Last::Answer(why)).into())
            }
            _ => Ok(()),
        }
    }

    fn wrong(&self, progress: Progress) -> Option<String> {
        if let Some(size) = self.file.size.filter(|size| *size != progress.bytes) {
            return Some(format!("it has {} bytes instead of {size}", progress.bytes));
        }
        let hash: [u8; 32] = progress.hasher.finalize().into();
        let is_wrong = self.file.sha256.is_some_and(|expected| expected != hash);
        is_wrong.then(|| "its bytes do not have the SHA-256 that the API tells".to_owned())
    }

    async fn give(&self, piece: Piece) -> Result<(), Stop> {
        self.sender.send(piece).await.map_err(|_| Stop::Gone)
    }

    /// The URL, if it leads to the instance: files of other servers are not fetched on a payload's word.
    fn allowed(&self, url: &str) -> Result<Url, Stop> {
        let refused = |why: &str| Stop::Refused(why.to_owned());
        let base = self.client.server().endpoint("").map_err(|_| refused("its URL is none"))?;
        let url = base.join(url).map_err(|_| refused("its URL is none"))?;
        if self.client.origins().contains(&url.origin()) {
            Ok(url)
        } else {
            Err(refused("its URL leads to another server"))
        }
    }

    /// An URL that is valid again.
    async fn fresh_url(&self) -> Result<Option<Url>, Stop> {
        let id = self.file.id;
        let request = Request::get("eas", Shape::Object).with("ids", format!("[{id}]")).with("format", "long");
        let answer = match self.client.ask(&request).await {
            Ok(answer) => answer,
            Err(Error::Refused { .. } | Error::Rights { .. }) => return Ok(None),
            Err(error) => return Err(Stop::Failed(error)),
        };
        let json = parsed(&answer, "eas").map_err(|error| Stop::Refused(told(&error)))?;
        let file = json.get(&id.to_string()).unwrap_or(&Json::Array(Vec::new())).clone();
        let url = text_at(&file, &["versions", &self.file.version, "url"]);
        url.map(|url| self.allowed(&url)).transpose()
    }
}

/// Why a stream of bytes ended early.
enum Broken {
    Failure(Failure),
    Gone,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Whether a partial answer begins at this byte (RFC 9110 §14.4).
fn starts_at(response: &reqwest::Response, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok());
    start == Some(from)
}
