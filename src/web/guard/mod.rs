//! Who gets in. Each request passes here before anything else sees it, and each answer on its way out.

mod checks;
mod headers;
mod paths;
mod rules;
mod sessions;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;

use crate::web::answer::{self, ROOT, Refusal};
use crate::web::sign_in;
use crate::web::site::Site;
use crate::web::visit::Visit;

pub(super) use checks::wrong_method;
pub(super) use rules::Rules;
pub(super) use sessions::Sessions;

/// The longest body; a form has a few lines, and a table of a few hundred rows.
const BODY_BYTES_MAX: usize = 1 << 20;
/// How long a body may take. A form comes at once.
const BODY_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(30);

/// Lets a request in or not, and gives the answer its headers.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut visit = Visit::new(request.headers(), request.uri());
    let is_asset = paths::is_asset(request.uri().path());
    let response = match admit(&site, request).await {
        Ok(mut request) => {
            visit.archive = site.archive_name();
            request.extensions_mut().insert(visit.clone());
            next.run(request).await
        }
        Err(response) => *response,
    };
    let response = match response.extensions().get::<Refusal>().cloned() {
        None => response,
        Some(refusal) => worded(&refusal, &visit, &response),
    };
    headers::secured(response, is_asset, site.rules.is_tls())
}

/// Gives a refusal its words; what is in its headers stays there.
fn worded(refusal: &Refusal, visit: &Visit, response: &Response) -> Response {
    let mut worded = if refusal.status == StatusCode::UNAUTHORIZED && !visit.is_json {
        sign_in::form(&refusal.what, visit)
    } else {
        answer::refusal(refusal, visit)
    };
    for (name, value) in response.headers() {
        if ![header::CONTENT_LENGTH, header::CONTENT_TYPE].contains(name) {
            worded.headers_mut().insert(name, value.clone());
        }
    }
    worded
}

/// The request with its body read, or why it is not let in. The checks that ask least come first.
async fn admit(site: &Arc<Site>, request: Request) -> Result<Request, Box<Response>> {
    let (parts, body) = request.into_parts();
    let refused = |refusal: Refusal| Box::new(refusal.into_response());
    checks::target(&site.rules, &parts).map_err(refused)?;
    let is_change = !matches!(parts.method, Method::GET | Method::HEAD);
    let is_script = site.sessions.is_token(&parts.headers);
    if is_change {
        checks::change(&site.rules, &parts, is_script).map_err(refused)?;
    } else {
        checks::fetch(&parts).map_err(refused)?;
    }
    let path = parts.uri.path();
    let is_signed_in = is_script || site.rules.sessions_of(&parts.headers).iter().any(|id| site.sessions.is_open(id));
    if parts.method == Method::GET
        && path == ROOT
        && let Some(code) = checks::code(&parts.uri)
    {
        return Err(Box::new(exchange(site, &parts.headers, &code, is_signed_in)));
    }
    let is_public = paths::is_asset(path) || (is_change && path == "/inspect/migration/sign-in");
    if !is_signed_in && !is_public {
        return Err(refused(checks::unknown()));
    }
    let body = read(body).await.map_err(refused)?;
    Ok(Request::from_parts(parts, body))
}

/// A code becomes a session, and the browser goes where no code is in the URL.
fn exchange(site: &Site, headers: &axum::http::HeaderMap, code: &SecretString, is_signed_in: bool) -> Response {
    match site.sessions.exchange(code) {
        Some(session) => {
            site.audit("signed in".to_owned());
            ([(header::SET_COOKIE, site.rules.cookie(&session, headers))], answer::see_other(ROOT)).into_response()
        }
        None if is_signed_in => answer::see_other(ROOT),
        None => sign_in::wrong_code().into_response(),
    }
}

async fn read(body: Body) -> Result<Body, Refusal> {
    let read = tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    match read {
        Ok(Ok(bytes)) => Ok(Body::from(bytes)),
        Ok(Err(_)) => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "what was sent is too long, or was cut off",
            "a form has at most 1 MiB",
        )),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "what was sent took too long", "send the form again")),
    }
}
