//! What an item says, whoever says it: a backup or the instance that it was restored to. Both are brought into one form,
//! in which everything is left out that a restore changes on purpose; the rules for that are data, each with its reason.

use crate::fylr::json::{Json, Members};
use crate::fylr::target::options::ORIGINAL;
use crate::fylr::target::rewrite::{glance, mapped_type, text_in};
use crate::model::payload::PayloadKind;

/// What becomes of a member before two items are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Drop,
    /// Of ids only their number counts.
    Count,
    /// A point in time, however it is written.
    Time,
    /// The order does not count.
    Set,
}

/// A documented difference.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The name of a kind; of every kind if it is empty.
    pub kind: &'static str,
    pub key: &'static str,
    treatment: Treatment,
    /// For people.
    pub why: &'static str,
}

const fn rule(kind: &'static str, key: &'static str, treatment: Treatment, why: &'static str) -> Rule {
    Rule { kind, key, treatment, why }
}

const OWN_IDS: &str = "the target gives its own ids";
const OWN_VERSIONS: &str = "the target counts versions of base types by itself";
const OUTPUT: &str = "the server works it out of other things";
const IDS_IN_VALUES: &str = "ids in values are those of the target";
const PASSWORDS: &str = "passwords are kept secret by the server";
const TIMES: &str = "times are compared as points in time";
const GONE: &str = "links to deleted records are left out";
const MODEL: &str = "a part of the data model names it";

/// All documented differences.
pub static RULES: [Rule; 55] = [
    rule("", "_id", Treatment::Drop, OWN_IDS),
    rule("", "id", Treatment::Drop, OWN_IDS),
    rule("", "idTable", Treatment::Drop, OWN_IDS),
    rule("", "_version", Treatment::Drop, OWN_VERSIONS),
    rule("", "_version:auto_increment", Treatment::Drop, OWN_VERSIONS),
    rule("", "_global_object_id", Treatment::Drop, "its second part is the id of the instance"),
    rule("", "global_object_id", Treatment::Drop, "its second part is the id of the instance"),
    rule("", "_format", Treatment::Drop, OUTPUT),
    rule("", "_mask", Treatment::Drop, MODEL),
    rule("", "_basetype", Treatment::Drop, MODEL),
    rule("", "_latest_version", Treatment::Drop, OUTPUT),
    rule("", "_latest_version_deleted_at", Treatment::Drop, GONE),
    rule("", "_generated_rights", Treatment::Drop, OUTPUT),
    rule("", "_level", Treatment::Drop, OUTPUT),
    rule("", "_path", Treatment::Drop, OUTPUT),
    rule("", "_paths", Treatment::Drop, OUTPUT),
    rule("", "_has_children", Treatment::Drop, OUTPUT),
    rule("", "_updated_at", Treatment::Drop, OUTPUT),
    rule("", "_count", Treatment::Drop, OUTPUT),
    rule("", "_private_acl", Treatment::Drop, "off is the same as not said"),
    rule("", "_private_tags", Treatment::Drop, "off is the same as not said"),
    rule("", "_private_transitions", Treatment::Drop, "off is the same as not said"),
    rule("", "_right_preset", Treatment::Drop, IDS_IN_VALUES),
    rule("", "_standard_masks", Treatment::Drop, MODEL),
    rule("", "pool_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "mask_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "objecttype_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "column_ids", Treatment::Count, IDS_IN_VALUES),
    rule("", "in", Treatment::Count, IDS_IN_VALUES),
    rule("", "mapping_image_import", Treatment::Drop, IDS_IN_VALUES),
    rule("", "mapping_image_export", Treatment::Drop, IDS_IN_VALUES),
    rule("", "mapping_dc_export", Treatment::Drop, IDS_IN_VALUES),
    rule("", "mapping", Treatment::Drop, IDS_IN_VALUES),
    rule("", "watermark", Treatment::Drop, "files of base types have other ids"),
    rule("", "_created", Treatment::Time, TIMES),
    rule("", "_last_modified", Treatment::Time, TIMES),
    rule("", "_timestamp_created", Treatment::Time, TIMES),
    rule("", "timestamp", Treatment::Time, TIMES),
    rule("", "_created_at", Treatment::Drop, "before 6.21 it is the time of the restore"),
    rule("", "_last_seen_at", Treatment::Drop, "people may have come since"),
    rule("", "_tags", Treatment::Set, "tags have no order"),
    rule("", "_reverse_nested", Treatment::Drop, "children are records of their own"),
    rule("user", "_password_hash", Treatment::Drop, PASSWORDS),
    rule("user", "_password", Treatment::Drop, PASSWORDS),
    rule("user", "picture", Treatment::Drop, "files of base types have other ids"),
    rule("user", "_collection_pin_codes", Treatment::Count, IDS_IN_VALUES),
    rule("user", "require_password_change", Treatment::Drop, PASSWORDS),
    rule("right/object/presets", "_position", Treatment::Drop, OUTPUT),
    rule("right/collection/presets", "_position", Treatment::Drop, OUTPUT),
    rule("collection", "_owner", Treatment::Drop, "a collection belongs to the owner of its parent"),
    rule("event/list", "object_id", Treatment::Drop, OWN_IDS),
    rule("event/list", "pollable", Treatment::Drop, OUTPUT),
    rule("event/list", "basetype", Treatment::Drop, "easydb5 has other names"),
    rule("event/list", "type", Treatment::Drop, "easydb5 has other names"),
    rule("event/list", "info", Treatment::Drop, IDS_IN_VALUES),
];

/// What must be known to compare.
#[derive(Debug, Clone, Default)]
pub struct Comparing {
    /// Files are not compared.
    pub without_files: bool,
    /// The source is an easydb5, which knows no hashes of files, and has other names for events.
    pub is_easydb5: bool,
    /// The backup tells only what the JSON importer needs.
    pub is_importer: bool,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Backup,
    Target,
}

/// An item in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Essence {
    /// What it is found by, `objekt 123 version 2`.
    pub key: String,
    pub text: Vec<u8>,
}

