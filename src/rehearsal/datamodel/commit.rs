//! `POST /schema/commit`: HEAD becomes CURRENT, and records are checked against it from then on.

use std::sync::Arc;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::datamodel::table::{ColumnKind, Model};
use crate::rehearsal::datamodel::{compile, masks};
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::{Problem, confirmation};
use crate::rehearsal::state::State;

/// Without `reindex` and `confirm` a person would be asked.
pub(in crate::rehearsal) fn commit(call: &Call) -> Result<Answer, Problem> {
    call.right("system.datamodel[commit]")?;
    let mut state = call.write();
    let request = call.request;
    if call.shared.options.confirm && (request.param("confirm").is_none() || request.param("reindex").is_none()) {
        let message = "The data model will be committed and all records indexed.";
        return Ok(confirmation("Commit data model", message, ("confirm", "yes")));
    }
    let mut model = compile::compile(&state.documents.head.schema, &state.enabled_plugins())?;
    allow(&state, &model)?;
    masks::add(&mut model, &state.documents.head.mask)?;
    let version = next_version(&state);
    let documents = &mut state.documents;
    documents.head.schema.set("version", version);
    documents.head.mask.set("based_on_schema_version", version);
    let committed = documents.head.clone();
    documents.committed.push(committed);
    documents.model = Arc::new(model);
    state.records.model_changed();
    state.ensure_objecttypes();
    Ok(Answer::ok())
}

/// The number that was sent, if it follows the last one; else the next.
fn next_version(state: &State) -> u64 {
    let sent = state.documents.head.schema.at("version").number().unwrap_or(1);
    let last = state.documents.current().schema.at("version").number().unwrap_or(1);
    if sent > last || state.documents.committed.len() == 1 { sent.max(1) } else { last + 1 }
}

/// Records must keep what they have: no table with records goes, moves or changes the type of a column.
pub(super) fn allow(state: &State, new: &Model) -> Result<(), Problem> {
    let old = &state.documents.model;
    for (at, table) in old.tables.iter().enumerate() {
        let kept = new.tables.get(at).filter(|kept| kept.name == table.name && kept.id == table.id);
        if kept.is_none() && (table.owner.is_some() || state.records.count(at) > 0) && !state.records.is_empty() {
            let text = format!("The object type {} is not empty.", table.name);
            let problem = Problem::new(400, "ObjecttypeNotEmpty", "api", text);
            return Err(problem.with("objecttype", table.name.clone()));
        }
        let Some(kept) = kept else { continue };
        for (name, column) in &table.columns {
            if let Some(other) = kept.columns.get(name)
                && !same(&other.kind, &column.kind)
            {
                let text = format!("The type of {}.{name} cannot be changed.", table.name);
                return Err(Problem::new(400, "TypeChangeUnsupported", "datamodel", text).with("column", name.clone()));
            }
        }
    }
    Ok(())
}

fn same(a: &ColumnKind, b: &ColumnKind) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// The ids of all tables, for settings of objecttypes.
pub(in crate::rehearsal) fn table_names(schema: &Node<'_>) -> Vec<(u64, String)> {
    let tables = schema.at("tables").list().iter().filter(|table| table.at("owned_by").is_null());
    tables.filter_map(|table| Some((table.at("table_id").number()?, table.at("name").text()?.to_owned()))).collect()
}
