//! The references of all base types, settled before the first of them is turned: they name each other.

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::source::base_types::Lists;
use crate::fylr::source::base_types::gathered::{Gathered, GatheredItem};
use crate::fylr::source::book::{Book, Clash, References};
use crate::fylr::source::read::{Reader, parsed};
use crate::fylr::source::turn;

/// Writes the book of references.
pub(super) fn settle(reader: &mut Reader, lists: &Lists, mut collections: Gathered) -> Result<(), Error> {
    let Json::Array(groups_of_tags) = parsed(&lists.tags, "tags")? else { return Ok(()) };
    let (tag_groups, tags, mut clashes) = turn::settled_tags(&groups_of_tags);
    let mut settle = |kind: &str, gathered: &Gathered| {
        let items = gathered.items.iter().map(|item| (item.id, own_reference(kind, item)));
        let (references, more) = References::settle(kind, items);
        clashes.extend(more);
        references
    };
    let users = settle("user", &lists.users);
    personal(&mut collections, &users)?;
    let book = Book {
        tag_groups,
        tags,
        groups: settle("group", &lists.groups),
        pools: settle("pool", &lists.pools),
        collections: settle("collection", &collections),
        messages: settle("message", &lists.messages),
        users,
    };
    for Clash { wanted, taken } in clashes {
        reader.limit(format!("{wanted} is restored as {taken}, for something else is called {wanted}"));
    }
    reader.state.book = Some(book);
    Ok(())
}

/// The reference that something has, or that every target gives it.
fn own_reference(kind: &str, item: &GatheredItem) -> Option<String> {
    let is_root = matches!(kind, "pool" | "collection") && item.parent.is_none();
    item.reference.clone().or_else(|| is_root.then(|| "system:root".to_owned()))
}

/// Collections that a user has from the beginning are named after the user on every target.
fn personal(collections: &mut Gathered, users: &References) -> Result<(), Error> {
    let roots: Vec<u64> = collections.items.iter().filter(|item| item.parent.is_none()).map(|item| item.id).collect();
    for at in 0..collections.items.len() {
        let item = &collections.items[at];
        let named = item.reference.as_deref().is_some_and(|reference| reference.starts_with("user:"));
        let is_nameless = item.reference.is_none() && item.parent.is_some_and(|parent| roots.contains(&parent));
        if !(named || is_nameless) {
            continue;
        }
        let text = collections.spool.get(item.place)?;
        let json = parsed(&text, "a collection")?;
        let owner = json.get("_owner").and_then(|owner| owner.get("user")).and_then(|user| user.get("_id"));
        if let Some(reference) = owner.and_then(Json::as_id).and_then(|id| users.get(id)) {
            collections.items[at].reference = Some(format!("user:ref:{reference}"));
        }
    }
    Ok(())
}
