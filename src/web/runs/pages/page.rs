//! The page of one run.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use crate::archive::Archive;
use crate::archive::id::RunId;
use crate::archive::runs::{self, LogPage};
use crate::jobs;
use crate::model::log::{Level, Numbered};
use crate::web::answer::{self, ROOT, Refusal};
use crate::web::forms::command_lines;
use crate::web::look::{Crumb, Here, RUNS, assets, command_line};
use crate::web::runs::live::Live;
use crate::web::runs::pages::act::{self, Secret};
use crate::web::runs::pages::log::{self, Wanted};
use crate::web::runs::pages::{draw, report};
use crate::web::runs::view::{self, Details, Named, RunView};
use crate::web::site::{Site, blocking};
use crate::web::visit::{Frame, Visit};
use crate::web::words::{Language, frame, runs as words};

/// Seconds after which a browser without scripts asks again.
const REFRESH: u32 = 5;

/// Where what is known of a run stands.
pub(super) struct Place {
    archive: Option<(Archive, RunId)>,
    pub live: Option<Arc<Live>>,
}

impl Place {
    pub fn view(&self) -> Result<RunView, Refusal> {
        match (&self.archive, &self.live) {
            (Some((archive, id)), live) => {
                let run = runs::find(&archive.read()?, *id)?.ok_or(jobs::Error::NoRun(*id))?;
                Ok(RunView::recorded(run, live.as_deref()))
            }
            (None, Some(live)) => Ok(RunView::unrecorded(live)),
            (None, None) => Err(Refusal::not_found()),
        }
    }

    pub fn details(&self) -> Result<Details, Refusal> {
        match (&self.archive, &self.live) {
            (Some((archive, id)), live) => Details::read(archive, *id, live.as_deref()),
            (None, Some(live)) => Ok(Details::of(live)),
            (None, None) => Err(Refusal::not_found()),
        }
    }

    pub fn lines(&self, page: LogPage, least: Level, count: usize) -> Result<Vec<Numbered>, Refusal> {
        let archive = self.archive.as_ref().map(|(archive, id)| (archive, *id));
        let live = self.live.as_deref().filter(|live| archive.is_none() || log::is_growing(Some(live)));
        view::lines(archive, live, page, least, count)
    }
}

/// Finds a run by its name in a path.
pub(super) fn find(site: &Site, name: &str) -> Result<Place, Refusal> {
    let (id, live) = match Named::parse(name)? {
        Named::Run(id) => (Some(id), site.queue.of_run(id)),
        Named::Key(key) => {
            let live = site.queue.of_key(&key).ok_or_else(forgotten)?;
            (live.run(), Some(live))
        }
    };
    let archive = id.map(|id| Ok::<_, Refusal>((Archive::open(&site.archive)?, id))).transpose()?;
    if let Some((archive, id)) = &archive {
        runs::find(&archive.read()?, *id)?.ok_or(jobs::Error::NoRun(*id))?;
    }
    Ok(Place { archive, live })
}

fn forgotten() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "this run never began: what waits is not kept when the page ends",
        "send the form again",
    )
}

/// `GET /inspect/migration/runs/…/`
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let wanted = Wanted::of(&query);
    let asked = name.clone();
    let language = visit.language;
    let found = blocking(move || {
        let place = find(&site, &asked)?;
        let (view, details) = (place.view()?, place.details()?);
        let page = wanted.page.unwrap_or(LogPage::Before(u64::MAX));
        let commands = details.request.as_ref().map(|request| command_lines(request, &site.place(language)));
        Ok((view, details, commands.unwrap_or_default(), place.lines(page, wanted.least, wanted.count())?))
    });
    let (view, details, commands, lines) = found.await?;
    if visit.is_json {
        return Ok(answer::json_of(StatusCode::OK, &twin(&view, &details)));
    }
    if view.name != name {
        // It has its number by now.
        return Ok(answer::see_other(&view.path()));
    }
    let title = match view.run {
        Some(run) => language.fill(words::RUN, &[&run.to_string()]),
        None => view.command.clone(),
    };
    let content = html! {
        (content(&view, &details, &lines, wanted, &title, language))
        @if !commands.is_empty() { (command_line(language, &commands)) }
    };
    let crumbs = vec![Crumb { label: language.say(frame::RUNS).to_owned(), path: RUNS.to_owned() }];
    let refresh = view.state.is_under_way().then_some(REFRESH);
    Ok(visit.page(StatusCode::OK, Frame { title: &title, here: Here::Runs, crumbs, refresh }, content))
}

/// The run as JSON.
fn twin(view: &RunView, details: &Details) -> Value {
    let mut run = view.json();
    if let (Value::Object(run), Value::Object(details)) = (&mut run, details.json()) {
        run.extend::<Map<_, _>>(details);
    }
    json!({ "Run": run })
}

