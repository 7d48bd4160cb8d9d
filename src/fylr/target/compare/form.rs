//! The form in which items are compared: what says nothing is left out, members are sorted, rules are applied.

use crate::fylr::json::{Json, Members};
use crate::fylr::target::compare::file::{self, Met, Told};
use crate::fylr::target::compare::rules::{Treatment, treatment};
use crate::fylr::target::compare::{Comparing, Names, Side};
use crate::fylr::target::rewrite::text_in;

pub(super) const DELETED_AT: &str = "_latest_version_deleted_at";

/// Says that a record is deleted.
pub(super) const DELETED: &str = "(deleted)";

/// Writes the form.
pub(super) struct Form<'a> {
    pub comparing: &'a Comparing,
    pub kind: &'a str,
    pub objecttype: &'a str,
    pub side: Side,
    pub told: Told,
    pub met: &'a Met,
    pub is_known: &'a dyn Fn(u64) -> bool,
    pub without_files: bool,
    pub out: Vec<u8>,
}

const PARENT: &str = "lookup:_id_parent";
/// What only backups of instances say; the JSON importer leaves it to the target.
pub(super) const NOT_OF_IMPORTER: [&str; 6] =
    ["_owner", "_create_user", "_created", "_last_modified", "_uuid", "_tags"];

