//! The plan as it is shown.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::fylr::target::FileApi;
use crate::jobs::restore::{Plan, TargetPlan};
use crate::web::forms::CommandLine;
use crate::web::look::field::Field;
use crate::web::look::{Tone, command_line, figure_wide, figures, notice, tally};
use crate::web::plan::confirm::FIELD;
use crate::web::words::{Language, plan as words};

/// A plan, and how it is confirmed. `wrong` are the places of targets whose host was typed wrong.
pub(super) fn draw(plan: &Plan, path: &str, commands: &[CommandLine], wrong: &[usize], language: Language) -> Markup {
    let lines: Vec<String> = commands.iter().map(CommandLine::shell).collect();
    html! {
        @if plan.is_refused() { (refusals(plan, language)) }
        (figures(&[
            figure_wide(language.say(words::BACKUP), html! { (plan.backup) small { (plan.source) } }),
            figure_wide(language.say(words::FILES), html! { (files(plan, language)) }),
        ]))
        (notes(&plan.notes, language))
        @for target in &plan.targets { (draw_target(target, language)) }
        section {
            h2 { (language.say(words::ITEMS)) }
            (items(plan, language))
        }
        @if !plan.is_refused() { (confirmation(plan, path, wrong, language)) }
        (command_line(language, &lines))
    }
}

fn refusals(plan: &Plan, language: Language) -> Markup {
    let of_targets = plan
        .targets
        .iter()
        .flat_map(|target| target.refusals.iter().map(move |refusal| format!("{}: {refusal}", target.server)));
    let all: Vec<String> = plan.refusals.iter().cloned().chain(of_targets).collect();
    notice(
        Tone::Bad,
        html! {
            strong { (language.say(words::REFUSED)) }
            ul #refusals { @for refusal in &all { li { (refusal) } } }
            p { (language.say(words::REFUSED_HELP)) }
        },
    )
}

fn files(plan: &Plan, language: Language) -> String {
    let files = &plan.files;
    let way = match plan.file_api {
        FileApi::None => language.say(words::FILES_NOT),
        api => api.name(),
    };
    let (packed, remote, staying) =
        (language.number(files.packed), language.number(files.remote), language.number(files.staying));
    let (packed_bytes, remote_bytes) = (language.bytes(files.packed_bytes), language.bytes(files.remote_bytes));
    language.fill(words::FILES_LINE, &[&packed, &packed_bytes, &remote, &remote_bytes, &staying, way])
}

fn notes(notes: &[String], language: Language) -> Markup {
    html! {
        @if !notes.is_empty() {
            (notice(Tone::Plain, html! {
                strong { (language.say(words::NOTES)) }
                ul { @for note in notes { li { (note) } } }
            }))
        }
    }
}

fn items(plan: &Plan, language: Language) -> Markup {
    let rows = plan.counts.iter().map(|(kind, count)| (kind.clone(), language.number(*count)));
    html! { div #items { (tally(&rows.collect::<Vec<_>>(), false)) } }
}

fn draw_target(target: &TargetPlan, language: Language) -> Markup {
    let there = if target.is_purged { words::THERE_DELETED } else { words::THERE };
    let objecttypes = &target.contents.objecttypes;
    let rows = objecttypes
        .iter()
        .map(|(name, count)| (name.clone(), count.map_or_else(|| "–".to_owned(), |count| language.number(count))));
    let about = [target.instance.as_str(), target.version.as_str()];
    let about = about.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    html! {
        section.target data-host=(target.host) {
            h2 { (language.say(words::TARGET)) ": " (target.server) }
            @if !about.is_empty() { p.lead { (about) } }
            @if target.goes_on { (notice(Tone::Good, html! { p { (language.say(words::GOES_ON)) } })) }
            (notes(&target.notes, language))
            @if objecttypes.is_empty() {
                p.lead { (language.say(words::NO_MODEL)) }
            } @else {
                h3 { (language.say(there)) }
                (tally(&rows.collect::<Vec<_>>(), target.is_purged))
            }
        }
    }
}

/// The form that starts it. What it destroys is said only where it destroys.
fn confirmation(plan: &Plan, path: &str, wrong: &[usize], language: Language) -> Markup {
    let is_purge = plan.targets.iter().any(|target| target.is_purged);
    html! {
        section #confirm {
            h2 { (language.say(words::CONFIRM)) }
            form #start-form method="post" action=(path) data-confirm data-once autocomplete="off"
                .destroy[is_purge] .confirm[!is_purge] {
                @for (at, target) in plan.targets.iter().enumerate() {
                    @if target.is_purged {
                        strong.destroys { (language.fill(words::DESTROY, &[&target.server])) }
                    }
                    (host(at, target, wrong.contains(&at), language))
                }
                div.buttons {
                    button #start-submit type="submit" .danger[is_purge] {
                        (language.say(if is_purge { words::START_PURGE } else { words::START }))
                    }
                }
            }
        }
    }
}

fn host(at: usize, target: &TargetPlan, is_wrong: bool, language: Language) -> Markup {
    let id = format!("host-{}", at + 1);
    let error = is_wrong.then(|| language.say(words::WRONG_HOST));
    let title = language.fill(words::TYPE_HOST, &[&target.host]);
    let field = Field {
        language,
        form: &id,
        name: FIELD,
        label: words::TARGET,
        help: Some(words::TYPE_HOST_HELP),
        flag: None,
        error,
    };
    field.expecting(&title, &target.host)
}

/// The plan for scripts.
pub(super) fn twin(plan: &Plan) -> Value {
    let targets = plan.targets.iter().map(|target| {
        let there = target.contents.objecttypes.iter().map(|(name, count)| json!({ "Name": name, "Records": count }));
        json!({
            "Target": target.name,
            "Server": target.server,
            "Host": target.host,
            "Instance": target.instance,
            "Version": target.version,
            "Purges": target.is_purged,
            "Continues": target.goes_on,
            "Objecttypes": there.collect::<Vec<_>>(),
            "Notes": target.notes,
            "Refusals": target.refusals,
        })
    });
    json!({
        "Backup": plan.backup,
        "Source": plan.source,
        "Counts": plan.counts,
        "Files": {
            "Packed": plan.files.packed,
            "PackedBytes": plan.files.packed_bytes,
            "ByUrl": plan.files.remote,
            "ByUrlBytes": plan.files.remote_bytes,
            "Elsewhere": plan.files.staying,
        },
        "Notes": plan.notes,
        "Refusals": plan.refusals,
        "IsRefused": plan.is_refused(),
        "Targets": targets.collect::<Vec<_>>(),
    })
}
