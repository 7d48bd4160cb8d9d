//! Records: in batches, with their files, without what only backups know of links; those that were deleted in the source
//! are deleted again.

use std::sync::Arc;

use axum::http::Method;

use crate::rehearsal::json::{Node, parse};
use crate::rehearsal::load::error::Stop;
use crate::rehearsal::load::files::Staged;
use crate::rehearsal::load::poster::Poster;
use crate::rehearsal::state::SystemId;

/// The most records of one request, as the server has it.
const BATCH_MAX: usize = 1000;
/// The most bytes of one request.
const BATCH_BYTES_MAX: usize = 16 << 20;
/// Parameters of every request.
const QUERY: [(&str, &str); 5] = [
    ("skip_reverse_nested", "1"),
    ("skip_bidirectional_update", "1"),
    ("skip_index", "1"),
    ("skip_events", "1"),
    ("format", "short"),
];

/// Records that are gathered for one request.
#[derive(Default)]
pub(super) struct Batch {
    objecttype: String,
    body: String,
    count: usize,
    /// Records that are to be deleted after the request.
    deleted: Vec<(SystemId, Option<String>)>,
    pub total: u64,
}

impl Batch {
    pub fn add(&mut self, poster: &Poster<'_>, staged: &mut Staged, element: &[u8]) -> Result<(), Stop> {
        let mut record = parse(element).map_err(|error| Stop::Wrong(error.to_string()))?;
        let objecttype = record.at("_objecttype").text().unwrap_or_default().to_owned();
        if self.count > 0
            && (objecttype != self.objecttype || self.count == BATCH_MAX || self.body.len() > BATCH_BYTES_MAX)
        {
            self.send(poster)?;
        }
        if let Some(block) = record.get_mut(&objecttype) {
            staged.replace(poster, block)?;
        }
        forget_deletions(&mut record);
        let is_deleted = record.take("_latest_version_deleted_at").is_some_and(|time| !time.is_null());
        if let Some(id) = record.at("_system_object_id").number().filter(|_| is_deleted) {
            self.deleted.push((SystemId(id), None));
        }
        self.objecttype = objecttype;
        self.body.push(if self.count == 0 { '[' } else { ',' });
        record.write(&mut self.body);
        self.count += 1;
        self.total += 1;
        Ok(())
    }

    pub fn send(&mut self, poster: &Poster<'_>) -> Result<(), Stop> {
        if self.count == 0 {
            return Ok(());
        }
        self.count = 0;
        let mut body = std::mem::take(&mut self.body);
        body.push(']');
        let path = format!("/db/{}", self.objecttype);
        poster.raw(&Method::POST, &path, &QUERY, body.into_bytes(), Vec::new())?;
        let deleted = std::mem::take(&mut self.deleted);
        let triples = deleted.into_iter().filter_map(|(id, comment)| {
            let state = Arc::clone(poster.shared);
            let state = state.read();
            let record = state.records.get(id)?;
            let (row, version) = (record.id, record.versions.len());
            Some(Node::List(vec![row.into(), version.into(), comment.into()]))
        });
        let triples = triples.collect::<Vec<_>>();
        if !triples.is_empty() {
            poster.send(&Method::DELETE, &path, &[], &Node::List(triples))?;
        }
        Ok(())
    }
}

/// Lookups of deleted records say when these were deleted, which the API does not take.
fn forget_deletions(node: &mut Node<'_>) {
    match node {
        Node::List(elements) => elements.iter_mut().for_each(forget_deletions),
        Node::Object(members) => {
            for (name, value) in members {
                if name.starts_with("lookup:") {
                    value.take("_latest_version_deleted_at");
                } else {
                    forget_deletions(value);
                }
            }
        }
        _ => {}
    }
}
