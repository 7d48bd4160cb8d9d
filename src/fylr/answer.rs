//! Answers with a good status: whether they are what was asked for, or the page of a gateway, an error document, half an
//! answer.

use crate::fylr::error::Last;
use crate::fylr::problem::{self, Problem};
use crate::fylr::request::{Request, Shape};
use crate::fylr::transport::{Failure, Outgoing};

/// Whether the body begins as a JSON object, but has no end.
pub(crate) fn is_cut_off(body: &[u8]) -> bool {
    let begins = body.trim_ascii_start().first() == Some(&b'{');
    begins && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err_and(|error| error.is_eof())
}

pub(crate) fn cut_off() -> Failure {
    Failure::passing(Last::Answer("the answer is cut off".to_owned()))
}

/// Why the body is not JSON of the shape that was asked for, if it is not.
pub(crate) fn misshapen(body: &[u8], request: &Request) -> Option<&'static str> {
    let text = body.trim_ascii();
    let fits = match request.shape {
        Shape::Array => text.first() == Some(&b'['),
        Shape::Object => text.first() == Some(&b'{'),
        Shape::Any => !text.is_empty(),
    };
    if !fits {
        return Some(if text.is_empty() { "the answer is empty" } else { "the answer has not the shape of the API" });
    }
    let is_whole = if request.is_taken_apart && request.shape == Shape::Array {
        text.last() == Some(&b']')
    } else {
        serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
    };
    if !is_whole {
        return Some("the answer is not whole JSON");
    }
    (request.shape == Shape::Object && is_error_document(body)).then_some("the answer is an error document")
}

/// Whether a good answer is really an error: servers have been seen to say 200 and mean something else.
pub(crate) fn is_error_document(body: &[u8]) -> bool {
    if body.len() > problem::BODY_MAX {
        return false;
    }
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let has = |key: &str| document.get(key).is_some_and(serde_json::Value::is_string);
    has("code") && (has("error") || has("realm"))
}

/// A good status with something else behind it: the page of a gateway, an error document, half an answer. All of
/// these pass.
pub(crate) fn misread(outgoing: &Outgoing, body: &[u8], why: &'static str) -> Failure {
    if problem::looks_like_html(body) {
        return Failure::passing(Last::Answer("the answer is an HTML page".to_owned()));
    }
    let document = &body[..body.len().min(problem::BODY_MAX)];
    let problem = Box::new(Problem::read(outgoing.method.as_str(), &outgoing.url, 200, document));
    match &problem.code {
        Some(_) if problem.wants_login() => Failure::Problem(problem),
        Some(_) => Failure::passing(Last::Problem(problem)),
        None => Failure::passing(Last::Answer(why.to_owned())),
    }
}
