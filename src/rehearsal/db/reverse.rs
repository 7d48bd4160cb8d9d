//! Children that are edited with their parent (`_reverse_nested:<objecttype>:<column>`): those that come with it are
//! saved, and those that were there and do not come are deleted. A client that sends records one objecttype after
//! another must therefore say `skip_reverse_nested`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::rehearsal::datamodel::Reverse;
use crate::rehearsal::db::insert::{Done, Insertion};
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{State, SystemId};

/// Saves and deletes the children of a record that was just saved.
pub(super) fn reconcile(
    insertion: &mut Insertion<'_>,
    state: &mut State,
    table: usize,
    id: SystemId,
    block: &Node<'_>,
) -> Result<(), Problem> {
    let model = Arc::clone(&insertion.model);
    for (key, reverse) in &model.tables[table].reverse {
        if !reverse.is_edited {
            continue;
        }
        let mut kept = Vec::new();
        for child in block.at(key).list() {
            let child = complete(insertion, table, reverse, id, child)?;
            kept.push(insertion.save(state, reverse.table, &child)?);
        }
        let Some(uuid) = state.records.get(id).map(|record| record.uuid) else { continue };
        for (child, column) in state.records.linking_to(id, uuid) {
            if column == reverse.column_id && !kept.contains(&child) {
                state.records.mark(child, Some(insertion.now.clone().into_boxed_str()));
                insertion.done.push(Done::Deleted(child));
            }
        }
    }
    Ok(())
}

/// A child as a record of its own that links to its parent; it may come as that, or as its block alone.
fn complete(
    insertion: &Insertion<'_>,
    table: usize,
    reverse: &Reverse,
    parent: SystemId,
    child: &Node<'_>,
) -> Result<Node<'static>, Problem> {
    let objecttype = insertion.model.tables[reverse.table].name.clone();
    let mut child = child.to_doc();
    if !child.is_object() {
        return Err(Problem::inconsistent(format!("a child of type {objecttype} is {}", child.kind())));
    }
    if child.get("_objecttype").is_none() {
        let block = std::mem::take(&mut child);
        child = object([("_objecttype", objecttype.clone().into()), ("_mask", "_all_fields".into())]);
        child.set(Cow::Owned(objecttype.clone()), block);
    }
    let of = insertion.model.tables[table].name.clone();
    let mut link = object([("_objecttype", of.clone().into()), ("_mask", "_all_fields".into())]);
    let lookup = object([("_system_object_id", parent.0.into())]);
    link.set(Cow::Owned(of), object([("lookup:_id", lookup)]));
    if let Some(block) = child.get_mut(&objecttype) {
        block.set(Cow::Owned(reverse.column.clone()), link);
    }
    Ok(child)
}
