//! The one client: it authenticates, sends and repeats; everything above speaks in the API's nouns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue, RANGE};
use reqwest::{Method, Response};
use url::{Origin, Url};

use crate::fylr::auth::{self, Auth, Credentials, Token};
use crate::fylr::brake::Brake;
use crate::fylr::error::{Error, Last};
use crate::fylr::instance::{self, Instance, InstanceKind};
use crate::fylr::problem::{self, Problem};
use crate::fylr::request::{Request, Shape};
use crate::fylr::retry::RetryPolicy;
use crate::fylr::server::Server;
use crate::fylr::transport::{self, Certificates, Failure, Outgoing, Transport};
use crate::model::event::Observer;

/// A request that is refused for its token is sent again with a new one so many times: tokens may end after few
/// requests, but one that is never taken must not loop.
const RENEWALS_MAX: u32 = 20;
/// Answers of a login are short.
const LOGIN_BYTES_MAX: u64 = 16 << 20;
/// A request that could be divided is not repeated when it was too slow so many times.
const SLOW_MAX: u32 = 1;
const GATEWAY_TIMEOUT: u16 = 504;
const INTERNAL: u16 = 500;
/// An internal error may be a lock or a flaw: so often it is taken for a lock.
const INTERNAL_MAX: u32 = 4;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// How to talk to an instance.
#[derive(Clone)]
pub struct Options {
    pub server: Server,
    pub credentials: Credentials,
    pub certificates: Certificates,
    /// Of one request.
    pub timeout: Duration,
    pub retry: RetryPolicy,
    /// Requests at a time.
    pub workers: usize,
    /// Tells every request and answer as a detail, secrets masked.
    pub is_logged: bool,
}

/// Talks to one instance. Clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    sender: Sender,
    auth: Auth,
    instance: Instance,
}

/// Sends and repeats, without a login.
pub(crate) struct Sender {
    transport: Transport,
    retry: RetryPolicy,
    brake: Brake,
}

/// How often a request was tried again for reasons of its own.
#[derive(Default)]
struct Tries {
    renewals: u32,
    internal: u32,
}

/// What is known of a write.
pub(crate) enum Sent {
    Answered(Bytes),
    /// It may have been done or not.
    Unsure(Failure),
}

/// An answer that is the same whenever it is asked for.
pub(crate) enum Answered {
    Good(Bytes),
    Problem(Box<Problem>),
}

impl Client {
    /// Finds out what the server is, and logs in.
    ///
    /// # Errors
    /// When there is no instance, it cannot be reached, or it does not let the login in.
    pub async fn connect(options: Options, observer: Arc<dyn Observer + Send + Sync>) -> Result<Self, Error> {
        let Options { server, credentials, certificates, timeout, retry, workers, is_logged } = options;
        let transport = Transport::new(server, certificates, timeout, is_logged)?;
        let sender = Sender { transport, retry, brake: Brake::new(workers, observer) };
        let instance = instance::detect(&sender).await?;
        let auth = Auth::new(credentials, instance.kind);
        auth.token(&sender).await?;
        Ok(Self(Arc::new(Inner { sender, auth, instance })))
    }

