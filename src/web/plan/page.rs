//! The pages of a plan.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde_json::json;

use crate::archive::{Archive, SnapshotName, snapshot};
use crate::jobs::chain;
use crate::model::event::{Observer, Silent};
use crate::web::answer::{ROOT, Refusal, json_of, see_other};
use crate::web::body::Sent;
use crate::web::forms::{Complaints, RestoreForm};
use crate::web::look::{Crumb, Here, RUNS, Tone, notice};
use crate::web::plan::confirm::{FIELD, unconfirmed};
use crate::web::plan::draw::{draw, twin};
use crate::web::plan::plans::{Pending, Stage};
use crate::web::runs::{RunView, tasks};
use crate::web::sheets::Sheets;
use crate::web::site::{Site, blocking};
use crate::web::start;
use crate::web::visit::{Frame, Visit};
use crate::web::words::{Language, forms, frame, plan as words};

/// Seconds after which a browser without scripts asks whether the plan is there.
const ASK_AGAIN: u32 = 2;

/// `POST /inspect/migration/restore`
pub(in crate::web) async fn create(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Sent(fields): Sent,
) -> Result<Response, Refusal> {
    let once = fields.once();
    let (form, mut complaints) = RestoreForm::read(fields, visit.language);
    let (of_site, language) = (Arc::clone(&site), visit.language);
    let (form, complaints) = blocking(move || {
        let mut form = form;
        if let Err(more) = form.job(&of_site.place(language)) {
            complaints.join(more);
        }
        // The newest snapshot may be another one when the plan is confirmed.
        match settled(&of_site, &form.snapshot) {
            Some(number) => form.snapshot = number,
            None if complaints.of("snapshot").is_none() => {
                complaints.add("snapshot", language.say(forms::E_NO_SNAPSHOT));
            }
            None => {}
        }
        Ok((form, complaints))
    })
    .await?;
    if !complaints.is_empty() {
        return refused(&site, visit, form, complaints).await;
    }
    let (plan, is_new) = site.plans.add(form, once);
    if is_new {
        site.audit(format!("plan of a restore of snapshot {}", plan.form.snapshot));
        make(&site, &plan, visit.language);
    }
    if visit.is_json {
        let created = [(header::LOCATION, plan.path())];
        return Ok(
            (created, json_of(StatusCode::ACCEPTED, &json!({ "Plan": plan.id, "Path": plan.path() }))).into_response()
        );
    }
    Ok(see_other(&plan.path()))
}

/// The number of the snapshot that is meant.
fn settled(site: &Site, name: &str) -> Option<String> {
    let name: SnapshotName = name.parse().ok()?;
    let found = snapshot::find(&Archive::open(&site.archive).ok()?.read().ok()?, &name).ok()?;
    Some(found.number.to_string())
}

/// The form again, with what is wrong.
async fn refused(
    site: &Arc<Site>,
    visit: Visit,
    form: RestoreForm,
    complaints: Complaints,
) -> Result<Response, Refusal> {
    if visit.is_json {
        return Ok(start::complained(&complaints));
    }
    let site = Arc::clone(site);
    blocking(move || {
        let shelf = start::Shelf::look(&site)?;
        let sheets = Sheets::with_restore(&site, &shelf, form, complaints);
        Ok(start::draw(&site, &visit, &shelf, &sheets, StatusCode::UNPROCESSABLE_ENTITY))
    })
    .await
}

/// Makes the plan, beside everything else.
fn make(site: &Arc<Site>, plan: &Arc<Pending>, language: Language) {
    let (site, plan) = (Arc::clone(site), Arc::clone(plan));
    tokio::spawn(async move {
        let pending = Arc::clone(&plan);
        let made = async {
            let turn = site.turn().await?;
            let site = Arc::clone(&site);
            blocking(move || {
                let _turn = turn;
                let job = plan.form.job(&site.place(language));
                let job = job.map_err(|wrong| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, wrong.line(), ""))?;
                let observer: Arc<dyn Observer + Send + Sync> = Arc::new(Silent);
                let planned = job.plan(&site.archive, &observer);
                planned
                    .map(|planned| planned.plan.clone())
                    .map_err(|error| Refusal::new(StatusCode::BAD_GATEWAY, chain(&error), ""))
            })
            .await
        };
        match made.await {
            Ok(made) => pending.set(Stage::Ready(Box::new(made))),
            Err(refusal) => pending.set(Stage::Failed(refusal.what)),
        }
    });
}

