//! `GET /db/{objecttype}/{mask}/…`. Rights are looked at record by record after the page is cut, so a page can be short.
//! With `all_versions` the page counts records, not versions, in both systems, and records that are deleted but kept are
//! among them; without it they are not. Of fylr neither is documented.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::datamodel::Table;
use crate::rehearsal::db::insert::find;
use crate::rehearsal::db::render::{Format, Renderer};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{Record, State, SystemId, Target};

/// The default page of fylr, and that of easydb5 with and without histories.
const PAGE_FYLR: u64 = 1000;
const PAGE_EASYDB5_HISTORY: u64 = 1000;
const PAGE_EASYDB5: u64 = 100;

/// `GET /db/{objecttype}/{mask}/list`
pub(in crate::rehearsal) fn get_list(call: &Call, objecttype: &str, mask: &str) -> Result<Answer, Problem> {
    call.user()?;
    let is_history = call.request.is_on("all_versions");
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    if is_easydb5 && is_history {
        call.root()?;
        if mask != "_all_fields" {
            return Err(Problem::new(400, "error.api.parameter", "api", "all_versions needs the mask _all_fields"));
        }
    }
    if call.request.is_on("files_real_url") && call.has(6, 34, 0) {
        call.root()?;
    }
    let default = match (is_easydb5, is_history) {
        (false, _) => PAGE_FYLR,
        (true, true) => PAGE_EASYDB5_HISTORY,
        (true, false) => PAGE_EASYDB5,
    };
    let (limit, offset) = call.page(default)?;
    let format = Format::of(call, Format::Full)?;
    let state = call.read();
    let (at, table) = table(call, &state, objecttype, mask)?;
    let mut renderer = Renderer::new(call, &state, format);
    renderer.is_history = is_history;
    renderer.skip_reverse_nested = call.request.is_on("skip_reverse_nested") || table.reverse.is_empty();
    let mut out = String::from("[");
    for id in page(&state, at, offset, limit, is_history) {
        let Some(record) = state.records.get(id).filter(|record| renderer.may_read(record)) else { continue };
        versions(&renderer, id, record, is_history, &mut out);
    }
    out.push(']');
    Ok(Answer::json_text(200, out))
}

fn versions(renderer: &Renderer<'_>, id: SystemId, record: &Record, is_history: bool, out: &mut String) {
    let newest = record.versions.len();
    let first = if is_history { 1 } else { newest };
    for number in first..=newest {
        if !out.ends_with('[') || out.len() > 1 {
            out.push(',');
        }
        renderer.version(id, record, number, out);
    }
}

/// The records of a page, deleted ones only in histories.
fn page(state: &State, table: usize, offset: usize, limit: usize, is_history: bool) -> Vec<SystemId> {
    let rows = if is_history { state.records.rows(table) } else { state.records.live(table) };
    rows.iter().skip(offset).take(limit).map(|(_, id)| *id).collect()
}

fn table<'s>(call: &Call, state: &'s State, name: &str, mask: &str) -> Result<(usize, &'s Table), Problem> {
    let at = find(&state.documents.model, name)?;
    let table = &state.documents.model.tables[at];
    if table.has_mask(mask) {
        return Ok((at, table));
    }
    let (code, text) = match call.shared.options.kind {
        Kind::Fylr => ("UnknownObjecttype", format!("Unknown object type or mask {name}/{mask}.")),
        Kind::Easydb5 => ("error.user.mask_not_found", format!("Mask {mask} not found")),
    };
    Err(Problem::new(400, code, "api", text).with("objecttype", name.to_owned()))
}

/// `GET /db/{objecttype}/{mask}/{id}`, `…/system_object_id/{id}` and `…/global_object_id/{id}`: a list of one or none,
/// or of all versions.
pub(in crate::rehearsal) fn get_one(
    call: &Call,
    objecttype: &str,
    mask: &str,
    by: &str,
    id: &str,
) -> Result<Answer, Problem> {
    call.user()?;
    let format = Format::of(call, Format::Full)?;
    let state = call.read();
    let (at, table) = table(call, &state, objecttype, mask)?;
    let number = || id.parse::<u64>().map_err(|_| Problem::parameter(by, id));
    let found = match by {
        "_id" => state.records.by_row(at, number()?),
        "system_object_id" => Some(SystemId(number()?)),
        _ => {
            let local = id.split_once('@').filter(|(_, of)| *of == state.uuid || *of == "local");
            local.and_then(|(id, _)| id.parse().ok()).map(SystemId)
        }
    };
    let mut renderer = Renderer::new(call, &state, format);
    renderer.is_history = call.request.is_on("all_versions");
    renderer.skip_reverse_nested = call.request.is_on("skip_reverse_nested") || table.reverse.is_empty();
    let mut out = String::from("[");
    let found = found.and_then(|id| state.records.find(Target::Id(id))).filter(|(_, record)| record.table == at);
    if let Some((id, record)) = found.filter(|(_, record)| renderer.may_read(record)) {
        match call.request.param("version") {
            None | Some("current") => {
                // As with lists: without the history a deleted record is not there.
                if renderer.is_history || record.deleted_at.is_none() {
                    versions(&renderer, id, record, renderer.is_history, &mut out);
                }
            }
            Some(text) => {
                let version = text.parse().map_err(|_| Problem::parameter("version", text))?;
                renderer.version(id, record, version, &mut out);
            }
        }
    }
    out.push(']');
    Ok(Answer::json_text(200, out))
}
