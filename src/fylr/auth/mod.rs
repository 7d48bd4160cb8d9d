//! Logging in: easydb5 by sessions, fylr by OAuth2. All workers share one token; when it is no longer good, one of them
//! gets a new one and the others wait for it.

mod easydb5;
mod oauth2;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use url::Url;

use crate::fylr::error::Error;
use crate::fylr::instance::InstanceKind;
use crate::fylr::problem::Problem;
use crate::fylr::sender::Sender;
use crate::fylr::server::Server;

/// A token is renewed so long before its end, …
const MARGIN: Duration = Duration::from_mins(1);
/// … or when only this part of its time is left, whichever is later.
const MARGIN_PART: u32 = 10;
const FYLR_AUTHORIZATION: HeaderName = HeaderName::from_static("x-fylr-authorization");
const EASYDB_TOKEN: HeaderName = HeaderName::from_static("x-easydb-token");

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub login: String,
    pub password: SecretString,
    /// OAuth2 client; empty stands for fylr's built-in public one.
    pub client_id: String,
    /// Of a confidential client.
    pub client_secret: Option<SecretString>,
}

/// Keeps the token of all workers.
pub(crate) struct Auth {
    credentials: Credentials,
    kind: InstanceKind,
    state: Mutex<State>,
    logins: AtomicU64,
}

#[derive(Default)]
struct State {
    grant: Option<Grant>,
    /// Grows with every new token, so that the second who misses the old one sees that it is gone already.
    generation: u64,
}

/// What a login gave.
struct Grant {
    token: SecretString,
    refresh: Option<SecretString>,
    renew_at: Option<Instant>,
}

/// A token and which one it is.
#[derive(Clone)]
pub(crate) struct Token {
    secret: SecretString,
    generation: u64,
}

impl Auth {
    pub(crate) fn new(credentials: Credentials, kind: InstanceKind) -> Self {
        Self { credentials, kind, state: Mutex::default(), logins: AtomicU64::new(0) }
    }

    /// How many tokens there were.
    pub(crate) fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    pub(crate) fn login(&self) -> &str {
        &self.credentials.login
    }

    /// A token that is good, as far as its time tells.
    pub(crate) async fn token(&self, sender: &Sender) -> Result<Token, Error> {
        let mut state = self.state.lock().await;
        let is_due = state.grant.as_ref().is_none_or(Grant::is_due);
        if is_due {
            self.renew_grant(&mut state, sender).await?;
        }
        state.token().ok_or(Error::Panicked)
    }

    /// Replaces a token that the server did not take; does nothing when somebody else has done so since.
    pub(crate) async fn renew(&self, missed: &Token, sender: &Sender) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if state.generation == missed.generation {
            self.renew_grant(&mut state, sender).await?;
        }
        Ok(())
    }

    async fn renew_grant(&self, state: &mut State, sender: &Sender) -> Result<(), Error> {
        let refresh = state.grant.as_ref().and_then(|grant| grant.refresh.clone());
        let grant = match self.kind {
            InstanceKind::Easydb5 => easydb5::log_in(sender, &self.credentials).await,
            InstanceKind::Fylr => oauth2::grant(sender, &self.credentials, refresh.as_ref()).await,
        };
        state.grant = Some(grant?);
        state.generation += 1;
        self.logins.store(state.generation, Ordering::Relaxed);
        Ok(())
    }

    /// Puts the token, and the credentials for a proxy in front, into the headers of a request to `url`.
    pub(crate) fn headers(&self, server: &Server, url: &Url, token: Option<&Token>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if url.origin() != server.origin() {
            return headers;
        }
        basic(server, &mut headers);
        let Some(token) = token else { return headers };
        let secret = token.secret.expose_secret();
        match self.kind {
            InstanceKind::Easydb5 => put(&mut headers, EASYDB_TOKEN, secret),
            InstanceKind::Fylr if server.basic().is_some() => {
                put(&mut headers, FYLR_AUTHORIZATION, &format!("Bearer {secret}"));
            }
            InstanceKind::Fylr => put(&mut headers, AUTHORIZATION, &format!("Bearer {secret}")),
        }
        headers
    }
}

impl Grant {
    fn new(token: SecretString, refresh: Option<SecretString>, lasts: Option<Duration>) -> Self {
        let renew_at = lasts.map(|lasts| Instant::now() + lasts.saturating_sub(MARGIN.min(lasts / MARGIN_PART)));
        Self { token, refresh, renew_at }
    }

    fn is_due(&self) -> bool {
        self.renew_at.is_some_and(|at| Instant::now() >= at)
    }
}

impl State {
    fn token(&self) -> Option<Token> {
        let grant = self.grant.as_ref()?;
        Some(Token { secret: grant.token.clone(), generation: self.generation })
    }
}

/// The credentials out of the server's URL.
pub(crate) fn basic(server: &Server, headers: &mut HeaderMap) {
    if let Some((user, password)) = server.basic() {
        put(headers, AUTHORIZATION, &basic_value(user, password));
    }
}

fn basic_value(user: &str, password: &SecretString) -> String {
    format!("Basic {}", base64(format!("{user}:{}", password.expose_secret()).as_bytes()))
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// A value that cannot stand in a header is left out; the server will say what is missing.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

/// The error of a login that was refused.
fn refused(server: &Server, credentials: &Credentials, source: Box<Problem>) -> Error {
    Error::Login { server: server.to_string(), login: credentials.login.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("ü:ß", "w7w6w58=")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