fn content(
    view: &RunView,
    details: &Details,
    lines: &[Numbered],
    wanted: Wanted,
    title: &str,
    language: Language,
) -> Markup {
    let path = view.path();
    let is_live = view.state.is_under_way();
    let next = lines.last().map_or(0, |line| line.number + 1);
    let is_last_page = wanted.page.is_none();
    html! {
        h1 { (title) }
        p #command { code { (view.command) } }
        section #run data-state=(view.state.name()) aria-live="polite"
            data-stream=[(is_live && is_last_page).then(|| format!("{path}events"))] data-next=(next)
            data-level=(wanted.least.name()) {
            (draw::head(view, details, language))
        }
        (actions(view, details, language))
        @if let Some(found) = &details.report { (report::draw(found, language)) }
        (draw::trouble(&details.groups, &path, language))
        (log_section(view, details, lines, wanted, language))
        script src=(assets::RUN.path()) defer {}
    }
}

fn log_section(view: &RunView, details: &Details, lines: &[Numbered], wanted: Wanted, language: Language) -> Markup {
    let path = view.path();
    let level = wanted.least.name();
    let first = lines.first().map_or(0, |line| line.number);
    let next = lines.last().map_or(0, |line| line.number + 1);
    let choices = [(Level::Info, words::ALL), (Level::Warning, words::WARNINGS), (Level::Error, words::ERRORS)];
    html! {
        section #log-section {
            h2 { (language.say(words::LOG)) " " small { (language.number(details.lines_total)) } }
            nav.filter aria-label=(language.say(words::FILTER)) {
                @for (choice, text) in choices {
                    a href={ (path) "?level=" (choice.name()) "#log-section" }
                        aria-current=[(choice == wanted.least).then_some("true")] { (language.say(text)) } " "
                }
                a #raw href={ (path) "log" } download { (language.say(words::RAW)) }
            }
            @if first > 0 {
                p { a #earlier rel="prev" href={ (path) "?before=" (first) "&level=" (level) "#log-section" } {
                    (language.say(words::EARLIER))
                } }
            }
            @if lines.is_empty() { p #no-lines { (language.say(words::NO_LINES)) } }
            ol #log tabindex="0" aria-label=(language.say(words::LOG)) { (draw::lines(lines, language)) }
            @if wanted.page.is_some() && next < details.lines_total {
                p {
                    a #later rel="next" href={ (path) "?from=" (next) "&level=" (level) "#log-section" } {
                        (language.say(words::LATER))
                    } " "
                    a href={ (path) "?level=" (level) "#log-section" } { (language.say(words::NEWEST_LINES)) }
                }
            }
            button #follow type="button" hidden { (language.say(words::FOLLOW)) }
        }
    }
}

/// What can be done to a run, each with a form of its own.
fn actions(view: &RunView, details: &Details, language: Language) -> Markup {
    let path = view.path();
    let form = details.request.as_ref().and_then(|request| request["form"].as_str().map(str::to_owned));
    let secrets = details.request.as_ref().map(act::secrets).unwrap_or_default();
    let (may_continue, may_retry) = act::possible(view, details);
    let is_of_command_line = details.request.is_none() && act::is_unfinished(view.state);
    let again = |id: &str, action: &str, label: crate::web::words::Text| {
        html! {
            form id=(id) method="post" action={ (path) (action) } data-once {
                input type="hidden" name="once" value=(format!("{:032x}", fastrand::u128(..)));
                @for secret in &secrets { (asked(id, secret, language)) }
                button type="submit" { (language.say(label)) }
            }
        }
    };
    html! {
        section #actions aria-label=(language.say(words::ACTIONS)) {
            @if view.state.is_under_way() && view.is_here {
                form #cancel method="post" action={ (path) "cancel" } data-once {
                    button type="submit" { (language.say(words::CANCEL)) }
                    p { small { (language.say(words::CANCEL_HELP)) } }
                }
            }
            @if view.state.is_under_way() && !view.is_here { p { (language.say(words::NOT_HERE)) } }
            @if may_continue { (again("continue", "continue", words::CONTINUE)) }
            @if may_retry { (again("retry", "retry", words::RETRY)) }
            @if is_of_command_line { p #on-command-line { (language.say(words::ON_COMMAND_LINE)) } }
            @if let Some(form) = &form {
                p { a #as-form href={ (ROOT) "?run=" (view.name) "#" (form) } { (language.say(words::AS_FORM)) } }
            }
        }
    }
}

/// A secret that is not kept anywhere and must be typed again.
fn asked(form: &str, secret: &Secret, language: Language) -> Markup {
    let id = format!("{form}-{}", secret.id);
    let label = match &secret.of {
        Some((login, server)) => language.fill(words::PASSWORD_OF, &[login, server]),
        None => language.say(words::CLIENT_SECRET).to_owned(),
    };
    html! {
        label for=(id) { (label) }
        input id=(id) name=(secret.name) type="password" autocomplete="new-password" required;
    }
}
