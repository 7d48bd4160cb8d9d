//! Answers: pages for people, JSON for scripts, and refusals in whichever form was asked for.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Value, json};

pub(super) use crate::web::look::HOME as ROOT;
use crate::web::look::{Here, Tone, notice};
use crate::web::visit::{Frame, Visit};
use crate::web::words::frame;
use crate::{archive, jobs};

/// Why there is no page. What it becomes, HTML or JSON, is settled where the request is known.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub status: StatusCode,
    /// One lower-case sentence.
    pub what: String,
    /// What to do.
    pub hint: &'static str,
}

impl Refusal {
    pub fn new(status: StatusCode, what: impl Into<String>, hint: &'static str) -> Self {
        Self { status, what: what.into(), hint }
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such page", "the list of backups leads to all there are")
    }

    pub fn failed(error: &dyn std::error::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, jobs::chain(error), "\"fonds check\" tells more")
    }
}

impl From<archive::Error> for Refusal {
    fn from(error: archive::Error) -> Self {
        match &error {
            archive::Error::NotFound(_) => {
                Self::new(StatusCode::NOT_FOUND, error.to_string(), "the first backup makes one")
            }
            archive::Error::NoSnapshot(_) | archive::Error::NoEntry { .. } => {
                Self::new(StatusCode::NOT_FOUND, error.to_string(), "the list of backups leads to all there are")
            }
            archive::Error::Busy { .. } => {
                Self::new(StatusCode::CONFLICT, jobs::chain(&error), "wait until that has ended")
            }
            _ => Self::failed(&error),
        }
    }
}

impl From<jobs::Error> for Refusal {
    fn from(error: jobs::Error) -> Self {
        match error {
            jobs::Error::Archive(error) => error.into(),
            jobs::Error::NoRun(_) => {
                Self::new(StatusCode::NOT_FOUND, error.to_string(), "the list of runs leads to all there are")
            }
            error => Self::failed(&error),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// HTML as an answer.
pub(super) fn html(status: StatusCode, markup: Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup.into_string()).into_response()
}

/// JSON as an answer.
pub(super) fn json_of(status: StatusCode, value: &Value) -> Response {
    (status, Json(value)).into_response()
}

/// The browser goes on to a page of ours.
pub(super) fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A refusal in the form that was asked for.
pub(super) fn refusal(refusal: &Refusal, visit: &Visit) -> Response {
    let language = visit.language;
    if visit.is_json {
        return json_of(refusal.status, &json!({ "error": refusal.what, "hint": refusal.hint }));
    }
    let is_missing = refusal.status == StatusCode::NOT_FOUND;
    let title = language.say(if is_missing { frame::NOT_FOUND } else { frame::WENT_WRONG });
    let content = html! {
        h1 { (title) }
        (notice(if is_missing { Tone::Plain } else { Tone::Bad }, html! {
            p #refusal { (refusal.what) }
            p { (refusal.hint) }
        }))
        p { a href=(ROOT) { (language.say(frame::BACK_TO_START)) } }
    };
    visit.page(refusal.status, Frame { title, here: Here::Backups, crumbs: Vec::new(), refresh: None }, content)
}