impl Comparing {
    /// The form of an item; `None` for what every target has of its own, and for events that are never migrated. `offset` is
    /// what is taken from the version of a record, `is_known` tells whether a record is in the backup.
    #[must_use]
    pub fn essence(
        &self,
        side: Side,
        (kind, objecttype): (&PayloadKind, Option<&str>),
        text: &str,
        offset: &dyn Fn(u64) -> u64,
        is_known: &dyn Fn(u64) -> bool,
    ) -> Option<Essence> {
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        let json = Json::parse(text).ok()?;
        let is_easydb5 = self.is_easydb5 && side == Side::Backup;
        let key = key(kind, objecttype, &json, offset, is_easydb5)?;
        let mut form = Form { comparing: self, kind: kind.name(), is_known, out: Vec::new() };
        form.value(&json, "");
        Some(Essence { key, text: form.out })
    }
}

/// What an item is found by on both sides.
fn key(
    kind: &PayloadKind,
    objecttype: Option<&str>,
    json: &Json<'_>,
    offset: &dyn Fn(u64) -> u64,
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
            let version = found.version.unwrap_or(1).saturating_sub(offset(id)).max(1);
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

/// Writes the form.
struct Form<'a> {
    comparing: &'a Comparing,
    kind: &'a str,
    is_known: &'a dyn Fn(u64) -> bool,
    out: Vec<u8>,
}

/// What only backups of instances say; the JSON importer leaves it to the target.
const NOT_OF_IMPORTER: [&str; 6] = ["_owner", "_create_user", "_created", "_last_modified", "_uuid", "_tags"];

