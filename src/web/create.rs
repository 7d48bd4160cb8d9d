//! What comes of the form that creates a backup, and the command line that a form amounts to.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use maud::html;
use serde_json::json;

use crate::web::answer::{ROOT, Refusal, json_of, see_other};
use crate::web::body::Sent;
use crate::web::forms::{BackupForm, CommandLine, Complaints, RestoreForm};
use crate::web::look::{Crumb, Here, command_line};
use crate::web::runs::{RunView, tasks};
use crate::web::sheets::Sheets;
use crate::web::site::{Site, blocking};
use crate::web::start::{self, Shelf};
use crate::web::visit::{Frame, Visit};
use crate::web::words::{forms, frame};

/// `POST /inspect/migration/backup`
pub(super) async fn backup(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Sent(fields): Sent,
) -> Result<Response, Refusal> {
    let once = fields.once();
    let (form, mut complaints) = BackupForm::read(fields, visit.language);
    blocking(move || {
        let task = match tasks::backup(&site, form.clone(), visit.language, once) {
            Ok(task) if complaints.is_empty() => task,
            Ok(_) => return refused(&site, &visit, form, complaints),
            Err(more) => {
                complaints.join(more);
                return refused(&site, &visit, form, complaints);
            }
        };
        site.audit(format!("start of {}", task.command));
        let live = site.queue.add(task)?;
        Ok(start::begun(&RunView::unrecorded(&live), &visit))
    })
    .await
}

fn refused(site: &Site, visit: &Visit, form: BackupForm, complaints: Complaints) -> Result<Response, Refusal> {
    if visit.is_json {
        return Ok(start::complained(&complaints));
    }
    let shelf = Shelf::look(site)?;
    let sheets = Sheets::with_backup(site, &shelf, form, complaints);
    Ok(start::draw(site, visit, &shelf, &sheets, StatusCode::UNPROCESSABLE_ENTITY))
}

/// `POST /inspect/migration/runs/command/<form>`: the command line that a form amounts to as it stands. Passwords need not be
/// sent for it; nothing is done.
pub(super) async fn command(
    State(site): State<Arc<Site>>,
    Path(form): Path<String>,
    visit: Visit,
    Sent(fields): Sent,
) -> Result<Response, Refusal> {
    let lines = blocking(move || {
        let place = site.place(visit.language);
        match form.as_str() {
            "backup" => Ok((vec![BackupForm::read(fields, visit.language).0.command(&place)], visit)),
            "restore" => Ok((RestoreForm::read(fields, visit.language).0.commands(&place), visit)),
            _ => Err(Refusal::not_found()),
        }
    });
    let (lines, visit) = lines.await?;
    let lines: Vec<String> = lines.iter().map(CommandLine::shell).collect();
    if visit.is_json {
        return Ok(json_of(StatusCode::OK, &json!({ "Commands": lines })));
    }
    let language = visit.language;
    let title = language.say(forms::COMMAND_LINE);
    let content = html! { h1 { (title) } (command_line(language, &lines)) };
    let crumbs = vec![Crumb { label: language.say(frame::BACKUPS).to_owned(), path: ROOT.to_owned() }];
    Ok(visit.page(StatusCode::OK, Frame { title, here: Here::Backups, crumbs, refresh: None }, content))
}

/// A path of ours without its slash could be a backup of that name.
pub(super) async fn with_slash(uri: Uri) -> Response {
    see_other(&format!("{}/", uri.path()))
}
