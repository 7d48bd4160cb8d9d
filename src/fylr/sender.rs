//! Sending and repeating, without a login.

use std::time::Instant;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use url::Url;

use crate::fylr::answer::{cut_off, is_cut_off, is_error_document};
use crate::fylr::attempts::Attempts;
use crate::fylr::auth;
use crate::fylr::brake::Brake;
use crate::fylr::error::{Error, Last};
use crate::fylr::problem::Problem;
use crate::fylr::retry::RetryPolicy;
use crate::fylr::server::Server;
use crate::fylr::transport::{self, Failure, Outgoing, Transport};

/// Answers of a login are short.
pub(crate) const LOGIN_BYTES_MAX: u64 = 16 << 20;
const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";

/// Sends and repeats, without a login.
pub(crate) struct Sender {
    pub(crate) transport: Transport,
    pub(crate) retry: RetryPolicy,
    pub(crate) brake: Brake,
}

/// An answer that is the same whenever it is asked for.
pub(crate) enum Answered {
    Good(Bytes),
    Problem(Box<Problem>),
}

impl Sender {
    pub(crate) fn server(&self) -> &Server {
        self.transport.server()
    }

    /// Asks for an answer of the login.
    pub(crate) async fn get(&self, url: Url) -> Result<Answered, Error> {
        self.answer(Method::GET, url, None).await
    }

    pub(crate) async fn form(&self, url: Url, form: String) -> Result<Answered, Error> {
        self.answer(Method::POST, url, Some((FORM, form.into()))).await
    }

    pub(crate) async fn json(&self, url: Url, json: Vec<u8>) -> Result<Answered, Error> {
        self.answer(Method::POST, url, Some((JSON, json.into()))).await
    }

    async fn answer(&self, method: Method, url: Url, body: Option<(&'static str, Bytes)>) -> Result<Answered, Error> {
        let mut headers = HeaderMap::new();
        if url.origin() == self.server().origin() {
            auth::basic(self.server(), &mut headers);
        }
        let outgoing = Outgoing { method, url, headers, body };
        let mut attempts = Attempts::new(self, transport::name(&outgoing), false);
        loop {
            match self.transport.exchange(&outgoing, LOGIN_BYTES_MAX).await {
                Ok((_, body)) if is_cut_off(&body) => attempts.failed(cut_off()).await?,
                Ok((_, body)) if is_error_document(&body) => {
                    let problem = Problem::read(outgoing.method.as_str(), &outgoing.url, 200, &body);
                    attempts.failed(Failure::passing(Last::Problem(Box::new(problem)))).await?;
                }
                Ok((_, body)) => return Ok(Answered::Good(body)),
                Err(Failure::Problem(problem)) => return Ok(Answered::Problem(problem)),
                Err(failure) => attempts.failed(failure).await?,
            }
        }
    }

    /// One look at who is there, not repeated when nobody answers: a URL with a slip must not take minutes to be told.
    pub(crate) async fn first_look(&self, url: Url) -> Result<(HeaderMap, Bytes), Failure> {
        let mut headers = HeaderMap::new();
        auth::basic(self.server(), &mut headers);
        let outgoing = Outgoing { method: Method::GET, url, headers, body: None };
        let mut attempts = Attempts::new(self, transport::name(&outgoing), false);
        loop {
            match self.transport.exchange(&outgoing, LOGIN_BYTES_MAX).await {
                Err(failure @ Failure::Passing { last: Last::Problem(_), .. }) => {
                    attempts.failed(failure).await.map_err(Failure::Final)?;
                }
                Ok((_, body)) if is_cut_off(&body) || is_error_document(&body) => {
                    attempts.failed(cut_off()).await.map_err(Failure::Final)?;
                }
                other => return other,
            }
        }
    }

    pub(crate) async fn timed(&self, outgoing: &Outgoing, kind: &str, bytes_max: u64) -> Result<Bytes, Failure> {
        let turn = self.brake.turn().await;
        let started = Instant::now();
        let exchanged = self.transport.exchange(outgoing, bytes_max).await;
        drop(turn);
        match exchanged {
            Ok((_, body)) => {
                self.brake.answered(kind, started.elapsed());
                Ok(body)
            }
            Err(failure) => Err(failure),
        }
    }
}