    /// What the server is.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.0.instance
    }

    #[must_use]
    pub fn server(&self) -> &Server {
        self.0.sender.server()
    }

    /// How often a token was got; more than before means that the one before was no longer good.
    #[must_use]
    pub(crate) fn logins(&self) -> u64 {
        self.0.auth.logins()
    }

    /// Where the instance's own things are.
    pub(crate) fn origins(&self) -> Vec<Origin> {
        let instance = self.instance();
        let others = [&instance.external_url, &instance.external_eas_url].into_iter().flatten();
        let others = others.filter_map(|url| Url::parse(url).ok()).map(|url| url.origin());
        std::iter::once(self.server().origin()).chain(others).collect()
    }

    /// How many requests the server bears at a time.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.0.sender.brake.allowed()
    }

    /// Asks, as often as the policy says, and gives back JSON of the shape that was asked for.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in spite of all repetitions.
    pub async fn ask(&self, request: &Request) -> Result<Bytes, Error> {
        let mut attempts = Attempts::new(&self.0.sender, request.name(), request.is_divisible);
        let mut tries = Tries::default();
        loop {
            match self.attempt(request, &mut tries).await? {
                Ok(body) => return Ok(body),
                Err(failure) => attempts.failed(failure).await?,
            }
        }
    }

    /// Writes what must not be written twice: where no answer tells whether it was done, that is told instead of trying
    /// again. `attempts` counts and waits as long as the server says that it has done nothing.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub(crate) async fn send(&self, request: &Request, attempts: &mut Attempts<'_>) -> Result<Sent, Error> {
        let mut tries = Tries::default();
        loop {
            match self.attempt(request, &mut tries).await? {
                Ok(body) => return Ok(Sent::Answered(body)),
                Err(failure) if failure.is_unsure() => return Ok(Sent::Unsure(failure)),
                Err(failure) => attempts.failed(failure).await?,
            }
        }
    }

    /// One attempt. What is refused for good is an error; with a token that has ended it is tried again.
    async fn attempt(&self, request: &Request, tries: &mut Tries) -> Result<Result<Bytes, Failure>, Error> {
        let Inner { sender, auth, .. } = &*self.0;
        let url = with_query(sender.server().endpoint(&request.path)?, &request.query);
        loop {
            let token = auth.token(sender).await?;
            let outgoing = Outgoing {
                method: request.method.clone(),
                url: url.clone(),
                headers: auth.headers(sender.server(), &url, Some(&token)),
                body: request.body.clone().map(|body| (JSON, body)),
            };
            let failure = match sender.timed(&outgoing, &request.path, request.bytes_max).await {
                Ok(body) => match misshapen(&body, request.shape) {
                    None if request.method != Method::GET && problem::is_document(&body) => {
                        misread(&outgoing, &body, "the answer is an error document")
                    }
                    None => return Ok(Ok(body)),
                    Some(why) => misread(&outgoing, &body, why),
                },
                Err(failure) => failure,
            };
            match failure {
                Failure::Problem(problem) if problem.wants_login() => {
                    tries.renewals += 1;
                    self.renew(tries.renewals, problem, &token).await?;
                }
                Failure::Problem(problem)
                    if problem.lacks_rights() && tries.renewals == 0 && !self.knows(&token).await? =>
                {
                    tries.renewals += 1;
                    self.renew(tries.renewals, problem, &token).await?;
                }
                Failure::Problem(problem) if problem.status == INTERNAL && tries.internal < INTERNAL_MAX => {
                    tries.internal += 1;
                    return Ok(Err(Failure::passing(Last::Problem(problem))));
                }
                Failure::Problem(problem) => return Err(self.refused(problem)),
                Failure::Passing { last: Last::Problem(problem), .. }
                    if problem.status == 202 && request.refuses_questions =>
                {
                    return Err(Error::Refused { source: problem });
                }
                failure => return Ok(Err(failure)),
            }
        }
    }

    /// Sends a form with files once; `form` is used up by that.
    ///
    /// # Errors
    /// When there is no good answer; what it means tells the failure.
    pub(crate) async fn upload(&self, request: &Request, form: reqwest::multipart::Form) -> Result<Bytes, Failure> {
        let Inner { sender, auth, .. } = &*self.0;
        let url = sender.server().endpoint(&request.path).map_err(Failure::Final)?;
        let url = with_query(url, &request.query);
        let token = auth.token(sender).await.map_err(Failure::Final)?;
        let headers = auth.headers(sender.server(), &url, Some(&token));
        let turn = sender.brake.turn().await;
        let sent = sender.transport.upload(url, headers, form, request.bytes_max).await;
        drop(turn);
        match sent {
            Err(Failure::Problem(problem)) if problem.wants_login() => {
                auth.renew(&token, sender).await.map_err(Failure::Final)?;
                Err(Failure::passing(Last::Problem(problem)))
            }
            Err(Failure::Problem(problem)) => Err(Failure::Final(self.refused(problem))),
            other => other,
        }
    }

    /// Begins to read a file, from byte `from` on. The token goes along only to the instance's own origin; on others,
    /// and where an URL is signed, none is needed.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub(crate) async fn open(&self, url: &Url, from: u64) -> Result<Response, Failure> {
        let Inner { sender, auth, .. } = &*self.0;
        let token = auth.token(sender).await.map_err(Failure::Final)?;
        let mut headers = auth.headers(sender.server(), url, Some(&token));
        if from > 0 {
            headers.insert(RANGE, HeaderValue::from_str(&format!("bytes={from}-")).expect("digits are legal"));
        }
        let outgoing = Outgoing { method: Method::GET, url: url.clone(), headers, body: None };
        let turn = sender.brake.turn().await;
        let opened = sender.transport.open(&outgoing).await;
        drop(turn);
        match opened {
            Err(Failure::Problem(problem)) if problem.wants_login() => {
                auth.renew(&token, sender).await.map_err(Failure::Final)?;
                Err(Failure::passing(Last::Problem(problem)))
            }
            other => other,
        }
    }

    /// What a failure while a body is read means.
    pub(crate) fn network_failure(&self, error: reqwest::Error) -> Failure {
        self.0.sender.transport.network_failure(error)
    }

    pub(crate) fn attempts(&self, what: String) -> Attempts<'_> {
        Attempts::new(&self.0.sender, what, false)
    }

    /// Makes sure that the token is good; otherwise there is another one afterwards.
    pub(crate) async fn stay_logged_in(&self) -> Result<(), Error> {
        let Inner { sender, auth, .. } = &*self.0;
        let token = auth.token(sender).await?;
        if self.knows(&token).await? { Ok(()) } else { auth.renew(&token, sender).await }
    }

    /// Whether the server knows the token. Without one some questions are answered as to anybody, who may do less.
    async fn knows(&self, token: &Token) -> Result<bool, Error> {
        let Inner { sender, auth, instance } = &*self.0;
        // What everybody may see who is logged in, and nobody else.
        let url = sender.server().endpoint(match instance.kind {
            InstanceKind::Fylr => "user/session",
            InstanceKind::Easydb5 => "tags",
        })?;
        let headers = auth.headers(sender.server(), &url, Some(token));
        let outgoing = Outgoing { method: Method::GET, url, headers, body: None };
        let mut attempts = Attempts::new(sender, transport::name(&outgoing), false);
        loop {
            match sender.transport.exchange(&outgoing, LOGIN_BYTES_MAX).await {
                Ok(_) => return Ok(true),
                Err(Failure::Problem(problem)) => return Ok(!problem.wants_login()),
                Err(failure) => attempts.failed(failure).await?,
            }
        }
    }

    async fn renew(&self, renewals: u32, problem: Box<Problem>, token: &Token) -> Result<(), Error> {
        let Inner { sender, auth, .. } = &*self.0;
        if renewals > RENEWALS_MAX {
            let (server, login) = (sender.server().to_string(), auth.login().to_owned());
            return Err(Error::Login { server, login, source: problem });
        }
        auth.renew(token, sender).await
    }

    /// The error of a request that was refused for good.
    fn refused(&self, problem: Box<Problem>) -> Error {
        let Inner { sender, auth, .. } = &*self.0;
        if problem.lacks_rights() {
            let (server, login) = (sender.server().to_string(), auth.login().to_owned());
            return Error::Rights { server, login, source: problem };
        }
        Error::Refused { source: problem }
    }
}

