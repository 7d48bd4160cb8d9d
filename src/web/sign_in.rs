//! Signing in: with the code of the link that was printed, or with the token. Signing out.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::html;
use secrecy::SecretString;

use crate::web::answer::{self, ROOT, Refusal};
use crate::web::look::{Here, Tone, notice};
use crate::web::site::Site;
use crate::web::visit::{Frame, Visit};
use crate::web::words::sign_in as words;

/// `POST /inspect/migration/sign-in`
pub(super) async fn sign_in(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let code = fields.into_iter().find(|(name, _)| name == "code").map(|(_, code)| SecretString::from(code));
    let session = code.and_then(|code| site.sessions.exchange(&code)).ok_or_else(wrong_code)?;
    site.audit("signed in".to_owned());
    Ok(([(header::SET_COOKIE, site.rules.cookie(&session, &headers))], answer::see_other(ROOT)).into_response())
}

/// `POST /inspect/migration/sign-out`
pub(super) async fn sign_out(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    for session in site.rules.sessions_of(&headers) {
        site.sessions.end(&session);
    }
    site.audit("signed out".to_owned());
    ([(header::SET_COOKIE, site.rules.no_cookie(&headers))], answer::see_other(ROOT)).into_response()
}

/// A code that nobody gave, or that was used.
pub(super) fn wrong_code() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "this code is wrong, was used before, or is too old",
        "a code works once; start fonds serve again for a new link, or use the token",
    )
}

/// The page for who has not signed in.
pub(super) fn form(what: &str, visit: &Visit) -> Response {
    let language = visit.language;
    let title = language.say(words::SIGN_IN);
    let content = html! {
        h1 { (title) }
        (notice(Tone::Plain, html! { p #refusal { (what) } p { (language.say(words::HOW)) } }))
        form #sign-in method="post" action={ (ROOT) "sign-in" } {
            label for="code" { (language.say(words::CODE)) }
            input #code name="code" type="password" autocomplete="off" required autofocus;
            button type="submit" { (title) }
        }
    };
    visit.page(
        StatusCode::UNAUTHORIZED,
        Frame { title, here: Here::Backups, crumbs: Vec::new(), refresh: None },
        content,
    )
}
