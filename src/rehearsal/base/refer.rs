//! Lookups of base types by their reference, anywhere in a document: they become ids.

use crate::rehearsal::json::{Doc, Node};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::State;

/// The blocks in which things are looked up.
const BLOCKS: [&str; 4] = ["user", "group", "pool", "collection"];

/// The id that a reference of a kind stands for.
fn by_reference(state: &State, block: &str, reference: &str) -> Option<u64> {
    match block {
        "user" => state.users.by_reference(reference),
        "group" => state.groups.by_reference(reference),
        "pool" => state.pools.by_reference(reference),
        "collection" => state.collections.by_reference(reference),
        _ => None,
    }
}

/// What a lookup by reference finds.
///
/// # Errors
/// When it looks up by anything else, or finds nothing.
pub(super) fn look_up(state: &State, block: &str, lookup: &Node<'_>) -> Result<u64, Problem> {
    let (Some(reference), 1) = (lookup.at("reference").text(), lookup.members().len()) else {
        return Err(Problem::generic(format!("A {block} is looked up by its reference, not by {lookup}.")));
    };
    by_reference(state, block, reference).ok_or_else(|| Problem::lookup_not_found("reference", reference))
}

/// Replaces every lookup in a document by the id it finds, and checks the ids of users and groups that stand there.
///
/// # Errors
/// When a lookup or an id finds nothing.
pub(in crate::rehearsal) fn resolve_all(state: &State, node: &mut Doc) -> Result<(), Problem> {
    match node {
        Node::List(elements) => elements.iter_mut().try_for_each(|element| resolve_all(state, element)),
        Node::Object(members) => {
            for (name, value) in members.iter_mut() {
                if BLOCKS.contains(&&**name) {
                    resolve_block(state, name, value)?;
                }
                resolve_all(state, value)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn resolve_block(state: &State, block: &str, value: &mut Doc) -> Result<(), Problem> {
    if let Some(lookup) = value.take("lookup:_id") {
        let id = look_up(state, block, &lookup)?;
        value.set("_id", id);
    } else if let Some(id) = value.get("_id")
        && value.members().len() == 1
    {
        // A block with nothing but an id refers to something.
        let number = id.number().unwrap_or_default();
        let is_there = match block {
            "user" => state.users.get(number).is_some(),
            "group" => state.groups.get(number).is_some(),
            "pool" => state.pools.get(number).is_some(),
            _ => state.collections.get(number).is_some(),
        };
        if !is_there {
            return Err(Problem::lookup_not_found("_id", &id.to_string()));
        }
    }
    Ok(())
}

/// The user or group (`true`) that a wrapper names; `None` for null.
///
/// # Errors
/// When it names nobody.
pub(in crate::rehearsal) fn who(state: &State, node: &Node<'_>) -> Result<Option<(bool, u64)>, Problem> {
    if node.is_null() {
        return Ok(None);
    }
    for (block, is_group) in [("user", false), ("group", true)] {
        let Some(named) = node.get(block) else { continue };
        let id = match named.get("lookup:_id") {
            Some(lookup) => look_up(state, block, lookup)?,
            None => {
                let id = named.at("_id").number();
                let shelf = if is_group { &state.groups } else { &state.users };
                let id = id.filter(|id| shelf.get(*id).is_some());
                id.ok_or_else(|| Problem::lookup_not_found("_id", &named.at("_id").to_string()))?
            }
        };
        return Ok(Some((is_group, id)));
    }
    Err(Problem::generic(format!("{node} names neither a user nor a group.")))
}
