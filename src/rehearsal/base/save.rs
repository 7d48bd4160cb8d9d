//! The steps by which things of a base type are saved: which one it is, whether its version follows, whether its
//! reference is free, what its lookups find. All of a request or nothing.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::refer::{look_up, resolve_all};
use crate::rehearsal::db::grants;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{Item, Shelf, State};

/// A base type.
#[derive(Clone, Copy)]
pub(super) struct Base {
    /// `_basetype`, and the name of the block.
    pub name: &'static str,
    pub shelf: fn(&State) -> &Shelf,
    pub shelf_mut: fn(&mut State) -> &mut Shelf,
}

/// One thing on its way into its shelf.
pub(super) struct Saving<'d> {
    pub id: u64,
    pub existing: Option<&'d Item>,
}

/// The things of a request, saved in their order; their ids come back.
pub(super) fn save_all(
    call: &Call,
    state: &mut State,
    base: Base,
    items: &[Node<'_>],
    mut prepare: impl FnMut(&mut State, &Saving<'_>, &mut Doc) -> Result<(), Problem>,
) -> Result<Vec<u64>, Problem> {
    let mut done: Vec<(u64, Option<Item>)> = Vec::new();
    for item in items {
        match save(call, state, base, item, &mut prepare) {
            Ok((id, before)) => done.push((id, before)),
            Err(problem) => {
                for (id, before) in done.into_iter().rev() {
                    (base.shelf_mut)(state).restore(id, before);
                }
                return Err(problem);
            }
        }
    }
    Ok(done.into_iter().map(|(id, _)| id).collect())
}

fn save(
    call: &Call,
    state: &mut State,
    base: Base,
    item: &Node<'_>,
    prepare: &mut impl FnMut(&mut State, &Saving<'_>, &mut Doc) -> Result<(), Problem>,
) -> Result<(u64, Option<Item>), Problem> {
    let mut doc = item.to_doc();
    if doc.at("_basetype").text() != Some(base.name) || !doc.at(base.name).is_object() {
        let text = format!("An item needs _basetype \"{0}\" and a block \"{0}\".", base.name);
        return Err(Problem::generic(text));
    }
    let existing = identify(state, base, &mut doc)?;
    let before = existing.and_then(|id| (base.shelf)(state).get(id)).cloned();
    let version = version(base, &doc, before.as_ref())?;
    check_reference(state, base, &doc, existing)?;
    resolve_all(state, &mut doc)?;
    let id = existing.unwrap_or_else(|| (base.shelf_mut)(state).next_id());
    prepare(state, &Saving { id, existing: before.as_ref() }, &mut doc)?;
    let doc = complete(call, base, doc, before.as_ref(), id, version);
    (base.shelf_mut)(state).put(id, Item { version, doc });
    Ok((id, before))
}

/// The one that is there already, by lookup or by `_id`.
fn identify(state: &State, base: Base, doc: &mut Doc) -> Result<Option<u64>, Problem> {
    let Some(block) = doc.get_mut(base.name) else { return Ok(None) };
    if let Some(lookup) = block.take("lookup:_id") {
        return look_up(state, base.name, &lookup).map(Some);
    }
    match block.at("_id") {
        Node::Null => Ok(None),
        id => {
            let known = id.number().filter(|id| (base.shelf)(state).get(*id).is_some());
            known.map(Some).ok_or_else(|| Problem::lookup_not_found("_id", &id.to_string()))
        }
    }
}

/// 1 for something new, else the stored one and one. Of users the version may be left out.
fn version(base: Base, doc: &Doc, before: Option<&Item>) -> Result<u64, Problem> {
    let expected = before.map_or(1, |item| item.version + 1);
    match doc.at(base.name).at("_version") {
        Node::Null if base.name == "user" || before.is_none() => Ok(expected),
        given => match given.number().unwrap_or(0) {
            got if got == expected => Ok(expected),
            got => Err(Problem::version(got, expected)),
        },
    }
}

fn check_reference(state: &State, base: Base, doc: &Doc, own: Option<u64>) -> Result<(), Problem> {
    let reference = doc.at(base.name).at("reference").text().unwrap_or_default();
    let holder = (base.shelf)(state).by_reference(reference).filter(|holder| Some(*holder) != own);
    match holder {
        Some(_) => Err(Problem::unique(&format!("{}_reference", base.name)).with("value", reference.to_owned())),
        None => Ok(()),
    }
}

/// What is not sent stays as it was; ids, versions, owner and times are put in.
fn complete(call: &Call, base: Base, doc: Doc, before: Option<&Item>, id: u64, version: u64) -> Doc {
    let mut whole = before.map_or_else(|| object([("_basetype", base.name.into())]), |item| item.doc.clone());
    let Node::Object(members) = doc else { return whole };
    for (name, value) in members {
        if name == base.name {
            let mut block = whole.take(&name).unwrap_or_else(|| object([]));
            let Node::Object(members) = value else { continue };
            for (key, value) in members {
                block.set(key, value);
            }
            whole.set(name, block);
        } else {
            whole.set(name, value);
        }
    }
    if let Some(block) = whole.get_mut(base.name) {
        block.set("_id", id);
        block.set("_version", version);
    }
    if whole.at("_owner").is_null() && matches!(base.name, "user" | "group" | "pool" | "collection") {
        let owner = call.caller.user.unwrap_or(1);
        whole.set("_owner", object([("_basetype", "user".into()), ("user", object([("_id", owner.into())]))]));
    }
    let time = now();
    if whole.at("_created_at").is_null() {
        whole.set("_created_at", time.clone());
    }
    whole.set("_updated_at", time);
    whole
}

/// The list in a request's body.
pub(super) fn items<'n, 'a>(body: &'n Node<'a>) -> Result<&'n [Node<'a>], Problem> {
    match body {
        Node::List(items) => Ok(items),
        other => Err(Problem::generic(format!("The request body must be a list, it is {}.", other.kind()))),
    }
}

/// The saved things, as answers have them.
pub(super) fn saved(state: &State, base: Base, ids: &[u64]) -> Answer {
    let docs = ids.iter().filter_map(|id| Some((base.shelf)(state).get(*id)?.doc.clone()));
    Answer::json(&Node::List(docs.collect()))
}

/// A page of a shelf: cut first, then what the caller may not see is left out, so that pages can be short.
pub(super) fn page_of(
    call: &Call,
    shelf: &Shelf,
    default: u64,
    mut tell: impl FnMut(u64, &Item) -> Option<Doc>,
) -> Result<Answer, Problem> {
    let (limit, offset) = call.page(default)?;
    let page = shelf.iter().skip(offset).take(limit);
    let docs = page.filter_map(|(id, item)| tell(id, item)).collect();
    Ok(Answer::json(&Node::List(docs)))
}

/// Whether the caller may see something with an ACL: root, the owner, and whom `bag_read` is given to.
pub(super) fn is_visible(call: &Call, doc: &Doc, right: &str) -> bool {
    let owner = doc.path(&["_owner", "user", "_id"]).number();
    call.caller.is_root
        || call.right(right).is_ok()
        || (owner.is_some() && owner == call.caller.user)
        || grants(doc.at("_acl"), &call.caller, "bag_read")
}

impl Call<'_> {
    /// How long a page is and where it begins. A `limit` that is too great is cut down; that of fylr must be 1 at least.
    pub fn page(&self, default: u64) -> Result<(usize, usize), Problem> {
        let limit = self.request.number("limit")?.unwrap_or(default);
        if limit == 0 && self.shared.options.kind == Kind::Fylr {
            return Err(Problem::parameter("limit", "0"));
        }
        let offset = self.request.number("offset")?.unwrap_or(0);
        let limit = (limit as usize).min(self.shared.options.page_max).min(match self.shared.options.kind {
            Kind::Easydb5 => 1000,
            Kind::Fylr => usize::MAX,
        });
        Ok((limit, offset as usize))
    }
}
