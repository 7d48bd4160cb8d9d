//! What of a base type is on the target: by reference, with id and version.

use std::collections::HashMap;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::text_in;
use crate::fylr::target::site::Site;
use crate::model::payload::PayloadKind;

/// Items by what they are found by.
pub(crate) type Known = HashMap<String, Item>;

/// An item that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub id: u64,
    pub version: u64,
}

/// A kind with references: its list, whether that comes in pages, its inner block, and where it is written.
pub(super) struct Shape {
    pub list: &'static str,
    pub is_paged: bool,
    pub inner: &'static str,
    pub base: Base,
    /// What the items are found by.
    pub by: &'static str,
}

pub(super) fn shape(kind: &PayloadKind) -> Option<Shape> {
    let shape = |list, is_paged, inner, base, by| Some(Shape { list, is_paged, inner, base, by });
    match kind {
        PayloadKind::Groups => shape("group", true, "group", Base::Group, "reference"),
        PayloadKind::Users => shape("user", true, "user", Base::User, "reference"),
        PayloadKind::Pools => shape("pool", true, "pool", Base::Pool, "reference"),
        PayloadKind::Messages => shape("message", true, "message", Base::Message, "reference"),
        PayloadKind::Collections => shape("collection/list", true, "collection", Base::Collection, "reference"),
        PayloadKind::Objecttypes => shape("objecttype", false, "objecttype", Base::Objecttype, "name"),
        _ => None,
    }
}

/// Asks for all of a kind, unless they are known.
pub(crate) async fn load(site: &Site, kind: &PayloadKind, is_anew: bool) -> Result<(), Error> {
    let Some(shape) = shape(kind) else { return Ok(()) };
    let mut all = site.known.lock().await;
    if all.contains_key(kind) && !is_anew {
        return Ok(());
    }
    let texts = site.list(shape.list, &[], shape.is_paged).await?;
    let found = texts.iter().filter_map(|text| read(&Json::parse(text).ok()?, &shape)).collect();
    all.insert(kind.clone(), found);
    Ok(())
}

/// What an item is found by, its id and version.
pub(super) fn read(json: &Json<'_>, shape: &Shape) -> Option<(String, Item)> {
    let block = json.get(shape.inner)?;
    let id = block.get("_id").and_then(Json::as_id)?;
    let version = block.get("_version").and_then(Json::as_id).unwrap_or(1);
    Some((text_in(block, &[shape.by])?, Item { id, version }))
}
