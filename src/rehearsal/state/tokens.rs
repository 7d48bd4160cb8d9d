//! Access tokens, refresh tokens and sessions.

use std::collections::HashMap;
use std::time::Instant;

/// What a token stands for.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Token {
    /// `None`: a session that nobody has logged in to (easydb5).
    pub user: Option<u64>,
    pub expires: Instant,
    pub requests_left: Option<u64>,
    pub client: String,
    pub scope: String,
}

#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Tokens {
    pub access: HashMap<String, Token>,
    pub refresh: HashMap<String, Token>,
}

impl Tokens {
    /// The token, if it still lives; counts the request.
    pub fn spend(&mut self, token: &str, now: Instant) -> Option<Token> {
        let known = self.access.get_mut(token)?;
        if known.expires <= now || known.requests_left == Some(0) {
            self.access.remove(token);
            return None;
        }
        if let Some(left) = &mut known.requests_left {
            *left -= 1;
        }
        Some(known.clone())
    }
}
