//! Who asks, and in which form and language they want to be answered.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use maud::Markup;

use crate::web::answer;
use crate::web::look::{Crumb, Here, Shell};
use crate::web::words::Language;

/// What a request says beside what it asks for.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub language: Language,
    /// Path and query.
    pub path: String,
    /// A script asks: `Accept: application/json`, or `?accept=application/json`.
    pub is_json: bool,
    /// The name of the archive's file; empty for who is not signed in.
    pub archive: String,
}

/// The frame of a page.
pub(super) struct Frame<'a> {
    pub title: &'a str,
    pub here: Here,
    pub crumbs: Vec<Crumb>,
    /// Seconds after which a browser without scripts asks again.
    pub refresh: Option<u32>,
}

impl Visit {
    pub fn new(headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            language: Language::wanted(text(header::COOKIE), text(header::ACCEPT_LANGUAGE)),
            path: uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string),
            is_json: wants_json(text(header::ACCEPT).unwrap_or_default(), uri),
            archive: String::new(),
        }
    }

    /// A page in its frame.
    pub fn page(&self, status: StatusCode, frame: Frame<'_>, content: Markup) -> Response {
        let Frame { title, here, crumbs, refresh } = frame;
        let (path, archive) = (self.path.as_str(), self.archive.as_str());
        let shell = Shell { language: self.language, title, here, crumbs, path, archive, refresh };
        answer::html(status, shell.around(content))
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::new(&parts.headers, &parts.uri)))
    }
}

fn wants_json(accept: &str, uri: &Uri) -> bool {
    let by_query = uri.query().is_some_and(|query| {
        url::form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "accept" && value == "application/json")
    });
    by_query || (accept.contains("application/json") && !accept.contains("text/html"))
}
