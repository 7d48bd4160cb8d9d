//! The way over the network: one request out, one answer back. Redirects are followed by hand, and on the same origin
//! only, so that no credentials leave it; answers are limited in time and length.

use std::sync::Once;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use url::Url;

use crate::fylr::answer::is_cut_off;
use crate::fylr::error::{Error, Last, Network};
use crate::fylr::problem::{self, Problem};
use crate::fylr::retry::{self, RetryPolicy};
use crate::fylr::secrets;
use crate::fylr::server::Server;

/// A connection that is not made in this time is not made at all.
const CONNECT_MAX: Duration = Duration::from_secs(30);
/// What the code in an error document tells more of.
const CODED: [u16; 3] = [400, 404, 409];
/// Redirects of one request; browsers follow twice as many.
const REDIRECTS_MAX: usize = 10;
/// Bytes of a body that `--log-network` shows.
const LOGGED_MAX: usize = 2000;

/// Whether servers must prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificates {
    Verified,
    /// `--insecure`.
    Accepted,
}

/// A request that is ready to be sent.
pub(crate) struct Outgoing {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<(&'static str, Bytes)>,
}

/// How one attempt went wrong.
#[derive(Debug)]
pub(crate) enum Failure {
    /// May go better later.
    Passing {
        last: Last,
        retry_after: Option<Duration>,
        is_busy: bool,
    },
    /// No answer in time.
    Slow(Duration),
    /// The answer is an error document that will be the same next time.
    Problem(Box<Problem>),
    Final(Error),
}

impl Failure {
    pub(crate) fn passing(last: Last) -> Self {
        Self::Passing { last, retry_after: None, is_busy: false }
    }

    /// Whether the server may have done what was asked for all the same.
    pub(crate) fn is_unsure(&self) -> bool {
        match self {
            Self::Passing { last: Last::Problem(problem), .. } => !RetryPolicy::is_undone(problem.status),
            Self::Passing { .. } | Self::Slow(_) => true,
            Self::Problem(_) | Self::Final(_) => false,
        }
    }
}

/// Sends requests to one server.
pub(crate) struct Transport {
    http: reqwest::Client,
    server: Server,
    timeout: Duration,
    is_logged: bool,
}

impl Transport {
    pub(crate) fn new(
        server: Server,
        certificates: Certificates,
        timeout: Duration,
        is_logged: bool,
    ) -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Somebody else in the process may have chosen one; any will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .read_timeout(timeout)
            .user_agent(concat!("fonds/", env!("CARGO_PKG_VERSION")))
            .tls_danger_accept_invalid_certs(certificates == Certificates::Accepted);
        if server.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| Error::Unreachable { server: server.to_string(), source: Network::new(error) })?;
        Ok(Self { http, server, timeout, is_logged })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The whole body of a good answer, and its headers.
    pub(crate) async fn exchange(&self, outgoing: &Outgoing, bytes_max: u64) -> Result<(HeaderMap, Bytes), Failure> {
        let exchanged = tokio::time::timeout(self.timeout, async {
            let response = self.open(outgoing).await?;
            let headers = response.headers().clone();
            let body = self.body(outgoing, response, bytes_max).await?;
            Ok((headers, body))
        });
        exchanged.await.unwrap_or(Err(Failure::Slow(self.timeout)))
    }

