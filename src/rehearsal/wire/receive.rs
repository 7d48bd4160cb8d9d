//! One request from its first byte to its answer: faults, latency, body, handler, log.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequest as _, Multipart, Request as HttpRequest, State};
use axum::http::{Method, header};
use axum::response::Response;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::eas::Fetch;
use crate::rehearsal::faults::{Effect, Plan};
use crate::rehearsal::journal::{Logged, masked};
use crate::rehearsal::problem::{Problem, confirmation};
use crate::rehearsal::request::Request;
use crate::rehearsal::shared::Shared;
use crate::rehearsal::system;
use crate::rehearsal::wire::line::Line;
use crate::rehearsal::wire::send::{Spoilt, send};
use crate::rehearsal::wire::{control, fetch, upload};

/// The longest body but for files: a thousand records of 256 KiB.
const BODY_BYTES_MAX: usize = 256 << 20;

/// Answers a request, or cuts its connection.
pub(in crate::rehearsal) async fn receive(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut taken = Request::new(parts.method.clone(), &parts.uri, parts.headers.clone());
    let is_head = parts.method == Method::HEAD;
    if let Some(answer) = control::answer(&shared, &taken) {
        return match answer {
            control::Control::Done(answer) => send(answer, is_head, Spoilt::Not).await,
            control::Control::NeedsBody => {
                taken.body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
                send(control::with_body(&shared, &taken), is_head, Spoilt::Not).await
            }
        };
    }
    let plan = shared.faults.plan(parts.method.as_str(), &taken.path);
    let wait = shared.options.latency + plan.slow.unwrap_or_default();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let is_multipart = taken.header("content-type").is_some_and(|mime| mime.starts_with("multipart/form-data"));
    let read = if plan.has(&Effect::ResetBefore) {
        Ok(())
    } else if is_multipart {
        read_files(&shared, &mut taken, HttpRequest::from_parts(parts, body)).await
    } else {
        read_body(&mut taken, body).await
    };
    let answer = match read {
        Ok(()) => work(&shared, &taken, &plan).await,
        Err(problem) => Some(problem.answer(shared.options.kind)),
    };
    finish(&shared, &line, &taken, &plan, answer, is_head).await
}

async fn read_body(request: &mut Request, body: axum::body::Body) -> Result<(), Problem> {
    let bytes = to_bytes(body, BODY_BYTES_MAX).await;
    request.body = bytes.map_err(|error| Problem::generic(format!("The request body cannot be read: {error}.")))?;
    Ok(())
}

async fn read_files(shared: &Shared, request: &mut Request, http: HttpRequest) -> Result<(), Problem> {
    let parts = Multipart::from_request(http, &()).await;
    let parts = parts.map_err(|error| Problem::generic(format!("The request body cannot be read: {error}.")))?;
    request.uploads = upload::receive(shared, parts).await?;
    Ok(())
}

/// The answer; `None`: the connection is cut and nothing is done.
async fn work(shared: &Arc<Shared>, request: &Request, plan: &Plan) -> Option<Answer> {
    for effect in &plan.effects {
        match effect {
            Effect::ResetBefore => return None,
            Effect::ExpireToken => expire(shared, request),
            _ => {
                if let Some(answer) = instead(shared, request, effect) {
                    if matches!(effect, Effect::RefuseRecord(_) | Effect::MissingFile(_)) {
                        note(shared, plan, effect);
                    }
                    return Some(answer);
                }
            }
        }
    }
    let (server, taken) = (Arc::clone(shared), request.clone());
    let done = tokio::task::spawn_blocking(move || {
        let mut fetches: Vec<Fetch> = Vec::new();
        let answer = system::answer(&server, &taken, &mut fetches);
        (answer, fetches)
    });
    match done.await {
        Ok((answer, fetches)) => {
            fetch::run(shared, fetches, plan.fetches_after());
            Some(answer)
        }
        Err(_) => {
            let problem = Problem::new(500, "ServerGeneric", "ferrors", "Request caused a panic.");
            Some(problem.answer(shared.options.kind))
        }
    }
}

fn note(shared: &Shared, plan: &Plan, effect: &Effect) {
    let (Effect::RefuseRecord(text) | Effect::MissingFile(text)) = effect else { return };
    for rule in plan.texts.iter().filter(|rule| rule.contains(text.as_str())) {
        shared.faults.note(rule);
    }
}