/// `GET /inspect/migration/runs/plans/<id>/`
pub(in crate::web) async fn page(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Refusal> {
    let plan = site.plans.get(&id).ok_or_else(|| gone(visit.language))?;
    Ok(show(&site, &plan, &visit, &[], StatusCode::OK))
}

/// `POST /inspect/migration/runs/plans/<id>/`
pub(in crate::web) async fn confirmed(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    visit: Visit,
    Sent(mut fields): Sent,
) -> Result<Response, Refusal> {
    let plan = site.plans.get(&id).ok_or_else(|| gone(visit.language))?;
    let typed = fields.take(FIELD);
    let made = match plan.stage() {
        Stage::Started(path) => return Ok(started(&path, &visit)),
        Stage::Ready(made) if !made.is_refused() => made,
        Stage::Ready(_) | Stage::Making | Stage::Failed(_) => {
            return Ok(show(&site, &plan, &visit, &[], StatusCode::CONFLICT));
        }
    };
    let wrong = unconfirmed(&made, &typed);
    if !wrong.is_empty() {
        return Ok(show(&site, &plan, &visit, &wrong, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let language = visit.language;
    let path = blocking(move || {
        let task = tasks::restore(&site, plan.form.clone(), language, Some(plan.id.clone()));
        let task = task.map_err(|wrong| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, wrong.line(), ""))?;
        plan.start(|| {
            site.audit(format!("start of {}", task.command));
            Ok::<_, Refusal>(RunView::unrecorded(&*site.queue.add(task)?).path())
        })
    })
    .await?;
    Ok(started(&path, &visit))
}

fn started(path: &str, visit: &Visit) -> Response {
    if visit.is_json {
        return json_of(StatusCode::ACCEPTED, &json!({ "Run": path }));
    }
    see_other(path)
}

fn gone(language: Language) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, language.say(words::GONE), "")
}

/// The page at whichever stage the plan is.
fn show(site: &Site, plan: &Pending, visit: &Visit, wrong: &[usize], status: StatusCode) -> Response {
    let language = visit.language;
    let stage = plan.stage();
    if visit.is_json {
        return json_of(status, &told(plan, &stage, wrong));
    }
    let refresh = matches!(stage, Stage::Making).then_some(ASK_AGAIN);
    let content = html! {
        header { h1 { (language.say(words::TITLE)) } }
        div #plan data-state=(name(&stage)) data-refresh[refresh.is_some()] {
            @match &stage {
                Stage::Making => {
                    h2 { (language.say(words::MAKING)) }
                    p.lead { (language.say(words::MAKING_HELP)) }
                    progress aria-label=(language.say(words::MAKING)) {}
                }
                Stage::Failed(why) => (notice(Tone::Bad, html! {
                    strong { (language.say(words::FAILED)) }
                    p #refusal { (why) }
                })),
                Stage::Started(path) => (notice(Tone::Plain, html! {
                    p { (language.say(words::STARTED)) " " a href=(path) { (language.say(frame::RUNS)) } }
                })),
                Stage::Ready(made) => {
                    (draw(made, &plan.path(), &plan.form.commands(&site.place(language)), wrong, language))
                }
            }
        }
        @if !matches!(stage, Stage::Making) { (back(plan, language)) }
    };
    let crumbs = vec![Crumb { label: language.say(frame::BACKUPS).to_owned(), path: ROOT.to_owned() }];
    let title = language.say(words::TITLE);
    visit.page(status, Frame { title, here: Here::Backups, crumbs, refresh }, content)
}

/// Back to the form as it was sent, but for passwords.
fn back(plan: &Pending, language: Language) -> Markup {
    html! {
        p { a #change href={ (ROOT) "?plan=" (plan.id) "#restore-backup" } { (language.say(words::CHANGE)) } }
    }
}

fn name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Making => "making",
        Stage::Ready(made) if made.is_refused() => "refused",
        Stage::Ready(_) => "ready",
        Stage::Failed(_) => "failed",
        Stage::Started(_) => "started",
    }
}

fn told(plan: &Pending, stage: &Stage, wrong: &[usize]) -> serde_json::Value {
    let mut told = json!({ "Plan": plan.id, "State": name(stage) });
    match stage {
        Stage::Making => {}
        Stage::Ready(made) => {
            told["Restore"] = twin(made);
            if !wrong.is_empty() {
                let hosts: Vec<&str> = wrong.iter().map(|at| made.targets[*at].host.as_str()).collect();
                told["Unconfirmed"] = hosts.into();
            }
        }
        Stage::Failed(why) => told["Error"] = why.as_str().into(),
        Stage::Started(path) => told["Run"] = path.as_str().into(),
    }
    debug_assert!(plan.path().starts_with(RUNS));
    told
}