    /// Sends, follows redirects, and gives back an answer with a status of 200 or 206, its body not read yet.
    pub(crate) async fn open(&self, outgoing: &Outgoing) -> Result<Response, Failure> {
        let mut url = outgoing.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(outgoing, &url).await?;
            let status = response.status();
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                url = redirected(outgoing, &url, &response)?;
                continue;
            }
            if matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
                return Ok(response);
            }
            return Err(self.failed(outgoing, response).await);
        }
        Err(Failure::Final(unexpected(outgoing, format!("more than {REDIRECTS_MAX} redirects"))))
    }

    /// Sends a form with files; it may take as long as it goes on.
    pub(crate) async fn upload(
        &self,
        url: Url,
        headers: HeaderMap,
        form: reqwest::multipart::Form,
        bytes_max: u64,
    ) -> Result<Bytes, Failure> {
        if self.is_logged {
            tracing::debug!("→ POST {}{}", secrets::shown(&url), logged_headers(&headers));
        }
        let request = self.http.post(url.clone()).headers(headers).multipart(form);
        let response = request.send().await.map_err(|error| self.network_failure(error))?;
        let outgoing = Outgoing { method: Method::POST, url, headers: HeaderMap::new(), body: None };
        if self.is_logged {
            tracing::debug!("← {} POST {}", response.status().as_u16(), secrets::shown(&outgoing.url));
        }
        if response.status() == StatusCode::OK {
            self.body(&outgoing, response, bytes_max).await
        } else {
            Err(self.failed(&outgoing, response).await)
        }
    }

    async fn send(&self, outgoing: &Outgoing, url: &Url) -> Result<Response, Failure> {
        let mut request: RequestBuilder = self.http.request(outgoing.method.clone(), url.clone());
        request = request.headers(outgoing.headers.clone());
        if let Some((content_type, body)) = &outgoing.body {
            request = request.header(CONTENT_TYPE, *content_type).body(body.clone());
        }
        if self.is_logged {
            tracing::debug!("→ {} {}{}", outgoing.method, secrets::shown(url), logged_headers(&outgoing.headers));
        }
        let response = request.send().await.map_err(|error| self.network_failure(error))?;
        if self.is_logged {
            let (status, headers) = (response.status(), logged_headers(response.headers()));
            tracing::debug!("← {} {} {}{headers}", status.as_u16(), outgoing.method, secrets::shown(url));
        }
        Ok(response)
    }

    /// What an answer that is not a good one means.
    async fn failed(&self, outgoing: &Outgoing, response: Response) -> Failure {
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let asked = header(RETRY_AFTER.as_str());
        let retry_after = asked.and_then(|value| retry::retry_after(&value, Timestamp::now()));
        let (id, code) = (header("x-request-id"), header("x-fylr-error-code"));
        // An error document that cannot be read leaves the status.
        let body = read(response, problem::BODY_MAX as u64).await;
        let is_half = body.as_ref().map_or_else(|unread| matches!(unread, Unread::Network(_)), |body| is_cut_off(body));
        let body = body.unwrap_or_default();
        if self.is_logged {
            tracing::debug!("← {}", secrets::shown_body(&body, LOGGED_MAX));
        }
        let mut problem = Box::new(Problem::read(outgoing.method.as_str(), &outgoing.url, status, &body));
        problem.request_id = problem.request_id.or(id);
        problem.code = problem.code.or(code);
        // A question instead of an answer: there is nothing to confirm about reading, so something went wrong.
        // Half a document does not tell what was refused: the whole one may say that it is there already.
        let is_untold = is_half && CODED.contains(&status);
        if RetryPolicy::is_passing(status) || status == 202 || is_untold {
            let is_busy = RetryPolicy::is_busy(status);
            return Failure::Passing { last: Last::Problem(problem), retry_after, is_busy };
        }
        Failure::Problem(problem)
    }

    async fn body(&self, outgoing: &Outgoing, response: Response, bytes_max: u64) -> Result<Bytes, Failure> {
        let body = read(response, bytes_max).await.map_err(|failed| match failed {
            Unread::TooLong => Failure::Final(Error::TooLong { what: name(outgoing), limit: bytes_max }),
            Unread::Network(error) => self.network_failure(error),
        })?;
        if self.is_logged {
            tracing::debug!("← {} bytes: {}", body.len(), secrets::shown_body(&body, LOGGED_MAX));
        }
        Ok(body)
    }

    /// Certificates do not get better by asking again; everything else of the network may.
    pub(crate) fn network_failure(&self, error: reqwest::Error) -> Failure {
        if error.is_timeout() && !error.is_connect() {
            return Failure::Slow(self.timeout);
        }
        let is_certificate = is_certificate(&error);
        let source = Network::new(error);
        if is_certificate {
            return Failure::Final(Error::Certificate { server: self.server.host().to_owned(), source });
        }
        Failure::passing(Last::Network(source))
    }
}

/// Where a redirect leads, if it stays on the same origin.
fn redirected(outgoing: &Outgoing, url: &Url, response: &Response) -> Result<Url, Failure> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(target) = location.and_then(|location| url.join(location).ok()) else {
        return Err(Failure::Final(unexpected(outgoing, "a redirect to nowhere".to_owned())));
    };
    if target.origin() != outgoing.url.origin() {
        let to = target.origin().ascii_serialization();
        return Err(Failure::Final(Error::Redirected { what: name(outgoing), to }));
    }
    let keeps_method = matches!(response.status().as_u16(), 307 | 308);
    if outgoing.method != Method::GET && !keeps_method {
        return Err(Failure::Final(unexpected(outgoing, "a redirect that asks for something else".to_owned())));
    }
    Ok(target)
}

/// Why a body was not read.
pub(crate) enum Unread {
    TooLong,
    Network(reqwest::Error),
}

async fn read(mut response: Response, bytes_max: u64) -> Result<Bytes, Unread> {
    let told = response.content_length();
    if told.is_some_and(|length| length > bytes_max) {
        return Err(Unread::TooLong);
    }
    let mut body = BytesMut::with_capacity(told.unwrap_or(0) as usize);
    while let Some(chunk) = response.chunk().await.map_err(Unread::Network)? {
        if (body.len() + chunk.len()) as u64 > bytes_max {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether a certificate is at the bottom of it. What is wrapped in an I/O error is not among its sources.
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
        return true;
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.is_some_and(|inner| is_certificate(inner)) || error.source().is_some_and(is_certificate)
}

fn unexpected(outgoing: &Outgoing, why: String) -> Error {
    Error::Unexpected { what: name(outgoing), why }
}

/// For errors: method and path.
pub(crate) fn name(outgoing: &Outgoing) -> String {
    format!("{} {}", outgoing.method, outgoing.url.path())
}

fn logged_headers(headers: &HeaderMap) -> String {
    let shown = headers.iter().map(|(name, value)| {
        let value = if secrets::is_secret_header(name.as_str()) || value.is_sensitive() {
            "***".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        format!(" [{name}: {value}]")
    });
    shown.collect()
}
