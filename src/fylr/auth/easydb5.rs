//! Sessions of easydb5: one is opened, then authenticated. Messages that would block the session are confirmed.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::fylr::auth::{Credentials, Grant, refused};
use crate::fylr::error::Error;
use crate::fylr::problem::Problem;
use crate::fylr::sender::{Answered, Sender};

pub(super) async fn log_in(sender: &Sender, credentials: &Credentials) -> Result<Grant, Error> {
    let opened = match sender.get(sender.server().endpoint("session")?).await? {
        Answered::Good(body) => body,
        Answered::Problem(problem) => return Err(refused(sender.server(), credentials, problem)),
    };
    let token = token_in(&opened).ok_or_else(|| not_a_session(sender))?;
    // A backup is no visit, so it writes no event.
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.expose_secret())
        .append_pair("login", &credentials.login)
        .append_pair("password", credentials.password.expose_secret())
        .append_pair("method", "easydb")
        .append_pair("log_event", "0")
        .finish();
    let url = sender.server().endpoint("session/authenticate")?;
    let body = match sender.form(url.clone(), form).await? {
        Answered::Good(body) => body,
        Answered::Problem(problem) => return Err(refused(sender.server(), credentials, problem)),
    };
    let session: Value = serde_json::from_slice(&body).unwrap_or_default();
    if session.get("authenticated").is_none_or(Value::is_null) {
        let problem = Box::new(Problem::read("POST", &url, 200, &body));
        return Err(refused(sender.server(), credentials, problem));
    }
    let token = token_in(&body).unwrap_or(token);
    confirm_messages(sender, &token, &session).await?;
    Ok(Grant::new(token, None, None))
}

/// Confirms what the session must have read before it may do anything.
async fn confirm_messages(sender: &Sender, token: &SecretString, session: &Value) -> Result<(), Error> {
    let tasks = session.get("pending_tasks").and_then(Value::as_array);
    let keys: Vec<&Value> =
        tasks.into_iter().flatten().filter_map(|task| task.pointer("/message/message_key")).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut url = sender.server().endpoint("session/messages_confirm")?;
    url.query_pairs_mut().append_pair("token", token.expose_secret());
    let keys = serde_json::to_vec(&keys).unwrap_or_default();
    // Whether it was taken shows at the first request.
    sender.json(url, keys).await.map(drop)
}

fn token_in(body: &[u8]) -> Option<SecretString> {
    let session: Value = serde_json::from_slice(body).ok()?;
    session.get("token").and_then(Value::as_str).map(SecretString::from)
}

fn not_a_session(sender: &Sender) -> Error {
    Error::NotAnInstance { url: sender.server().to_string(), why: "it opens no session".to_owned() }
}
