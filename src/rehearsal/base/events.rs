//! Events. What is written needs root and `skip_constraints`, but for those of front ends and plugins; `TASK_*` never.
//! The time that is sent is kept, ids are the server's.

use std::fmt::Write as _;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::refer::who;
use crate::rehearsal::base::save::items;
use crate::rehearsal::db::is_timestamp;
use crate::rehearsal::easydb5;
use crate::rehearsal::json::{Node, escape, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{Event, State};

const PAGE_EASYDB5: u64 = 1000;
/// Members of an event that are taken.
const MEMBERS: [&str; 9] = [
    "object_id",
    "object_version",
    "system_object_id",
    "global_object_id",
    "schema",
    "basetype",
    "objecttype",
    "pollable",
    "remote_addr",
];

/// `POST /event/list`, since 6.11
pub(in crate::rehearsal) fn post_events(call: &Call) -> Result<Answer, Problem> {
    let body = call.request.json()?;
    write(call, items(&body)?, false)
}

/// `POST /event`
pub(in crate::rehearsal) fn post_event(call: &Call) -> Result<Answer, Problem> {
    let body = call.request.json()?;
    write(call, std::slice::from_ref(&body), true)
}

fn write(call: &Call, events: &[Node<'_>], is_one: bool) -> Result<Answer, Problem> {
    call.user()?;
    let in_background = call.request.is_on("background");
    let mut state = call.write();
    let before = state.events.all.len();
    for event in events {
        match read(call, &state, event) {
            Ok(event) => drop(state.events.add(event)),
            // Nobody hears of single failures in the background.
            Err(_) if in_background => {}
            Err(problem) => {
                state.events.truncate(before);
                return Err(problem);
            }
        }
    }
    if in_background {
        return Ok(Answer::json(&object([("background", "ok".into())])));
    }
    let mut out = String::new();
    let saved = state.events.all.get(before..).unwrap_or_default();
    for (at, event) in saved.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        tell(call, event, true, &mut out);
    }
    Ok(Answer::json_text(200, if is_one { out } else { format!("[{out}]") }))
}

fn read(call: &Call, state: &State, node: &Node<'_>) -> Result<Event, Problem> {
    let event = node.at("event");
    let kind = event.at("type").text().filter(|kind| !kind.is_empty());
    let kind = kind.ok_or_else(|| Problem::generic("An event needs a type."))?;
    let skips =
        call.caller.is_root && (call.request.is_on("skip_constraints") || call.request.is_on("skipConstraints"));
    let is_free = ["FRONTEND_", "PLUGIN_"].iter().any(|prefix| kind.starts_with(prefix));
    if kind.starts_with("TASK") || !(skips || is_free) {
        let text = format!("The event type {kind} is not allowed.");
        return Err(Problem::new(400, "EventTypeNotAllowed", "userevent", text).with("type", kind.to_owned()));
    }
    let names_user = !node.at("user").is_null() || !event.at("user_id").is_null();
    if names_user && !(skips && call.has(6, 17, 0)) {
        return Err(Problem::generic("An event cannot be written for another user."));
    }
    let user = match who(state, node.at("user"))? {
        Some((false, user)) => user,
        Some((true, _)) => return Err(Problem::generic("An event belongs to a user, not to a group.")),
        None => call.caller.user.unwrap_or(1),
    };
    let timestamp = match event.at("timestamp") {
        Node::Text(time) if is_timestamp(time) => time.to_string(),
        Node::Null => now(),
        other => return Err(Problem::generic(format!("{other} is no time of an event."))),
    };
    let mut members = String::new();
    for key in MEMBERS {
        if let Some(value) = event.get(key).filter(|value| !value.is_null()) {
            let _ = write!(members, "\"{key}\":{value},");
        }
    }
    let text = |key: &str| event.at(key).text().unwrap_or_default().into();
    Ok(Event {
        id: 0,
        kind: kind.into(),
        basetype: text("basetype"),
        objecttype: text("objecttype"),
        timestamp: timestamp.into(),
        user,
        members: members.into(),
        info: if event.at("info").is_null() { "{}".into() } else { event.at("info").to_string().into() },
    })
}

/// `GET /event/list`
pub(in crate::rehearsal) fn get_events(call: &Call) -> Result<Answer, Problem> {
    call.right("system.api.event[get]")?;
    let request = call.request;
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    let with_info = with_info(call)?;
    let limit = match request.number("limit")? {
        None | Some(0) if !is_easydb5 => None,
        Some(limit) => Some((limit as usize).min(call.shared.options.page_max)),
        None => Some(PAGE_EASYDB5 as usize),
    };
    let limit = if is_easydb5 { limit.map(|limit| limit.min(PAGE_EASYDB5 as usize)) } else { limit };
    let offset = request.number("offset")?.unwrap_or(0) as usize;
    let basetype = request.param(if is_easydb5 { "base_type" } else { "basetype" });
    let state = call.read();
    let is_wanted = |event: &&Event| {
        fits(request.param("type"), if is_easydb5 { easydb5::event_type(&event.kind) } else { &event.kind })
            && fits(basetype, &event.basetype)
            && fits(request.param("objecttype"), &event.objecttype)
            && fits(request.param("user_id"), &event.user.to_string())
            && request.param("date_from").is_none_or(|from| &*event.timestamp >= from)
            && request.param("date_to").is_none_or(|to| &*event.timestamp <= to)
    };
    let found = state.events.all.iter().filter(is_wanted).collect::<Vec<_>>();
    let count = found.len();
    let page: Vec<&Event> = match request.param("sort").unwrap_or("_id.DESC") {
        "_id" | "_id.ASC" => found.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect(),
        "_id.DESC" => found.into_iter().rev().skip(offset).take(limit.unwrap_or(usize::MAX)).collect(),
        other => return Err(Problem::parameter("sort", other)),
    };
    let mut out = String::from("{");
    if !(is_easydb5 && request.is_on("skip_count")) {
        let _ = write!(out, "\"count\":{count},");
    }
    let _ = write!(out, "\"limit\":{},\"offset\":{offset},\"objects\":[", limit.unwrap_or(0));
    for (at, event) in page.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        tell(call, event, with_info, &mut out);
    }
    out.push_str("]}");
    Ok(Answer::json_text(200, out))
}

