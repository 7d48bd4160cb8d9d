//! `OAuth2` (RFC 6749): the password grant and the refresh grant, for public and confidential clients; revocation
//! (RFC 7009) and introspection (RFC 7662). Errors are those of the RFC, not the envelope of the API.

use std::time::Instant;

use secrecy::ExposeSecret as _;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::options::Client;
use crate::rehearsal::request::Request;
use crate::rehearsal::shared::Shared;
use crate::rehearsal::state::{State, Token};

/// Scopes that can be asked for; since 6.35 `openid` is none of them.
const SCOPES: [&str; 4] = ["offline", "openid", "read", "write"];

/// The fields of a form.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// `POST /api/oauth2/token`
pub(in crate::rehearsal) fn token(shared: &Shared, request: &Request) -> Answer {
    let is_form =
        request.header("content-type").is_some_and(|mime| mime.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return refusal("invalid_request", "The body must be application/x-www-form-urlencoded.");
    }
    let form = Form(url::form_urlencoded::parse(&request.body).into_owned().collect());
    let client = match client(shared, request, &form) {
        Ok(client) => client.id.clone(),
        Err(answer) => return *answer,
    };
    match form.get("grant_type") {
        Some("password") => by_password(shared, &form, &client),
        Some("refresh_token") => by_refresh(shared, &form, &client),
        Some("") | None => refusal("invalid_request", "The parameter grant_type is missing."),
        Some(other) => refusal("unsupported_grant_type", &format!("The grant {other} is not supported.")),
    }
}

/// The client, known and with its secret, which stands in the form or in `Authorization: Basic`.
fn client<'a>(shared: &'a Shared, request: &Request, form: &Form) -> Result<&'a Client, Box<Answer>> {
    let basic = basic(request);
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (form.get("client_id"), form.get("client_secret")),
    };
    let id = id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Box::new(refusal("invalid_request", "The parameter client_id is missing.")))?;
    let failed = || Box::new(refusal("invalid_client", "Client authentication failed."));
    let known = shared.options.clients.iter().find(|client| client.id == id).ok_or_else(failed)?;
    match (&known.secret, secret.filter(|secret| !secret.is_empty())) {
        (Some(expected), Some(given)) if expected.expose_secret() == given => Ok(known),
        (None, None) => Ok(known),
        _ => Err(failed()),
    }
}

/// Name and password of `Authorization: Basic`.
fn basic(request: &Request) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let plain = String::from_utf8(base64(encoded.trim())?).ok()?;
    let (id, secret) = plain.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The bytes of a text in base64 (RFC 4648), padding or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

fn by_password(shared: &Shared, form: &Form, client: &str) -> Answer {
    let (Some(login), Some(password)) = (form.get("username"), form.get("password")) else {
        return refusal("invalid_request", "The parameters username and password are needed.");
    };
    let scope = form.get("scope").unwrap_or_default();
    let without_openid = shared.options.release.has(6, 35, 0);
    let is_known = |word: &str| SCOPES.contains(&word) && !(without_openid && word == "openid");
    if let Some(unknown) = scope.split_whitespace().find(|word| !is_known(word)) {
        return refusal("invalid_scope", &format!("The scope {unknown} is not allowed."));
    }
    let mut state = shared.write();
    match check_password(&state, login, password) {
        Some(user) => issue(shared, &mut state, user, client, scope),
        None => refusal("invalid_grant", "The provided authorization grant is invalid: login or password is wrong."),
    }
}

/// The user that a login and a password belong to. Archived and disabled users belong to nobody.
pub(super) fn check_password(state: &State, login: &str, password: &str) -> Option<u64> {
    let user = state.user_by_login(login)?;
    let doc = &state.users.get(user)?.doc;
    let is_out = doc.path(&["user", "login_disabled"]).bool() == Some(true) || !doc.at("_archived_at").is_null();
    let known = state.logins.get(&user)?.password.as_deref()?;
    (!is_out && known == password).then_some(user)
}

/// Each refresh gives a new access token and a new refresh token; the old ones are gone.
fn by_refresh(shared: &Shared, form: &Form, client: &str) -> Answer {
    let Some(refresh) = form.get("refresh_token") else {
        return refusal("invalid_request", "The parameter refresh_token is missing.");
    };
    let mut state = shared.write();
    match state.tokens.refresh.get(refresh).cloned() {
        Some(token) if token.client == client && token.user.is_some_and(|user| state.users.get(user).is_some()) => {
            state.tokens.refresh.remove(refresh);
            let user = token.user.unwrap_or_default();
            issue(shared, &mut state, user, client, &token.scope)
        }
        _ => refusal("invalid_grant", "The refresh token is unknown, was used already or belongs to another client."),
    }
}

fn issue(shared: &Shared, state: &mut State, user: u64, client: &str, scope: &str) -> Answer {
    let life = shared.options.tokens;
    let token = Token {
        user: Some(user),
        expires: Instant::now() + life.time,
        requests_left: life.requests,
        client: client.to_owned(),
        scope: scope.to_owned(),
    };
    let access = shared.secret("ory_at_");
    let mut body = object([
        ("access_token", access.clone().into()),
        ("token_type", "bearer".into()),
        ("expires_in", life.time.as_secs().into()),
        ("scope", scope.to_owned().into()),
    ]);
    if scope.split_whitespace().any(|word| word == "offline") {
        let refresh = shared.secret("ory_rt_");
        body.set("refresh_token", refresh.clone());
        state.tokens.refresh.insert(refresh, token.clone());
    }
    state.tokens.access.insert(access, token);
    Answer::json(&body).with("cache-control", "no-store")
}

fn refusal(error: &str, description: &str) -> Answer {
    let body = object([("error", error.into()), ("error_description", description.into())]);
    Answer::json_text(400, body.to_string())
}

/// `POST /api/oauth2/revoke`: always 200.
pub(in crate::rehearsal) fn revoke(shared: &Shared, request: &Request) -> Answer {
    let form = Form(url::form_urlencoded::parse(&request.body).into_owned().collect());
    if let Some(token) = form.get("token") {
        let mut state = shared.write();
        state.tokens.access.remove(token);
        state.tokens.refresh.remove(token);
    }
    Answer::empty(200)
}

/// `POST /api/oauth2/introspect`
pub(in crate::rehearsal) fn introspect(shared: &Shared, request: &Request) -> Answer {
    let form = Form(url::form_urlencoded::parse(&request.body).into_owned().collect());
    let state = shared.read();
    let token = form.get("token").and_then(|token| state.tokens.access.get(token));
    let alive = token.filter(|token| token.expires > Instant::now() && token.requests_left != Some(0));
    let body = match alive {
        Some(token) => object([
            ("active", true.into()),
            ("client_id", token.client.as_str().into()),
            ("scope", token.scope.as_str().into()),
        ]),
        None => object([("active", Node::Bool(false))]),
    };
    Answer::json(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        assert_eq!(base64("d2ViLWNsaWVudDpmb28=").unwrap(), b"web-client:foo");
        assert_eq!(base64("w7w").unwrap(), "ü".as_bytes());
        assert_eq!(base64("w7*"), None);
    }
}
