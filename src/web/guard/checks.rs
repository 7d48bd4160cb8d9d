//! What is looked at before a request is let in. Browsers let foreign pages send requests with our cookie or to our
//! address under another name; each of these checks takes away one way of that.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;

use crate::web::answer::Refusal;
use crate::web::guard::paths;
use crate::web::guard::rules::Rules;

const FETCH_SITE: &str = "sec-fetch-site";
/// What a form of ours, or a script, sends. A foreign page can send the first, but not from our origin.
const BODY_TYPES: [&str; 2] = ["application/x-www-form-urlencoded", "application/json"];

/// That the request means us, and a path that means one thing only.
pub(super) fn target(rules: &Rules, parts: &Parts) -> Result<(), Refusal> {
    let misdirected = || {
        Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "this page is not served under that host name",
            "use the address that fonds serve has printed; --allow-host names others",
        )
    };
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(misdirected()) };
    let host = host.to_str().map_err(|_| misdirected())?;
    if !rules.is_ours(host) {
        return Err(misdirected());
    }
    // A request line may name a host, too; it must be the same one.
    if parts.uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
        return Err(misdirected());
    }
    if !paths::is_clean(parts.uri.path()) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "this path could mean another one",
            "the list of backups leads to all there are",
        ));
    }
    Ok(())
}

/// That what only looks is asked for by a page of ours, a script, or a person who follows a link.
pub(super) fn fetch(parts: &Parts) -> Result<(), Refusal> {
    let of = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let is_link = of("sec-fetch-mode") == Some("navigate") && of("sec-fetch-dest") == Some("document");
    match of(FETCH_SITE) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if is_link => Ok(()),
        Some(_) => Err(foreign()),
    }
}

/// That what changes something is sent by a page of ours, or by a script that has the token.
pub(super) fn change(rules: &Rules, parts: &Parts, is_script: bool) -> Result<(), Refusal> {
    let headers = &parts.headers;
    if parts.method != axum::http::Method::POST {
        return Err(no_such_method());
    }
    let site = headers.get(FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return Err(foreign());
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            if !origin.to_str().is_ok_and(|origin| rules.is_same_origin(origin, host)) {
                return Err(foreign());
            }
        }
        (None, _) if is_script || site.is_some() => {}
        _ => return Err(foreign()),
    }
    let is_empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
        && !headers.contains_key(header::TRANSFER_ENCODING);
    let mime = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mime = mime.split(';').next().unwrap_or_default().trim();
    if !is_empty && !BODY_TYPES.iter().any(|known| mime.eq_ignore_ascii_case(known)) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is neither a form nor JSON",
            "send application/x-www-form-urlencoded or application/json",
        ));
    }
    Ok(())
}

/// The code of a link that signs in.
pub(super) fn code(uri: &Uri) -> Option<SecretString> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(key, _)| key == "code").map(|(_, code)| SecretString::from(code.into_owned()))
}

pub(super) fn unknown() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "you are not signed in",
        "open the link that fonds serve has printed; scripts send Authorization: Bearer and the token",
    )
}

fn foreign() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "another page has sent this request",
        "open the page itself; scripts send Authorization: Bearer and the token",
    )
}

fn no_such_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done with that method", "GET looks, POST changes")
}

/// A method that a path does not know.
pub(in crate::web) fn wrong_method() -> Response {
    no_such_method().into_response()
}

/// The token of `Authorization: Bearer …`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
