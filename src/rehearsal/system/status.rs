//! `GET /system/status`: counts. Of records it counts those that are not deleted, by their newest version, which the
//! documentation leaves open.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::problem::Problem;

pub(super) fn status(call: &Call) -> Result<Answer, Problem> {
    call.root()?;
    let state = call.read();
    let count = |name: &str, count: usize| {
        object([
            ("type_name", name.to_owned().into()),
            ("total_count", count.into()),
            ("indexed_count", count.into()),
            ("not_indexed_count", 0_u64.into()),
        ])
    };
    let tables = state.documents.model.tables.iter().enumerate().filter(|(_, table)| table.owner.is_none());
    let objecttypes = tables.map(|(at, table)| count(&table.name, state.records.live(at).len()));
    let basetypes = [
        ("user", state.users.len()),
        ("group", state.groups.len()),
        ("pool", state.pools.len()),
        ("collection", state.collections.len()),
        ("message", state.messages.len()),
        ("event", state.events.all.len()),
    ];
    let pending = state.files.all.values().filter(|file| file.status == "pending").count();
    let files = ["pending", "done", "failed"].map(|status| {
        let count = state.files.all.values().filter(|file| file.status == status).count();
        object([("status", status.into()), ("count", count.into())])
    });
    Ok(Answer::json(&object([
        ("objecttypes", Node::List(objecttypes.collect())),
        ("basetypes", Node::List(basetypes.into_iter().map(|(name, number)| count(name, number)).collect())),
        ("indices_objects", object([])),
        ("total_not_indexed", 0_u64.into()),
        ("pending_files", pending.into()),
        ("queued_files", pending.into()),
        ("file_stats", Node::List(files.to_vec())),
        ("indices_stats", Node::List(Vec::new())),
    ])))
}
