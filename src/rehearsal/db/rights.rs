//! Who may do what with a record: root all, the owner too, others by the ACL of the record, of its pool and the pools
//! above, and of its objecttype. Tag filters of ACLs are not looked at.

use crate::rehearsal::auth::Caller;
use crate::rehearsal::datamodel::Table;
use crate::rehearsal::json::{Node, parse};
use crate::rehearsal::state::State;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rehearsal) enum Right {
    Read,
    Create,
    Write,
    Delete,
}

impl Right {
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }
}

/// Whether a caller has a right on a record with this pool, owner and ACL.
pub(in crate::rehearsal) fn may(
    state: &State,
    caller: &Caller,
    right: Right,
    table: &Table,
    pool: u64,
    owner: Option<(bool, u64)>,
    acl: Option<&str>,
) -> bool {
    if caller.is_root {
        return true;
    }
    let owns = match owner {
        Some((true, group)) => caller.groups.contains(&group),
        Some((false, user)) => caller.user == Some(user),
        None => false,
    };
    if owns || acl.is_some_and(|acl| parse(acl.as_bytes()).is_ok_and(|acl| grants(&acl, caller, right.name()))) {
        return true;
    }
    let mut next = Some(pool);
    while let Some(doc) = next.and_then(|id| state.pools.get(id)).map(|item| &item.doc) {
        if grants(doc.at("_acl"), caller, right.name()) {
            return true;
        }
        let is_private = doc.at("_private_acl").bool() == Some(true);
        next = doc.path(&["pool", "_id_parent"]).number().filter(|_| !is_private);
    }
    let objecttype = state.objecttypes.get(table.id);
    objecttype.is_some_and(|item| grants(item.doc.at("_acl"), caller, right.name()))
}

/// Whether an ACL gives a right to the caller.
pub(in crate::rehearsal) fn grants(acl: &Node<'_>, caller: &Caller, right: &str) -> bool {
    acl.list().iter().any(|entry| {
        let who = entry.at("who");
        let is_user = caller.user.is_some() && who.path(&["user", "_id"]).number() == caller.user;
        let is_group = who.path(&["group", "_id"]).number().is_some_and(|group| caller.groups.contains(&group));
        entry.at("active").bool() != Some(false) && (is_user || is_group) && entry.at("rights").get(right).is_some()
    })
}
