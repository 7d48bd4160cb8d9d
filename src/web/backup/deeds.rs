//! What is done with a snapshot when a button of its page is pressed: it is verified, rehearsed or forgotten.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as OfPath, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::archive::SnapshotName;
use crate::archive::runs::RunOutcome;
use crate::fylr::target::WriteOptions;
use crate::jobs::forget::Forget;
use crate::jobs::restore::{Document, Outcome, Restore, RestoreFrom, RestoreStart};
use crate::jobs::verify::{Verified, Verify};
use crate::jobs::{self, Rehearse, Rehearsed};
use crate::rehearsal::Release;
use crate::web::answer::Refusal;
use crate::web::backup::chosen::Chosen;
use crate::web::body::Sent;
use crate::web::forms::{Complaints, Fields, VerifyForm};
use crate::web::query::Query;
use crate::web::runs::{Access, Ended, RunView, Task, Trouble};
use crate::web::site::{Site, blocking};
use crate::web::start;
use crate::web::visit::Visit;
use crate::web::words::{Language, backups as words};

/// The names of what can be done, as they stand in `action`.
const ACTIONS: [&str; 3] = ["verify", "rehearse", "forget"];

/// `POST /inspect/migration/<name>/`
pub(in crate::web) async fn act(
    State(site): State<Arc<Site>>,
    OfPath(name): OfPath<String>,
    visit: Visit,
    query: Query,
    Sent(mut fields): Sent,
) -> Result<Response, Refusal> {
    blocking(move || {
        let once = fields.once();
        let action = fields.take("action").pop().unwrap_or_default();
        let number = fields.take("snapshot").pop();
        let query = number.map_or(query, |number| Query::new(Some(&format!("snapshot={number}"))));
        let chosen = Chosen::look(&site, &name, &query)?;
        let task = match action.as_str() {
            "verify" => verify(&site, &chosen, fields, visit.language),
            "rehearse" => Ok(rehearse(&chosen)),
            "forget" => forget(&chosen, &mut fields, visit.language),
            _ => Err(bad(format!("action is none of {}", ACTIONS.join(", ")))),
        };
        let task = Task { once, ..task? };
        site.audit(format!("start of {}", task.command));
        let live = site.queue.add(task)?;
        Ok(start::begun(&RunView::unrecorded(&live), &visit))
    })
    .await
}

fn bad(what: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, what, "nothing was touched")
}

fn refused(complaints: &Complaints) -> Refusal {
    bad(complaints.line())
}

fn verify(site: &Arc<Site>, chosen: &Chosen, fields: Fields, language: Language) -> Result<Task, Refusal> {
    let (form, complaints) = VerifyForm::read(fields, language);
    complaints.or(()).map_err(|wrong| refused(&wrong))?;
    let connection = form.connection(&site.place(language)).map_err(|wrong| refused(&wrong))?;
    let command = format!("verify {} with {}", chosen.snapshot.number, connection.server);
    let mut request = form.request();
    request["snapshot"] = chosen.snapshot.number.0.into();
    let (site, from) = (Arc::clone(site), RestoreFrom::Snapshot(chosen.snapshot_name()));
    let work = move |archive: &Path, watcher: &_| {
        let connection = form.connection(&site.place(language)).map_err(|wrong| Trouble::Refused(wrong.line()))?;
        let (without_files, without_events) = (form.without_files, form.without_events);
        let job = Verify { from: from.clone(), connection, without_files, renditions: None, without_events };
        let verified = job.run(archive, watcher)?;
        Ok(Ended { outcome: outcome(&verified), report: Some(jobs::verified(&verified)), last: last(&verified) })
    };
    Ok(Task { command, request, once: None, access: Access::Reads, work: Box::new(work) })
}

fn outcome(verified: &Verified) -> RunOutcome {
    match verified.difference_count {
        0 => RunOutcome::Done { snapshot: None },
        count => RunOutcome::Different { count },
    }
}

fn last(verified: &Verified) -> String {
    if verified.is_clean() {
        format!("{}: everything of {} is there", verified.server, verified.backup)
    } else {
        format!("{}: {} differences", verified.server, verified.difference_count)
    }
}

fn rehearse(chosen: &Chosen) -> Task {
    let from = RestoreFrom::Snapshot(chosen.snapshot_name());
    let restore = Restore {
        from,
        targets: Vec::new(),
        start: RestoreStart::New,
        write: WriteOptions::default(),
        base_config: Document::FromBackup,
        datamodel: Document::FromBackup,
        only_aside: false,
        is_forced: false,
        skips_unknown: false,
        checks_first: false,
    };
    let work = move |archive: &Path, watcher: &_| {
        let job = Rehearse { restore: restore.clone(), release: Release::FYLR };
        let Rehearsed { plan, restored, verified } = job.run(archive, watcher)?;
        let (Some(restored), Some(verified)) = (restored, verified) else {
            return Err(Trouble::Refused(plan.refusals.join("; ")));
        };
        let aside = restored.aside_count;
        let restored = Outcome {
            target: "rehearsal".to_owned(),
            server: String::new(),
            ended: Ok(restored),
            duration: Duration::ZERO,
        };
        let restored = &jobs::restored(&[restored])["targets"][0];
        let report = json!({ "kind": "rehearse", "restored": restored, "verified": jobs::verified(&verified) });
        // What was refused is missing, too: it counts as refused.
        let is_explained = verified.difference_count <= aside;
        let outcome = match aside {
            count if count > 0 && is_explained => RunOutcome::Aside { snapshot: None, count },
            _ => outcome(&verified),
        };
        Ok(Ended { outcome, report: Some(report), last: last(&verified) })
    };
    let number = chosen.snapshot.number;
    let request = json!({ "form": "rehearse", "snapshot": number.0 });
    Task { command: format!("rehearse {number}"), request, once: None, access: Access::Reads, work: Box::new(work) }
}

/// A snapshot is forgotten when its number was typed: a click alone destroys nothing.
fn forget(chosen: &Chosen, fields: &mut Fields, language: Language) -> Result<Task, Refusal> {
    let number = chosen.snapshot.number;
    let typed = fields.take("number").pop().unwrap_or_default();
    if typed.trim() != number.to_string() {
        return Err(bad(format!("{typed:?} {}", language.say(words::FORGET_WRONG))));
    }
    let name = SnapshotName::Number(number);
    let work = move |archive: &Path, _: &_| {
        let plan = Forget::Named(vec![name.clone()]).plan(archive)?;
        plan.execute(archive)?;
        let last = format!("snapshot {number} is forgotten");
        Ok(Ended { outcome: RunOutcome::Done { snapshot: None }, report: None, last })
    };
    let request = json!({ "form": "forget", "snapshot": number.0 });
    let command = format!("forget {number}");
    Ok(Task { command, request, once: None, access: Access::Writes, work: Box::new(work) })
}