impl Form<'_> {
    pub fn value(&mut self, json: &Json<'_>, key: &str) {
        match json {
            Json::Scalar(text) if text.contains('\\') => match json.as_str() {
                Some(text) => self.string(&text),
                None => self.out.extend_from_slice(text.as_bytes()),
            },
            // Without a backslash there is but one way to write it.
            Json::Scalar(text) => self.out.extend_from_slice(text.as_bytes()),
            Json::Array(items) if treatment(self.kind, key, self.comparing.target) == Some(Treatment::Set) => {
                self.set(items, key);
            }
            Json::Array(items) if items.first().is_some_and(is_file) => self.files(items),
            Json::Array(items) => self.array(items, key),
            Json::Object(members) => self.object(members, key),
        }
    }

    /// Files of a field. One of them is preferred, the first one where nobody says which.
    fn files(&mut self, items: &[Json<'_>]) {
        let is_preferred = |item: &Json<'_>| item.get("preferred").is_some_and(Json::is_true);
        let preferred = items.iter().position(is_preferred).unwrap_or(0);
        self.out.push(b'[');
        let first = self.out.len();
        for (at, item) in items.iter().enumerate() {
            self.part(first, |form| match item.members() {
                Some(members) => form.file(members, at == preferred),
                None => form.value(item, ""),
            });
        }
        self.out.push(b']');
    }

    /// The value of a member whose object is not written.
    pub fn alone(&mut self, name: &str, json: &Json<'_>, is_row: bool) {
        if !self.is_left_out(name, json, is_row) {
            self.member(name_of(name), json);
        }
    }

    fn string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.out, text).expect("a vector takes every text");
    }

    fn array(&mut self, items: &[Json<'_>], key: &str) {
        self.out.push(b'[');
        let first = self.out.len();
        for item in items {
            self.part(first, |form| form.value(item, key));
        }
        self.out.push(b']');
    }

    /// An array whose order does not count.
    fn set(&mut self, items: &[Json<'_>], key: &str) {
        let mut parts = Vec::with_capacity(items.len());
        let start = self.out.len();
        for item in items {
            self.value(item, key);
            parts.push(self.out.split_off(start));
        }
        parts.sort();
        self.out.push(b'[');
        for part in &parts {
            self.part(start + 1, |form| form.out.extend_from_slice(part));
        }
        self.out.push(b']');
    }

    /// An element or a member behind a comma, unless it says nothing; the first one stands at `first`.
    fn part(&mut self, first: usize, write: impl FnOnce(&mut Self)) {
        self.named_part(first, None, write);
    }

    fn named_part(&mut self, first: usize, name: Option<&str>, write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        if start > first {
            self.out.push(b',');
        }
        if let Some(name) = name {
            self.string(name);
            self.out.push(b':');
        }
        let value = self.out.len();
        write(self);
        if Self::says_nothing(&self.out[value..]) {
            self.out.truncate(start);
        }
    }

    pub fn says_nothing(written: &[u8]) -> bool {
        matches!(written, b"" | b"null" | b"[]" | b"{}" | b"\"\"")
    }

    fn object(&mut self, members: &Members<'_>, key: &str) {
        if let Some(link) = link(members, &self.comparing.names) {
            return self.link(&link);
        }
        if has_versions(members) {
            return self.file(members, members.get("preferred").is_some_and(Json::is_true));
        }
        let is_row = key.starts_with("_nested:");
        let kept = members.iter().filter(|(name, value)| !self.is_left_out(name, value, is_row));
        let mut parts: Vec<(&str, &Json<'_>)> = kept.map(|(name, value)| (name_of(name), value)).collect();
        parts.sort_by_key(|(name, _)| *name);
        self.out.push(b'{');
        let first = self.out.len();
        // When a record was deleted is the time of the restore; that it is makes a difference.
        let is_deleted = key.is_empty() && members.get(DELETED_AT).is_some_and(|at| !at.is_null());
        if is_deleted {
            self.named_part(first, Some(DELETED), |form| form.out.extend_from_slice(b"true"));
        }
        for (name, value) in parts {
            self.named_part(first, Some(name), |form| form.member(name, value));
        }
        self.out.push(b'}');
    }

    fn is_left_out(&self, name: &str, value: &Json<'_>, is_row: bool) -> bool {
        // Rows get other UUIDs unless constraints are skipped.
        // A later version of a record names the record itself.
        let is_itself = name == "lookup:_id" && value.get("_system_object_id").is_some();
        let is_of_server = is_itself || (is_row && name == "_uuid");
        // Who restores owns what nobody else does.
        let is_roots =
            name == "_owner" && text_in(value, &["user", "lookup:_id", "reference"]).as_deref() == Some("system:root");
        let is_not_told = self.comparing.is_importer && NOT_OF_IMPORTER.contains(&name);
        is_of_server || is_roots || is_not_told || name.starts_with("_reverse_nested")
    }

    /// The value of a member; nothing where it makes no difference.
    fn member(&mut self, name: &str, value: &Json<'_>) {
        if name == PARENT
            && let Some(id) = self.comparing.names.of(self.objecttype, value)
        {
            return self.value(&Members::of([("_system_object_id", Json::number(id))]).into(), name);
        }
        match treatment(self.kind, name, self.comparing.target) {
            Some(Treatment::Drop) => {}
            Some(Treatment::Count) => {
                let count = value.items().len();
                if count > 0 {
                    self.out.extend_from_slice(count.to_string().as_bytes());
                }
            }
            Some(Treatment::Time) => {
                if let Some(time) = value.as_str() {
                    self.string(&instant(&time));
                }
            }
            Some(Treatment::Set | Treatment::Fill) | None => self.value(value, name),
        }
    }

    /// A link says to whom it leads; where nobody is there it says nothing.
    fn link(&mut self, link: &Link) {
        let is_left_out = link.is_gone && !self.comparing.deleted_links;
        let leads_nowhere = is_left_out || link.id.is_some_and(|id| !(self.is_known)(id));
        if !leads_nowhere {
            self.out.extend_from_slice(link.text.as_bytes());
        }
    }

    /// A file says what its bytes are.
    fn file(&mut self, members: &Members<'_>, is_preferred: bool) {
        if self.without_files {
            return;
        }
        let mut text = file::text(members, self.side, self.told, self.comparing, self.met);
        if is_preferred {
            text.push_str(", preferred");
        }
        self.string(&text);
    }
}

fn is_file(json: &Json<'_>) -> bool {
    json.members().is_some_and(has_versions)
}

fn has_versions(members: &Members<'_>) -> bool {
    members.get("versions").is_some_and(|versions| versions.members().is_some())
}

/// The name of a member; easydb5 says some otherwise.
fn name_of(name: &str) -> &str {
    match name {
        "_webfrontend_props" => "webfrontend_props",
        "_user" => "user",
        name => name,
    }
}

/// Where a link leads.
struct Link {
    id: Option<u64>,
    is_gone: bool,
    text: String,
}

fn link(members: &Members<'_>, names: &Names) -> Option<Link> {
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
    let objecttype =
        if objecttype.is_empty() { text_in(lookup, &["_objecttype"]).unwrap_or_default() } else { objecttype };
    let id = lookup.get("_system_object_id").and_then(Json::as_id).or_else(|| names.of(&objecttype, lookup));
    let is_gone = lookup.get("_latest_version_deleted_at").is_some();
    let other = ["_uuid", "reference"].into_iter().find_map(|key| text_in(lookup, &[key]));
    let named = id.map(|id| id.to_string()).or(other).unwrap_or_default();
    let text = serde_json::Value::from(format!("{objecttype} {named}")).to_string();
    Some(Link { id, is_gone, text })
}

/// A point in time, the same text however it was written.
pub(super) fn instant(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |time| time.to_string())
}
