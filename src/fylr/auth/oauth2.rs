//! OAuth2 as fylr speaks it: the password grant (RFC 6749 §4.3) and refreshing (§6).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::fylr::auth::{Credentials, Grant, refused};
use crate::fylr::error::Error;
use crate::fylr::sender::{Answered, Sender};

/// The public client that every fylr brings along.
const BUILT_IN_CLIENT: &str = "fylr-web-frontend";
/// Asks for a refresh token. Never `openid`, which fylr 6.35 rejects.
const SCOPE: &str = "offline";

/// A token for the refresh token, if there is one that is still good, else for the password.
pub(super) async fn grant(
    sender: &Sender,
    credentials: &Credentials,
    refresh: Option<&SecretString>,
) -> Result<Grant, Error> {
    if let Some(refresh) = refresh {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        match ask(sender, credentials, &fields).await {
            // A refresh token ends, too; then the password is the way.
            Err(Error::Login { .. }) => {}
            other => return other,
        }
    }
    let fields = [
        ("grant_type", "password"),
        ("username", credentials.login.as_str()),
        ("password", credentials.password.expose_secret()),
        ("scope", SCOPE),
    ];
    ask(sender, credentials, &fields).await
}

async fn ask(sender: &Sender, credentials: &Credentials, fields: &[(&str, &str)]) -> Result<Grant, Error> {
    let client = match credentials.client_id.as_str() {
        "" => BUILT_IN_CLIENT,
        id => id,
    };
    let secret = credentials.client_secret.as_ref().map(|secret| ("client_secret", secret.expose_secret()));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("client_id", client)
        .extend_pairs(secret)
        .finish();
    let url = sender.server().token_url().clone();
    match sender.form(url.clone(), form).await? {
        Answered::Problem(problem) => Err(refused(sender.server(), credentials, problem)),
        Answered::Good(body) => {
            let granted: Value = serde_json::from_slice(&body).unwrap_or_default();
            let secret = |key: &str| granted[key].as_str().map(SecretString::from);
            let token = secret("access_token").ok_or_else(|| Error::NotAnInstance {
                url: url.to_string(),
                why: "its answer to the login is no token".to_owned(),
            })?;
            let seconds = granted["expires_in"].as_f64().filter(|seconds| *seconds > 0.0);
            let lasts = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            Ok(Grant::new(token, secret("refresh_token"), lasts))
        }
    }
}
