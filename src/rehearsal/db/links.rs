//! Lookups: what a record is found by. Exactly one live record must be found; only a system id or a UUID can be promised
//! with `_allow_defer`, and only where the caller of [`resolve`] says so. A deleted record is found by nobody, but may be
//! promised.

use crate::rehearsal::datamodel::{ColumnKind, Model};
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{State, SystemId, Target, Uuid, lookup_values};

/// Whether a lookup may name what is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rehearsal) enum Deferral {
    Allowed,
    Refused,
}

/// Finds the record of a table that a lookup names; `true`: it is promised.
///
/// # Errors
/// When the lookup is malformed, finds nothing or too much, or defers what cannot be deferred.
pub(in crate::rehearsal) fn resolve(
    state: &State,
    model: &Model,
    table: usize,
    lookup: &Node<'_>,
    deferral: Deferral,
) -> Result<(Target, bool), Problem> {
    let is_deferred = lookup.at("_allow_defer").bool().unwrap_or(false);
    let mut keys = lookup.members().iter().filter(|(key, _)| key != "_allow_defer" && key != "_objecttype");
    let (Some((key, value)), None) = (keys.next(), keys.next()) else {
        return Err(Problem::inconsistent(format!("a lookup needs exactly one key, this is {lookup}")));
    };
    if is_deferred && deferral == Deferral::Refused {
        return Err(Problem::inconsistent("\"_allow_defer\" is not allowed here"));
    }
    let target = match &**key {
        "_system_object_id" => {
            let id = value.number().filter(|id| *id > 0);
            Target::Id(SystemId(id.ok_or_else(|| Problem::inconsistent(format!("{value} is no _system_object_id")))?))
        }
        "_uuid" => {
            let uuid = value.text().and_then(Uuid::parse);
            Target::Uuid(uuid.ok_or_else(|| Problem::inconsistent(format!("{value} is no _uuid")))?)
        }
        _ if is_deferred => {
            let text = "\"_allow_defer\" is allowed with \"_system_object_id\" and \"_uuid\" only";
            return Err(Problem::inconsistent(text));
        }
        column => return Ok((by_column(state, model, table, column, value)?, false)),
    };
    let found = state.records.find(target);
    match found {
        Some((_, record)) if record.table != table && is_deferred => Err(wrong_objecttype(model, table)),
        Some((id, record)) if record.table == table && record.deleted_at.is_none() => Ok((Target::Id(id), false)),
        Some((id, _)) if is_deferred => Ok((Target::Id(id), true)),
        None if is_deferred => Ok((target, true)),
        _ => Err(Problem::lookup_not_found(key, &value.to_string())),
    }
}

pub(super) fn wrong_objecttype(model: &Model, table: usize) -> Problem {
    let text = format!("The deferred linked object is not of the object type {}.", model.tables[table].name);
    Problem::new(400, "DeferredLinkedObjectWrongObjecttype", "object", text)
}

fn by_column(state: &State, model: &Model, table: usize, name: &str, value: &Node<'_>) -> Result<Target, Problem> {
    let column = model.tables[table].columns.get(name);
    let kind = column.map(|column| &column.kind);
    let fits = match kind {
        Some(ColumnKind::Text) => value.text().is_some(),
        Some(ColumnKind::Localized) => !lookup_values(value).is_empty() && value.is_object(),
        Some(ColumnKind::Number | ColumnKind::Fixed | ColumnKind::Serial) => matches!(value, Node::Number(_)),
        _ => false,
    };
    if !fits {
        let text = format!("\"{name}\" of {} cannot be looked up by {value}", model.tables[table].name);
        return Err(Problem::inconsistent(text));
    }
    match state.records.by_column(table, name, &lookup_values(value)).as_slice() {
        [] => Err(Problem::lookup_not_found(name, &value.to_string())),
        [id] => Ok(Target::Id(*id)),
        many => Err(Problem::lookup_found_too_many(many.len(), &value.to_string())),
    }
}
