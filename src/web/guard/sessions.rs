//! Sessions: who has proved to be the one who started the page. They are in memory; a restart asks again. Secrets are
//! kept and compared as hashes, so that the time of a comparison tells nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};

use crate::web::error::Error;
use crate::web::guard::checks;

/// A working day, and the evening after.
const SESSION_LIFE: Duration = Duration::from_hours(12);
/// How long the printed link works; whoever starts the page at night opens it in the morning.
const CODE_LIFE: Duration = Duration::from_hours(12);
/// Sessions at a time; the oldest goes when there are more.
const SESSIONS_MAX: usize = 256;
/// Bytes of a code or a session id.
const SECRET_BYTES: usize = 32;

type Hash = [u8; 32];

/// All sessions.
pub(in crate::web) struct Sessions {
    token: Option<Hash>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Codes that were not used.
    codes: HashMap<Hash, Instant>,
    open: HashMap<Hash, Instant>,
}

impl Sessions {
    pub fn new(token: Option<&SecretString>) -> Self {
        Self { token: token.map(|token| hash(token.expose_secret())), state: Mutex::default() }
    }

    /// A code that opens one session, once.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue_code(&self) -> Result<String, Error> {
        let code = secret()?;
        self.lock().codes.insert(hash(&code), Instant::now());
        Ok(code)
    }

    /// Gives a session for a code, which is used up then, or for the token.
    pub fn exchange(&self, code: &SecretString) -> Option<String> {
        let given = hash(code.expose_secret());
        let session = secret().ok()?;
        let mut state = self.lock();
        let is_code = state.codes.remove(&given).is_some_and(|issued| issued.elapsed() < CODE_LIFE);
        if !is_code && self.token != Some(given) {
            return None;
        }
        if state.open.len() >= SESSIONS_MAX
            && let Some(oldest) = state.open.iter().min_by_key(|(_, begun)| **begun).map(|(id, _)| *id)
        {
            state.open.remove(&oldest);
        }
        state.open.insert(hash(&session), Instant::now());
        Some(session)
    }

    pub fn is_open(&self, session: &str) -> bool {
        self.lock().open.get(&hash(session)).is_some_and(|begun| begun.elapsed() < SESSION_LIFE)
    }

    pub fn end(&self, session: &str) {
        self.lock().open.remove(&hash(session));
    }

    /// Whether the request has the token of scripts.
    pub fn is_token(&self, headers: &HeaderMap) -> bool {
        self.token.is_some() && checks::bearer(headers).map(hash) == self.token
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(text: &str) -> Hash {
    *blake3::hash(text.as_bytes()).as_bytes()
}

fn secret() -> Result<String, Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(blake3::Hash::from_bytes(bytes).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_works_once_and_a_session_until_it_ends() {
        let sessions = Sessions::new(None);
        let code = SecretString::from(sessions.issue_code().unwrap());
        let session = sessions.exchange(&code).unwrap();
        assert!(sessions.is_open(&session));
        assert_eq!(sessions.exchange(&code), None);
        assert_eq!(sessions.exchange(&SecretString::from(session.clone())), None);
        sessions.end(&session);
        assert!(!sessions.is_open(&session));
    }
}
