//! Parts of the pages about runs that stand on several of them, or are drawn again while one looks.

use maud::{Markup, html};

use crate::archive::runs::{Group, Progress};
use crate::model::log::{Level, Numbered};
use crate::web::look::table::{Column, table};
use crate::web::look::{State, Tone, figure, figures, notice, state, time};
use crate::web::runs::view::{Details, RunView};
use crate::web::words::{Language, Text, runs as words};

const SECOND: f64 = 1e9;

/// A table of runs.
pub(in crate::web) fn rows(views: &[RunView], language: Language) -> Markup {
    let say = |text: Text| language.say(text);
    let columns = [
        Column::Name(say(words::NUMBER)),
        Column::Text(say(words::COMMAND)),
        Column::Text(say(words::STATE)),
        Column::Text(say(words::STARTED)),
        Column::Figure(say(words::TOOK)),
    ];
    let rows = views.iter().map(|view| {
        vec![
            html! { a href=(view.path()) { (view.name) } },
            html! { a href=(view.path()) { (view.command) } },
            state(view.state, language),
            time(language, view.started),
            html! { (view.duration().map(|duration| language.duration(duration)).unwrap_or_default()) },
        ]
    });
    table("runs", &columns, &rows.collect::<Vec<_>>())
}

/// State, figures and progress of a run: what changes while one looks.
pub(super) fn head(view: &RunView, details: &Details, language: Language) -> Markup {
    let say = |text: Text| language.say(text);
    let progress = &details.progress;
    let mut items = vec![
        figure(say(words::STATE), state(view.state, language)),
        figure(say(words::STARTED), time(language, view.started)),
    ];
    if let Some(duration) = view.duration() {
        items.push(figure(say(words::TOOK), html! { (language.duration(duration)) }));
    }
    let process = language.fill(words::PROCESS, &[&view.process.to_string(), &view.host]);
    items.push(figure(say(words::WHERE), html! { (process) }));
    if let Some(snapshot) = view.snapshot {
        items.push(figure(say(words::SNAPSHOT), html! { (snapshot) }));
    }
    if let Some(count) = view.count {
        let label = if view.state == State::Different { words::DIFFERENCES } else { words::SET_ASIDE };
        items.push(figure(say(label), html! { (language.number(count)) }));
    }
    html! {
        (figures(&items))
        (why(view, language))
        @if view.state.is_under_way() || progress.done > 0 { (moving(view, progress, language)) }
        (targets(progress, language))
    }
}