/// An answer in place of the work.
fn instead(shared: &Shared, request: &Request, effect: &Effect) -> Option<Answer> {
    let kind = shared.options.kind;
    let fault = |status: u16, text: &str| Problem::new(status, "ServerGeneric", "ferrors", text).answer(kind);
    match effect {
        Effect::Status { status, retry_after } => {
            let answer = match status {
                423 => {
                    let text = "The database is locked.";
                    Problem::new(423, "DatabaseLockError", "ferrors", text).with("object", "object").answer(kind)
                }
                // What stands between client and server answers in HTML.
                429 | 502..=504 => Answer::text(*status, "text/html", format!("<html><h1>{status}</h1></html>")),
                status => fault(*status, "A fault was injected."),
            };
            Some(match retry_after {
                Some(seconds) => answer.with("retry-after", &seconds.to_string()),
                None => answer,
            })
        }
        Effect::ErrorBody => Some(Answer { status: 200, ..fault(400, "A fault was injected.") }),
        Effect::Confirm => Some(confirmation("Confirm", "A fault was injected.", ("confirm", "yes"))),
        Effect::Redirect(url) => Some(Answer::empty(302).with("location", url)),
        Effect::RefuseRecord(text) => {
            let is_there = memchr::memmem::find(&request.body, text.as_bytes()).is_some();
            is_there.then(|| Problem::inconsistent(format!("a record with {text} is refused")).answer(kind))
        }
        Effect::MissingFile(file) => {
            // A number is the id in the path; anything else is part of a reference or of a remote URL.
            let is_id = file.bytes().all(|byte| byte.is_ascii_digit());
            let names = |key: &str| matches!(key, "reference" | "references" | "url");
            let id = is_id && request.segments.iter().any(|segment| segment == file);
            let reference =
                !is_id && request.query.iter().any(|(key, value)| names(key) && value.contains(file.as_str()));
            let is_download = request.segments.iter().any(|segment| segment == "download");
            let problem = if is_download {
                Problem::not_found("file", file)
            } else {
                // Calls about files know no 404.
                let text = "A fault was injected.";
                Problem::new(403, "InsufficientRights", "eas", text).with("resource", file.clone())
            };
            (id || reference).then(|| problem.answer(kind))
        }
        _ => None,
    }
}

fn expire(shared: &Shared, request: &Request) {
    let bearer = |name: &str| Some(request.header(name)?.split_once(' ')?.1.to_owned());
    let token = bearer("authorization")
        .or_else(|| bearer("x-fylr-authorization"))
        .or_else(|| request.param("access_token").map(str::to_owned))
        .or_else(|| request.param("token").map(str::to_owned))
        .or_else(|| request.header("x-easydb-token").map(str::to_owned));
    if let Some(token) = token {
        shared.write().tokens.access.remove(&token);
    }
}

/// Logs the request and sends its answer, as whole as the plan wants it.
async fn finish(
    shared: &Shared,
    line: &Line,
    request: &Request,
    plan: &Plan,
    answer: Option<Answer>,
    is_head: bool,
) -> Response {
    let is_cut = answer.is_none() || plan.has(&Effect::ResetAfter);
    let answer = answer.unwrap_or_else(|| Answer::empty(500));
    let files: u64 = request.uploads.iter().map(|upload| upload.bytes).sum();
    shared.journal.add(Logged {
        method: request.method.to_string(),
        path: request.path.clone(),
        query: masked(&request.query),
        request_bytes: request.body.len() as u64 + files,
        answer_bytes: if is_cut { 0 } else { answer.bytes() },
        status: if is_cut { 0 } else { answer.status },
        faults: plan.texts.clone(),
    });
    let spoilt = match plan {
        plan if plan.has(&Effect::Truncate) => Spoilt::Truncated,
        plan if plan.has(&Effect::WrongLength) => Spoilt::Shortened,
        _ => Spoilt::Not,
    };
    if is_cut {
        line.cut_after(0);
    } else if plan.has(&Effect::ResetMiddle) {
        // Head and half of the body: a head is about 200 bytes.
        line.cut_after(200 + answer.bytes() / 2);
    }
    let mut response = send(answer, is_head, spoilt).await;
    if is_cut {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}
