//! The one client: it authenticates, sends and repeats; everything above speaks in the API's nouns.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderValue, RANGE};
use reqwest::{Method, Response};
use url::{Origin, Url};

use crate::fylr::answer::{misread, misshapen};
use crate::fylr::attempts::Attempts;
use crate::fylr::auth::{Auth, Credentials, Token};
use crate::fylr::brake::Brake;
use crate::fylr::error::{Error, Last};
use crate::fylr::instance::{self, Instance, InstanceKind};
use crate::fylr::problem::{self, Problem};
use crate::fylr::request::Request;
use crate::fylr::retry::RetryPolicy;
use crate::fylr::sender::{JSON, LOGIN_BYTES_MAX, Sender};
use crate::fylr::server::Server;
use crate::fylr::transport::{self, Certificates, Failure, Outgoing, Transport};
use crate::model::event::Observer;

/// A request that is refused for its token is sent again with a new one so many times: tokens may end after few
/// requests, but one that is never taken must not loop.
const RENEWALS_MAX: u32 = 20;
const INTERNAL: u16 = 500;
/// An internal error may be a lock or a flaw: so often it is taken for a lock.
const INTERNAL_MAX: u32 = 4;

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
                Ok(body) => match misshapen(&body, request) {
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
            // A token that is known is good: then it is the URL that has ended.
            Err(Failure::Problem(problem))
                if problem.wants_login() && !self.knows(&token).await.map_err(Failure::Final)? =>
            {
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

fn with_query(mut url: Url, query: &[(&'static str, String)]) -> Url {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