fn why(view: &RunView, language: Language) -> Markup {
    let tone = if matches!(view.state, State::Failed) { Tone::Bad } else { Tone::Warning };
    match (&view.why, view.state) {
        (Some(holder), State::WaitingForArchive) => {
            notice(Tone::Plain, html! { p #waits-for { (language.fill(words::WAITS_FOR, &[holder])) } })
        }
        (None, State::Queued) => notice(Tone::Plain, html! { p { (language.say(words::QUEUED_HELP)) } }),
        (Some(why), _) => notice(tone, html! { p #why { (why) } }),
        (None, _) => html! {},
    }
}

/// How far it is, how fast it goes, and how long it will take.
fn moving(view: &RunView, progress: &Progress, language: Language) -> Markup {
    let say = |text: Text| language.say(text);
    let of = |done: u64, total: u64| match total {
        0 => language.number(done),
        total => language.fill(words::OF, &[&language.number(done), &language.number(total)]),
    };
    let seconds = progress.at.saturating_sub(view.started).max(1) as f64 / SECOND;
    let rate = progress.done as f64 / seconds;
    let is_moving = view.state.is_under_way() && progress.done > 0 && seconds > 1.0;
    let mut items = Vec::new();
    if !progress.phase.is_empty() {
        let done = of(progress.phase_done, progress.phase_total);
        items.push(figure(say(words::PHASE), html! { span #phase { (progress.phase) } " " small { (done) } }));
    }
    items.push(figure(say(words::RECORDS), html! { span #done { (of(progress.done, progress.total)) } }));
    if progress.bytes > 0 {
        items.push(figure(say(words::BYTES), html! { (language.bytes(progress.bytes)) }));
    }
    if is_moving {
        let shown = language.fill(words::PER_SECOND, &[&language.decimal(rate)]);
        items.push(figure(say(words::RATE), html! { span #rate { (shown) } }));
    }
    let left = progress.total.saturating_sub(progress.done);
    if is_moving && left > 0 {
        let left = (left as f64 / rate * SECOND) as i64;
        items.push(figure(say(words::LEFT), html! { span #left { (language.duration(left)) } }));
    }
    html! {
        @if progress.total > 0 {
            progress #progress aria-label=(say(words::PROGRESS)) max=(progress.total)
                value=(progress.done.min(progress.total)) {}
        }
        (figures(&items))
    }
}

fn targets(progress: &Progress, language: Language) -> Markup {
    if progress.targets.is_empty() {
        return html! {};
    }
    let say = |text: Text| language.say(text);
    let columns =
        [Column::Name(say(words::TARGET)), Column::Text(say(words::PHASE)), Column::Figure(say(words::RECORDS))];
    let rows = progress.targets.iter().map(|target| {
        let phase = match target.phase_total {
            0 => target.phase.clone(),
            total => {
                let of = language.fill(words::OF, &[&language.number(target.phase_done), &language.number(total)]);
                format!("{} {of}", target.phase)
            }
        };
        vec![html! { (target.name) }, html! { (phase) }, html! { (language.number(target.done)) }]
    });
    table("targets", &columns, &rows.collect::<Vec<_>>())
}

/// Trouble by kind, with what it means.
pub(super) fn trouble(groups: &[Group], path: &str, language: Language) -> Markup {
    if groups.is_empty() {
        return html! {};
    }
    let say = |text: Text| language.say(text);
    let columns = [
        Column::Name(say(words::KIND)),
        Column::Figure(say(words::HOW_OFTEN)),
        Column::Text(say(words::MEANING)),
        Column::Text(say(words::FIRST_LINE)),
    ];
    let rows = groups.iter().map(|group| {
        vec![
            html! { (level(group.level, language)) " " (group.what) },
            html! { (language.number(group.count)) },
            html! { (say(meaning(group))) },
            html! { a href={ (path) "?from=" (group.first) "#L" (group.first) } { (group.first + 1) } },
        ]
    });
    html! {
        section #trouble {
            h2 { (say(words::TROUBLE)) }
            (table("groups", &columns, &rows.collect::<Vec<_>>()))
        }
    }
}

/// What a kind of trouble means to who reads it.
fn meaning(group: &Group) -> Text {
    let says = |part: &str| group.what.contains(part);
    match group.level {
        Level::Error if says("is not on the target") || says("is not in the backup") => words::MEANS_ASIDE,
        Level::Error => words::MEANS_END,
        _ if says("; again in") => words::MEANS_RETRY,
        _ if says("server is busy") => words::MEANS_BUSY,
        _ if says("read-only mode") => words::MEANS_READ_ONLY,
        _ => words::MEANS_WARNING,
    }
}

/// Lines of a log.
pub(super) fn lines(lines: &[Numbered], language: Language) -> Markup {
    html! {
        @for Numbered { number, line } in lines {
            li id={ "L" (number) } data-level=(line.level.name()) {
                a.number href={ "#L" (number) } { (number + 1) }
                @if line.at != 0 { (clock(line.at)) }
                @if line.level != Level::Info { (level(line.level, language)) }
                span.text { (line.text) }
            }
        }
    }
}

/// The time of day to the second; the day stands in `datetime`.
fn clock(at: i64) -> Markup {
    let zoned = jiff::Timestamp::from_nanosecond(i128::from(at)).unwrap_or_default();
    let shown = zoned.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string();
    html! { time datetime=(crate::web::words::utc(at)) { (shown) } }
}

fn level(level: Level, language: Language) -> Markup {
    let word = match level {
        Level::Info => words::INFO,
        Level::Warning => words::WARNING,
        Level::Error => words::ERROR,
    };
    html! { span.level data-level=(level.name()) { (language.say(word)) } }
}
