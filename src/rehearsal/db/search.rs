//! `POST /search`, as far as counts and lists of ids need it: `objecttypes`, `in` and `range` on `_system_object_id`,
//! `offset`, `limit`, `sort` by `_system_object_id`, `search_after`, `include_deleted`. Any other search element is
//! refused. There is no index: what is saved is found at once.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::db::render::{Format, Renderer};
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{State, SystemId};

/// The greatest `limit` of a regular search.
const LIMIT_MAX: u64 = 1000;
/// The deepest offset of the index; beyond it `search_after` leads on.
const OFFSET_MAX: u64 = 10_000;

pub(in crate::rehearsal) fn search(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let body = call.request.json()?;
    if body.at("type").text().is_some_and(|kind| !matches!(kind, "" | "object")) {
        return Err(Problem::generic("Only records can be searched here."));
    }
    let limit = body.at("limit").number().unwrap_or(100);
    let offset = body.at("offset").number().unwrap_or(0);
    if limit > LIMIT_MAX || offset + limit > OFFSET_MAX {
        return Err(Problem::generic(format!(
            "limit {limit} and offset {offset} reach beyond the window of the index."
        )));
    }
    let state = call.read();
    let tables = tables(&state, body.at("objecttypes"))?;
    let renderer = Renderer::new(call, &state, format(&body)?);
    let mut found = Vec::new();
    for table in &tables {
        found.extend(state.records.rows(*table).iter().map(|(_, id)| *id));
    }
    let filters = body.at("search").list().iter().map(Filter::read).collect::<Result<Vec<_>, _>>()?;
    let with_deleted = body.at("include_deleted").bool() == Some(true);
    found.retain(|id| {
        let record = state.records.get(*id);
        record.is_some_and(|record| (with_deleted || record.deleted_at.is_none()) && renderer.may_read(record))
            && filters.iter().all(|filter| filter.fits(*id))
    });
    found.sort_unstable();
    let count = found.len();
    if let Some(after) = body.at("search_after").list().first().and_then(Node::number) {
        found.retain(|id| id.0 > after);
    }
    let objects = found.iter().skip(offset as usize).take(limit as usize).map(|id| {
        let mut out = String::new();
        renderer.newest(*id, &mut out);
        Node::Raw(out.into())
    });
    let names = tables.iter().map(|at| state.documents.model.tables[*at].name.as_str().into());
    Ok(Answer::json(&object([
        ("objecttypes", Node::List(names.collect())),
        ("count", count.into()),
        ("offset", offset.into()),
        ("limit", limit.into()),
        ("objects", Node::List(objects.collect())),
    ])))
}

fn format(body: &Node<'_>) -> Result<Format, Problem> {
    match body.at("format").text() {
        None | Some("short") => Ok(Format::Short),
        Some("standard") => Ok(Format::Standard),
        Some("long") => Ok(Format::Long),
        Some("full") => Ok(Format::Full),
        Some(other) => Err(Problem::parameter("format", other)),
    }
}

fn tables(state: &State, names: &Node<'_>) -> Result<Vec<usize>, Problem> {
    let model = &state.documents.model;
    if names.list().is_empty() {
        return Ok((0..model.tables.len()).filter(|at| model.tables[*at].owner.is_none()).collect());
    }
    let find = |name: &Node<'_>| super::insert::find(model, name.text().unwrap_or_default());
    names.list().iter().map(find).collect()
}

/// A condition on the id of a record.
enum Filter {
    In(Vec<u64>),
    Range(u64, u64),
}

impl Filter {
    fn read(element: &Node<'_>) -> Result<Self, Problem> {
        let field = element.at("field").text().or_else(|| element.at("fields").list().first()?.text());
        match (element.at("type").text(), field) {
            (Some("in"), Some("_system_object_id")) => {
                Ok(Self::In(element.at("in").list().iter().filter_map(Node::number).collect()))
            }
            (Some("range"), Some("_system_object_id")) => {
                Ok(Self::Range(element.at("from").number().unwrap_or(0), element.at("to").number().unwrap_or(u64::MAX)))
            }
            _ => Err(Problem::generic(format!("This instance does not search by {element}."))),
        }
    }

    fn fits(&self, id: SystemId) -> bool {
        match self {
            Self::In(ids) => ids.contains(&id.0),
            Self::Range(from, to) => (*from..=*to).contains(&id.0),
        }
    }
}