/// `GET /event/{id}`: with `info` in both systems
pub(in crate::rehearsal) fn get_event(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.right("system.api.event[get]")?;
    let state = call.read();
    let missing = || Problem::new(404, "EventNotFound", "api", format!("Event {id} not found."));
    let number = id.parse().map_err(|_| missing())?;
    let at = state.events.all.binary_search_by_key(&number, |event| event.id);
    let event = &state.events.all[at.map_err(|_| missing())?];
    let mut out = String::new();
    tell(call, event, true, &mut out);
    Ok(Answer::json_text(200, out))
}

/// A comma list of a filter.
fn fits(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.split(',').any(|wanted| wanted == value))
}

/// Whether `info` is told: always by fylr, by easydb5 since 5.140 and only in the format `json_full`.
fn with_info(call: &Call) -> Result<bool, Problem> {
    match (call.shared.options.kind, call.request.param("format")) {
        (Kind::Fylr, None | Some("json")) => Ok(true),
        (Kind::Easydb5, None | Some("json")) => Ok(false),
        (Kind::Easydb5, Some("json_full")) if call.shared.options.release.has(5, 140, 0) => Ok(true),
        (_, Some(other)) => Err(Problem::parameter("format", other)),
    }
}

fn tell(call: &Call, event: &Event, with_info: bool, out: &mut String) {
    let Event { id, kind, timestamp, user, members, info, .. } = event;
    let _ = write!(out, "{{\"_basetype\":\"event\",\"event\":{{\"_id\":{id},\"type\":");
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    escape(if is_easydb5 { easydb5::event_type(kind) } else { kind }, out);
    out.push(',');
    // Members end with a comma each, and the time follows.
    if is_easydb5 {
        out.push_str(&easydb5::event_members(members));
    } else {
        out.push_str(members);
    }
    out.push_str("\"timestamp\":");
    escape(timestamp, out);
    if with_info {
        let _ = write!(out, ",\"info\":{info}");
    }
    let who = if is_easydb5 { "_user" } else { "user" };
    let _ = write!(out, "}},\"{who}\":{{\"_basetype\":\"user\",\"user\":{{\"_id\":{user}}}}}}}");
}