/// A good status with something else behind it: the page of a gateway, an error document, half an answer. All of
/// these pass.
fn misread(outgoing: &Outgoing, body: &[u8], why: &'static str) -> Failure {
    if problem::looks_like_html(body) {
        return Failure::passing(Last::Answer("the answer is an HTML page".to_owned()));
    }
    let document = &body[..body.len().min(problem::BODY_MAX)];
    let problem = Box::new(Problem::read(outgoing.method.as_str(), &outgoing.url, 200, document));
    match &problem.code {
        Some(_) if problem.wants_login() => Failure::Problem(problem),
        Some(_) => Failure::passing(Last::Problem(problem)),
        None => Failure::passing(Last::Answer(why.to_owned())),
    }
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

    async fn timed(&self, outgoing: &Outgoing, kind: &str, bytes_max: u64) -> Result<Bytes, Failure> {
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

/// Counts the attempts of one request, and waits between them.
pub(crate) struct Attempts<'a> {
    sender: &'a Sender,
    what: String,
    is_divisible: bool,
    failed: u32,
    slow: u32,
}

impl<'a> Attempts<'a> {
    fn new(sender: &'a Sender, what: String, is_divisible: bool) -> Self {
        Self { sender, what, is_divisible, failed: 0, slow: 0 }
    }

    /// Begins to count anew: there was progress.
    pub(crate) fn progressed(&mut self) {
        self.failed = 0;
    }

    /// Waits until it is time for the next attempt.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn failed(&mut self, failure: Failure) -> Result<(), Error> {
        let (last, retry_after) = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Problem(source) => return Err(Error::Refused { source }),
            Failure::Slow(timeout) => {
                self.slow += 1;
                self.sender.brake.busy();
                (Last::Answer(format!("no answer within {} s", timeout.as_secs())), None)
            }
            Failure::Passing { last, retry_after, is_busy } => {
                if is_busy {
                    self.sender.brake.busy();
                }
                self.slow += u32::from(matches!(&last, Last::Problem(problem) if problem.status == GATEWAY_TIMEOUT));
                (last, retry_after)
            }
        };
        let is_to_divide = self.is_divisible && self.slow > SLOW_MAX;
        let wait = self.sender.retry.wait(self.failed, retry_after, fastrand::f64()).filter(|_| !is_to_divide);
        self.failed += 1;
        let Some(wait) = wait else {
            let (what, attempts, source) = (std::mem::take(&mut self.what), self.failed, Box::new(last));
            // Where every attempt was too slow, the server lives, but this request is too much for it.
            return Err(if is_to_divide || self.slow == attempts {
                Error::TooSlow { what, attempts, source }
            } else {
                Error::GaveUp { what, attempts, source }
            });
        };
        tracing::info!("{} failed, again in {:.1} s: {last}", self.what, wait.as_secs_f64());
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// Whether the body begins as a JSON object, but has no end.
fn is_cut_off(body: &[u8]) -> bool {
    let begins = body.trim_ascii_start().first() == Some(&b'{');
    begins && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err_and(|error| error.is_eof())
}

fn cut_off() -> Failure {
    Failure::passing(Last::Answer("the answer is cut off".to_owned()))
}

/// Why the body is not JSON of this shape, if it is not.
fn misshapen(body: &[u8], shape: Shape) -> Option<&'static str> {
    let first = body.trim_ascii_start().first();
    let fits = match shape {
        Shape::Array => first == Some(&b'['),
        Shape::Object => first == Some(&b'{'),
        Shape::Any => first.is_some(),
    };
    if !fits {
        return Some(if first.is_none() { "the answer is empty" } else { "the answer has not the shape of the API" });
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
        return Some("the answer is not whole JSON");
    }
    (shape == Shape::Object && is_error_document(body)).then_some("the answer is an error document")
}

/// Whether a good answer is really an error: servers have been seen to say 200 and mean something else.
fn is_error_document(body: &[u8]) -> bool {
    if body.len() > problem::BODY_MAX {
        return false;
    }
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let has = |key: &str| document.get(key).is_some_and(serde_json::Value::is_string);
    has("code") && (has("error") || has("realm"))
}

fn with_query(mut url: Url, query: &[(&'static str, String)]) -> Url {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
