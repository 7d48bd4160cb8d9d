//! The way in for tests, `/_rehearsal/…`: faults, the log of requests, the dump.

use axum::http::Method;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::dump;
use crate::rehearsal::faults::Rule;
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::request::Request;
use crate::rehearsal::shared::Shared;

pub(super) enum Control {
    Done(Answer),
    NeedsBody,
}

/// The answer to a request for the instance itself; `None`: it is for the API.
pub(super) fn answer(shared: &Shared, request: &Request) -> Option<Control> {
    if request.segments.first().map(String::as_str) != Some("_rehearsal") {
        return None;
    }
    if request.method == Method::POST {
        return Some(Control::NeedsBody);
    }
    Some(Control::Done(read(shared, request)))
}

fn read(shared: &Shared, request: &Request) -> Answer {
    let segments = request.segments.iter().map(String::as_str).collect::<Vec<_>>();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", [_, "faults"]) => faults(shared),
        ("DELETE", [_, "faults"]) => {
            shared.faults.clear();
            faults(shared)
        }
        ("GET", [_, "requests"]) => {
            let requests = shared.journal.all().into_iter().map(|logged| {
                object([
                    ("method", logged.method.into()),
                    ("path", logged.path.into()),
                    ("query", logged.query.into()),
                    ("status", u64::from(logged.status).into()),
                ])
            });
            Answer::json(&Node::List(requests.collect()))
        }
        ("DELETE", [_, "requests"]) => {
            shared.journal.clear();
            Answer::ok()
        }
        ("GET", [_, "dump"]) => Answer::json_text(200, dump::whole(shared)),
        _ => unknown(shared, request),
    }
}

fn unknown(shared: &Shared, request: &Request) -> Answer {
    Problem::unknown_endpoint(request.method.as_str(), &request.path).answer(shared.options.kind)
}

fn faults(shared: &Shared) -> Answer {
    let rules = shared.faults.applied().into_iter();
    let rules = rules.map(|(rule, applied)| object([("rule", rule.into()), ("applied", applied.into())]));
    Answer::json(&Node::List(rules.collect()))
}

/// `POST /_rehearsal/faults` with one rule a line
pub(super) fn with_body(shared: &Shared, request: &Request) -> Answer {
    if request.segments.get(1).map(String::as_str) != Some("faults") {
        return unknown(shared, request);
    }
    let text = String::from_utf8_lossy(&request.body);
    let rules = text.lines().filter(|line| !line.trim().is_empty()).map(str::parse::<Rule>);
    match rules.collect::<Result<Vec<_>, _>>() {
        Ok(rules) => {
            for rule in rules {
                shared.faults.add(rule);
            }
            faults(shared)
        }
        Err(error) => Problem::generic(error.to_string()).answer(shared.options.kind),
    }
}
