//! Tags: one request is the whole set. What is not in it is deleted, unless it is in use, which must be said to be meant.

use std::collections::HashSet;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::refer::resolve_all;
use crate::rehearsal::base::save::items;
use crate::rehearsal::json::{Doc, Node};
use crate::rehearsal::problem::{Problem, confirmation};
use crate::rehearsal::state::State;

/// `GET /tags`
pub(in crate::rehearsal) fn get_tags(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    Ok(Answer::json(&Node::List(call.read().tags.clone())))
}

/// `POST /tags`: ids that are sent are kept, new ones are given to the rest.
pub(in crate::rehearsal) fn post_tags(call: &Call) -> Result<Answer, Problem> {
    call.right("system.tagmanager")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let mut ids =
        Ids { last: state.last_tag, tags: HashSet::new(), groups: HashSet::new(), references: HashSet::new() };
    let mut groups = Vec::new();
    for group in items(&body)? {
        groups.push(read_group(&state, &mut ids, group)?);
    }
    let gone = used_tags(&state).into_iter().filter(|id| !ids.tags.contains(id)).collect::<Vec<_>>();
    if !gone.is_empty() && call.has(6, 33, 0) {
        match call.request.param("delete_policy") {
            Some("remove_tags") => {}
            None if call.shared.options.confirm => {
                let message = format!("{} tags that are in use would be deleted.", gone.len());
                return Ok(confirmation("Delete tags", &message, ("delete_policy", "remove_tags")));
            }
            _ => {
                let text = format!(
                    "The tags can not be deleted, because they are used in {} places where they have to be deleted manually",
                    gone.len()
                );
                let usages = gone.iter().map(|id| (*id).into()).collect::<Vec<Doc>>();
                return Err(Problem::new(400, "TagsInUse", "tag", text).with("usages", Node::List(usages)));
            }
        }
    }
    state.last_tag = ids.last;
    state.tags = groups;
    Ok(Answer::json(&Node::List(state.tags.clone())))
}

struct Ids {
    last: u64,
    tags: HashSet<u64>,
    groups: HashSet<u64>,
    references: HashSet<(bool, String)>,
}

impl Ids {
    /// The id of a tag or tag group, which must be used once; 0: a new one.
    fn take(&mut self, node: &Node<'_>, is_tag: bool) -> Result<u64, Problem> {
        let name = if is_tag { "tag" } else { "taggroup" };
        let id = match node.at("_id") {
            Node::Null => {
                self.last += 1;
                self.last
            }
            id => {
                let number = id.number().filter(|id| *id > 0);
                number.ok_or_else(|| Problem::generic(format!("{id} is no id of a {name}.")))?
            }
        };
        self.last = self.last.max(id);
        let known = if is_tag { &mut self.tags } else { &mut self.groups };
        if !known.insert(id) {
            return Err(Problem::unique(&format!("{name}_id")));
        }
        if let Some(reference) = node.at("reference").text()
            && !self.references.insert((is_tag, reference.to_owned()))
        {
            return Err(Problem::unique(&format!("{name}_reference")).with("value", reference.to_owned()));
        }
        Ok(id)
    }
}

/// A group with its tags; tags may be wrapped or, as the `OpenAPI` has them, flat.
fn read_group(state: &State, ids: &mut Ids, group: &Node<'_>) -> Result<Doc, Problem> {
    let mut doc = group.to_doc();
    let block = doc.at("taggroup");
    if doc.at("_basetype").text() != Some("taggroup") || !block.is_object() {
        return Err(Problem::generic("A tag group needs _basetype \"taggroup\" and a block \"taggroup\"."));
    }
    if !matches!(block.at("type").text(), Some("checkbox" | "choice")) {
        return Err(Problem::generic(format!(
            "The type of a tag group is checkbox or choice, not {}.",
            block.at("type")
        )));
    }
    let id = ids.take(block, false)?;
    let Some(Node::List(tags)) = doc.take("_tags").or(Some(Node::List(Vec::new()))) else {
        return Err(Problem::generic("The tags of a group must be a list."));
    };
    let mut wrapped = Vec::new();
    for tag in tags {
        let mut tag = if tag.get("tag").is_some() {
            tag
        } else {
            crate::rehearsal::json::object([("_basetype", "tag".into()), ("tag", tag)])
        };
        let kind = tag.path(&["tag", "type"]).text();
        if !matches!(kind, None | Some("individual" | "all_versions")) {
            return Err(Problem::generic(format!("The type of a tag is individual or all_versions, not {kind:?}.")));
        }
        let id = ids.take(tag.at("tag"), true)?;
        if let Some(block) = tag.get_mut("tag") {
            block.set("_id", id);
        }
        resolve_all(state, &mut tag)?;
        wrapped.push(tag);
    }
    if let Some(block) = doc.get_mut("taggroup") {
        block.set("_id", id);
    }
    doc.set("_tags", Node::List(wrapped));
    Ok(doc)
}

/// Tags that records, pools or objecttypes have.
fn used_tags(state: &State) -> HashSet<u64> {
    let bound = state.pools.iter().chain(state.objecttypes.iter()).flat_map(|(_, item)| item.doc.at("_tags").list());
    let mut used = bound.filter_map(|tag| tag.at("_id").number()).collect::<HashSet<_>>();
    for table in 0..state.documents.model.tables.len() {
        let records = state.records.rows(table).iter().filter_map(|(_, id)| state.records.get(*id));
        used.extend(
            records.filter_map(|record| record.versions.last()).flat_map(|version| version.tags.iter().copied()),
        );
    }
    used.retain(|id| state.tag(*id).is_some());
    used
}
