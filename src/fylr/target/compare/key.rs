//! What an item is found by on both sides.

use crate::fylr::json::Json;
use crate::fylr::target::compare::form::instant;
use crate::fylr::target::rewrite::{glance, mapped_type, text_in};
use crate::model::payload::PayloadKind;

/// Whether nothing tells a record from others, so that it can only be counted. What changes another one is none.
#[must_use]
pub fn is_nameless(objecttype: &str, text: &str) -> bool {
    let Ok(json) = Json::parse(text) else { return true };
    let found = glance(&json, objecttype);
    let is_update = found.is_increment || json.get(objecttype).is_some_and(|block| block.get("lookup:_id").is_some());
    found.system_id.is_none() && !is_update
}

/// The key; `None` for what every target has of its own, and for what is never migrated.
pub(super) fn key(
    kind: &PayloadKind,
    objecttype: Option<&str>,
    json: &Json<'_>,
    number: &dyn Fn(u64, u64) -> u64,
    is_easydb5: bool,
) -> Option<String> {
    let of = |inner: &str, by: &str| json.get(inner).and_then(|block| text_in(block, &[by]));
    let named = |name: Option<String>| name.map(|name| format!("{} {name}", kind.name()));
    let shown =
        |value: Option<&Json<'_>>| value.map(|value| String::from_utf8_lossy(&value.to_bytes(None)).into_owned());
    match kind {
        PayloadKind::Records => {
            let found = glance(json, objecttype?);
            let id = found.system_id?;
            let version = number(id, found.version.unwrap_or(1));
            Some(format!("{} {id} version {version}", objecttype?))
        }
        PayloadKind::Users => named(of("user", "reference").filter(|name| name != "system:root")),
        PayloadKind::Groups => named(of("group", "reference")),
        PayloadKind::Pools => named(of("pool", "reference")),
        PayloadKind::Collections => named(of("collection", "reference")),
        PayloadKind::Messages => named(of("message", "reference")),
        PayloadKind::Objecttypes => named(of("objecttype", "name")),
        PayloadKind::Tags => named(of("taggroup", "reference")),
        PayloadKind::Plugins => named(text_in(json, &["name"])),
        PayloadKind::ObjectPresets | PayloadKind::CollectionPresets => {
            named(shown(json.get("right_preset").and_then(|preset| preset.get("displayname"))))
        }
        PayloadKind::Mappings => named(shown(json.get("displayname"))),
        PayloadKind::CollectionObjects => {
            named(json.get("collection").and_then(|found| text_in(found, &["lookup:_id", "reference"])))
        }
        PayloadKind::Publications => {
            let publish = json.get("publish")?;
            let id = publish.get("system_object_id")?.as_id()?;
            named(Some(format!("{id} {}", text_in(publish, &["publish_uri"]).unwrap_or_default())))
        }
        PayloadKind::Events => {
            let event = json.get("event")?;
            let time = text_in(event, &["timestamp"]).unwrap_or_default();
            let id = event.get("system_object_id").and_then(Json::as_id).unwrap_or_default();
            named(Some(format!("{} {} {id}", mapped_type(&text_in(event, &["type"])?, is_easydb5)?, instant(&time))))
        }
        PayloadKind::Transitions => named(Some(
            shown(json.get("actions")).unwrap_or_default() + &shown(json.get("operations")).unwrap_or_default(),
        )),
        PayloadKind::Unknown(_) => None,
    }
}