impl Form<'_> {
    fn value(&mut self, json: &Json<'_>, key: &str) {
        match json {
            Json::Scalar(text) => match json.as_str() {
                Some(text) => self.out.extend_from_slice(serde_json::Value::from(&*text).to_string().as_bytes()),
                None => self.out.extend_from_slice(text.as_bytes()),
            },
            Json::Array(items) => self.array(items, key),
            Json::Object(members) => self.object(members, key),
        }
    }

    fn array(&mut self, items: &[Json<'_>], key: &str) {
        let mut parts: Vec<Vec<u8>> = items.iter().filter_map(|item| self.part(item, key)).collect();
        if self.treatment(key) == Some(Treatment::Set) {
            parts.sort();
        }
        self.out.push(b'[');
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(part);
        }
        self.out.push(b']');
    }

    /// An element or a member, unless it says nothing.
    fn part(&self, json: &Json<'_>, key: &str) -> Option<Vec<u8>> {
        let mut form = Form { comparing: self.comparing, kind: self.kind, is_known: self.is_known, out: Vec::new() };
        form.value(json, key);
        let says_nothing = matches!(form.out.as_slice(), b"" | b"null" | b"[]" | b"{}" | b"\"\"");
        (!says_nothing).then_some(form.out)
    }

    fn object(&mut self, members: &Members<'_>, key: &str) {
        if let Some(link) = link(members) {
            return self.link(&link);
        }
        if members.get("versions").is_some_and(|versions| versions.members().is_some()) {
            return self.file(members);
        }
        let is_row = key.starts_with("_nested:");
        let mut parts: Vec<(&str, Vec<u8>)> = Vec::new();
        for (name, value) in members.iter() {
            // easydb5 says it otherwise.
            let name = match name {
                "_webfrontend_props" => "webfrontend_props",
                "_user" => "user",
                name => name,
            };
            // Rows get other UUIDs unless constraints are skipped.
            // A later version of a record names the record itself.
            let is_itself = name == "lookup:_id" && value.get("_system_object_id").is_some();
            let is_of_server = is_itself || (is_row && name == "_uuid");
            // Who restores owns what nobody else does.
            let is_roots = name == "_owner"
                && text_in(value, &["user", "lookup:_id", "reference"]).as_deref() == Some("system:root");
            let is_left_out = is_roots || self.comparing.is_importer && NOT_OF_IMPORTER.contains(&name);
            if is_of_server || is_left_out || name.starts_with("_reverse_nested") {
                continue;
            }
            if let Some(part) = self.member(name, value) {
                parts.push((name, part));
            }
        }
        parts.sort();
        self.out.push(b'{');
        for (at, (name, part)) in parts.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(serde_json::Value::from(*name).to_string().as_bytes());
            self.out.push(b':');
            self.out.extend_from_slice(part);
        }
        self.out.push(b'}');
    }

    fn member(&self, name: &str, value: &Json<'_>) -> Option<Vec<u8>> {
        match self.treatment(name) {
            Some(Treatment::Drop) => None,
            Some(Treatment::Count) => {
                let count = value.items().len();
                (count > 0).then(|| count.to_string().into_bytes())
            }
            Some(Treatment::Time) => {
                let time = value.as_str()?;
                Some(serde_json::Value::from(instant(&time)).to_string().into_bytes())
            }
            Some(Treatment::Set) | None => self.part(value, name),
        }
    }

    fn treatment(&self, key: &str) -> Option<Treatment> {
        let fits = |rule: &&Rule| rule.key == key && (rule.kind.is_empty() || rule.kind == self.kind);
        RULES.iter().find(fits).map(|rule| rule.treatment)
    }

    /// A link says to whom it leads; where nobody is there it says nothing.
    fn link(&mut self, link: &Link) {
        let leads_nowhere = link.is_gone || link.id.is_some_and(|id| !(self.is_known)(id));
        if !leads_nowhere {
            self.out.extend_from_slice(link.text.as_bytes());
        }
    }

    /// A file says what its bytes are.
    fn file(&mut self, members: &Members<'_>) {
        if self.comparing.without_files {
            return;
        }
        let original = members.get("versions").and_then(|versions| versions.get(ORIGINAL));
        let size = original.and_then(|original| original.get("filesize")).and_then(Json::as_id);
        let hash = original.and_then(|original| text_in(original, &["hash"])).filter(|hash| hash.len() == 64);
        let stays = members.get("leave_on_remote").is_some_and(Json::is_true);
        let bytes = match (hash, size) {
            _ if stays => "elsewhere".to_owned(),
            (Some(hash), _) if !self.comparing.is_easydb5 => format!("sha256 {hash}"),
            (_, size) => format!("{} bytes", size.unwrap_or_default()),
        };
        let preferred = members.get("preferred").is_some_and(Json::is_true);
        let text = format!("file {bytes}{}", if preferred { ", preferred" } else { "" });
        self.out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

/// Where a link leads.
struct Link {
    id: Option<u64>,
    is_gone: bool,
    text: String,
}

fn link(members: &Members<'_>) -> Option<Link> {
    let (objecttype, lookup) = match members.get("_objecttype").and_then(Json::as_str) {
        Some(objecttype) => {
            let lookup = members.get(&objecttype)?.get("lookup:_id")?;
            // A record has more to say than where it is.
            if members.get("_system_object_id").is_some() || members.get("_uuid").is_some() {
                return None;
            }
            (objecttype.into_owned(), lookup)
        }
        None => (String::new(), members.get("lookup:_global_object_id")?),
    };
    let id = lookup.get("_system_object_id").and_then(Json::as_id);
    let is_gone = lookup.get("_latest_version_deleted_at").is_some();
    let other = ["_uuid", "reference"].into_iter().find_map(|key| text_in(lookup, &[key]));
    let named = id.map(|id| id.to_string()).or(other).unwrap_or_default();
    let objecttype =
        if objecttype.is_empty() { text_in(lookup, &["_objecttype"]).unwrap_or_default() } else { objecttype };
    let text = serde_json::Value::from(format!("{objecttype} {named}")).to_string();
    Some(Link { id, is_gone, text })
}

/// A point in time, the same text however it was written.
fn instant(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &PayloadKind, json: &str) -> String {
        let essence =
            Comparing::default().essence(Side::Backup, (kind, Some("o")), json, &|_| 0, &|id| id < 100).unwrap();
        format!("{}: {}", essence.key, String::from_utf8(essence.text).unwrap())
    }

    #[test]
    fn what_a_restore_changes_on_purpose_makes_no_difference() {
        let backup = r#"{"_objecttype":"o","_mask":"_all_fields","_system_object_id":5,"_global_object_id":"5@a","_uuid":"u","_created":"2024-05-28T08:00:00.100Z","_latest_version":true,
            "_tags":[{"lookup:_id":{"reference":"b"}},{"lookup:_id":{"reference":"a"}}],"o":{"_version":2,"lookup:_id":{"_system_object_id":5},"t":"\u00fc","n":9007199254740993,"leer":null,
            "ort":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":7,"_allow_defer":true}}},
            "weg":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":8,"_latest_version_deleted_at":"2024"}}},
            "nirgends":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":800,"_allow_defer":true}}},
            "_nested:o__r":[{"_uuid":"1","x":1},{"_uuid":"2","y":{"_objecttype":"p","p":{"lookup:_id":{"_system_object_id":8,"_latest_version_deleted_at":"2024"}}}}]}}"#;
        let target = r#"{"_objecttype":"o","_mask":"_all_fields","_system_object_id":5,"_uuid":"u","_created":"2024-05-28T08:00:00.1Z",
            "_tags":[{"lookup:_id":{"reference":"a"}},{"lookup:_id":{"reference":"b"}}],"o":{"_version":2,"lookup:_id":{"_system_object_id":5},"t":"ü","n":9007199254740993,
            "ort":{"_objecttype":"p","_mask":"_all_fields","p":{"lookup:_id":{"_system_object_id":7}}},"_nested:o__r":[{"_uuid":"9","x":1}]}}"#;
        assert_eq!(text(&PayloadKind::Records, backup), text(&PayloadKind::Records, target));
    }

    #[test]
    fn what_is_lost_or_changed_does() {
        let base = r#"{"_objecttype":"o","_system_object_id":5,"_comment":"c","_owner":{"user":{"lookup:_id":{"reference":"x"}}},"o":{"_version":1,"n":9007199254740993,"p":{"_objecttype":"p","p":{"lookup:_id":{"_system_object_id":7}}},"f":[{"_id":1,"preferred":true,"versions":{"original":{"hash":"0000000000000000000000000000000000000000000000000000000000000000"}}}]}}"#;
        for (from, to) in [
            ("9007199254740993", "9007199254740992"),
            ("\"c\"", "\"d\""),
            ("\"x\"", "\"y\""),
            (":7}", ":6}"),
            ("\"0000", "\"1000"),
            ("\"preferred\":true", "\"preferred\":false"),
        ] {
            let other = base.replace(from, to);
            assert_ne!(other, base, "{from}");
            assert_ne!(text(&PayloadKind::Records, &other), text(&PayloadKind::Records, base), "{from}");
        }
    }

    #[test]
    fn rights_groups_and_settings_are_compared() {
        let pool = r#"{"_basetype":"pool","pool":{"_version":1,"reference":"m","name":{"de-DE":"M"}},"_acl":[{"_id":5,"who":{"group":{"lookup:_id":{"reference":"g"}}},"rights":{"read":{"pool_ids":[3]}}}]}"#;
        let same =
            pool.replace("[3]", "[17]").replace("\"_id\":5", "\"_id\":6").replace("\"_version\":1", "\"_version\":3");
        assert_eq!(text(&PayloadKind::Pools, pool), text(&PayloadKind::Pools, &same));
        for other in [pool.replace("read", "write"), pool.replace("\"g\"", "\"h\""), pool.replace("[3]", "[3,4]")] {
            assert_ne!(text(&PayloadKind::Pools, pool), text(&PayloadKind::Pools, &other));
        }
    }
}
