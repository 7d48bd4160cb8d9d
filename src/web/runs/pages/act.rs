//! What can be done to a run: cancel it, go on with it, try again what was set aside.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::web::answer::{self, Refusal};
use crate::web::forms::{BackupForm, Complaints, Fields, RestoreForm};
use crate::web::look::{RUNS, State as RunState};
use crate::web::runs::pages::page;
use crate::web::runs::view::{Details, RunView};
use crate::web::runs::{Live, Task, tasks};
use crate::web::site::{Site, blocking};
use crate::web::visit::Visit;

/// A secret that must be typed again.
pub(super) struct Secret {
    pub id: String,
    /// The name of its field.
    pub name: &'static str,
    /// Login and server; `None` for the secret of a client.
    pub of: Option<(String, String)>,
}

/// The secrets that a request needs and that are not kept: those of instances that were typed.
pub(super) fn secrets(request: &Value) -> Vec<Secret> {
    let texts = |key: &str| match &request[key] {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        _ => Vec::new(),
    };
    let is_of_profile = request["instance"].as_str().is_some_and(|name| !name.is_empty());
    let (servers, logins) = (texts("server"), texts("login"));
    let typed = servers.into_iter().zip(logins).enumerate().filter(|_| !is_of_profile);
    let mut secrets: Vec<Secret> = typed
        .map(|(at, (server, login))| Secret {
            id: format!("password-{at}"),
            name: "password",
            of: Some((login, server)),
        })
        .collect();
    if request["oauth2"] == true {
        secrets.push(Secret { id: "client-secret".to_owned(), name: "client-secret", of: None });
    }
    secrets
}

/// Whether a run got to its end.
pub(super) fn is_unfinished(state: RunState) -> bool {
    matches!(state, RunState::Incomplete | RunState::Failed | RunState::Cancelled)
}

/// Whether a run can be continued, and whether what it has set aside can be tried again.
pub(super) fn possible(view: &RunView, details: &Details) -> (bool, bool) {
    let form = details.request.as_ref().and_then(|request| request["form"].as_str()).unwrap_or_default();
    let may_continue = matches!(form, "backup" | "restore") && is_unfinished(view.state);
    (may_continue, form == "restore" && view.state == RunState::DoneWithAside)
}

/// `POST /inspect/migration/runs/…/cancel`
pub(super) async fn cancel(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let place = {
        let site = Arc::clone(&site);
        blocking(move || page::find(&site, &name)).await?
    };
    let Some(live) = place.live.as_ref().filter(|live| super::log::is_growing(Some(live))) else {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "this run does not go on here",
            "a run of another process is ended where it was started",
        ));
    };
    site.queue.cancel(live);
    site.audit(format!("cancelled {} ({})", live.command, live.key));
    let cancelled = Arc::clone(live);
    Ok(went_on(&visit, &cancelled))
}

/// `POST /inspect/migration/runs/…/continue`
pub(super) async fn go_on(
    site: State<Arc<Site>>,
    visit: Visit,
    name: Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    again(site, visit, name, &headers, &body, Again::Continue).await
}

/// `POST /inspect/migration/runs/…/retry`
pub(super) async fn retry(
    site: State<Arc<Site>>,
    visit: Visit,
    name: Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    again(site, visit, name, &headers, &body, Again::Retry).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Continue,
    Retry,
}

async fn again(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
    headers: &HeaderMap,
    body: &[u8],
    how: Again,
) -> Result<Response, Refusal> {
    let mut typed = fields(headers, body)?;
    let looking = Arc::clone(&site);
    let (view, details) = blocking(move || {
        let place = page::find(&looking, &name)?;
        Ok((place.view()?, place.details()?))
    })
    .await?;
    let (may_continue, may_retry) = possible(&view, &details);
    let is_possible = if how == Again::Continue { may_continue } else { may_retry };
    let Some(mut request) = details.request.filter(|_| is_possible) else {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "there is nothing to go on with",
            "a run of the command line goes on there: the same command with --continue",
        ));
    };
    let once = typed.once();
    request["start"] = if how == Again::Continue { "continue" } else { "retry-failed" }.into();
    for name in ["password", "client-secret"] {
        request[name] = typed.take(name).into();
    }
    let language = visit.language;
    let made = Arc::clone(&site);
    // Secrets of profiles are looked at, which may take as long as a key ring asks.
    let task = blocking(move || task(&made, &request, language, once)).await?;
    let live = site.queue.add(task)?;
    site.audit(format!("started {} ({}), to go on with run {}", live.command, live.key, view.name));
    Ok(went_on(&visit, &live))
}

fn task(
    site: &Arc<Site>,
    request: &Value,
    language: crate::web::words::Language,
    once: Option<String>,
) -> Result<Task, Refusal> {
    let fields = Fields::of_json(request.to_string().as_bytes()).map_err(|error| wrong(&error.to_string()))?;
    let made = if request["form"] == "backup" {
        let (form, complaints) = BackupForm::read(fields, language);
        complaints.or(form).and_then(|form| tasks::backup(site, form, language, once))
    } else {
        let (form, complaints) = RestoreForm::read(fields, language);
        complaints.or(form).and_then(|form| tasks::restore(site, form, language, once))
    };
    made.map_err(|complaints: Complaints| wrong(&complaints.line()))
}

fn fields(headers: &HeaderMap, body: &[u8]) -> Result<Fields, Refusal> {
    let mime = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if mime.starts_with("application/json") {
        return Fields::of_json(body).map_err(|error| wrong(&error.to_string()));
    }
    Ok(Fields::of_form(body))
}

fn wrong(what: &str) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, what, "mend what is named, and send it again")
}

/// The page of a run that was begun or cancelled, or, for scripts, where it is.
fn went_on(visit: &Visit, live: &Live) -> Response {
    if visit.is_json {
        let view = RunView::unrecorded(live);
        return answer::json_of(StatusCode::ACCEPTED, &json!({ "Run": view.json() }));
    }
    answer::see_other(&format!("{RUNS}{}/", live.key))
}
