//! Forms become tasks. A task makes its job when its turn has come, so that secrets of profiles are read no earlier.

use std::sync::Arc;

use crate::archive::runs::RunOutcome;
use crate::jobs::{self, chain};
use crate::web::forms::{BackupForm, Complaints, RestoreForm};
use crate::web::runs::task::{Access, Ended, Task, Trouble};
use crate::web::site::Site;
use crate::web::words::Language;

/// A backup.
///
/// # Errors
/// What speaks against it, field by field.
pub(in crate::web) fn backup(
    site: &Arc<Site>,
    form: BackupForm,
    language: Language,
    once: Option<String>,
) -> Result<Task, Complaints> {
    form.job(&site.place(language))?;
    let name = [&form.name, &form.access.instance].into_iter().find(|name| !name.is_empty()).cloned();
    let name = name.unwrap_or_else(|| form.access.server_shown());
    let request = form.request();
    let site = Arc::clone(site);
    let work = move |archive: &std::path::Path, watcher: &_| {
        let job = form.job(&site.place(language)).map_err(refused)?;
        let done = job.run(archive, watcher)?;
        let report = jobs::backed_up(&done);
        let last = format!("snapshot {}", done.snapshot.number);
        Ok(Ended { outcome: RunOutcome::Done { snapshot: Some(done.snapshot.number) }, report: Some(report), last })
    };
    Ok(Task { command: format!("backup {name}"), request, once, access: Access::Writes, work: Box::new(work) })
}

/// A restore. That somebody has seen its plan and confirmed it is settled before.
///
/// # Errors
/// What speaks against it, field by field.
pub(in crate::web) fn restore(
    site: &Arc<Site>,
    form: RestoreForm,
    language: Language,
    once: Option<String>,
) -> Result<Task, Complaints> {
    let job = form.job(&site.place(language))?;
    let targets: Vec<String> = job.targets.iter().map(|target| target.connection.server.to_string()).collect();
    let command = format!("restore {} to {}", form.snapshot, targets.join(", "));
    let request = form.request();
    let site = Arc::clone(site);
    let work = move |archive: &std::path::Path, watcher: &_| {
        let job = form.job(&site.place(language)).map_err(refused)?;
        let planned = job.plan(archive, watcher)?;
        if planned.plan.is_refused() {
            let of_targets =
                planned.plan.targets.iter().flat_map(|target| {
                    target.refusals.iter().map(move |refusal| format!("{}: {refusal}", target.server))
                });
            let refusals: Vec<String> = planned.plan.refusals.iter().cloned().chain(of_targets).collect();
            return Err(Trouble::Refused(refusals.join("; ")));
        }
        let outcomes = planned.run(watcher)?;
        let report = jobs::restored(&outcomes);
        let failed = outcomes.iter().find_map(|outcome| outcome.ended.as_ref().err());
        let outcome = failed.map_or(RunOutcome::Done { snapshot: None }, jobs::Error::outcome);
        let last = failed.map_or_else(|| "done".to_owned(), |error| chain(error));
        Ok(Ended { outcome, report: Some(report), last })
    };
    Ok(Task { command, request, once, access: Access::Writes, work: Box::new(work) })
}

fn refused(complaints: Complaints) -> Trouble {
    Trouble::Refused(complaints.line())
}
