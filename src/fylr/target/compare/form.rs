//! The form in which items are compared: what says nothing is left out, members are sorted, rules are applied.

use crate::fylr::json::{Json, Members};
use crate::fylr::target::compare::file::{self, Met, Told};
use crate::fylr::target::compare::rules::{RULES, Rule, Treatment};
use crate::fylr::target::compare::{Comparing, Side};
use crate::fylr::target::rewrite::text_in;

/// Writes the form.
pub(super) struct Form<'a> {
    pub comparing: &'a Comparing,
    pub kind: &'a str,
    pub side: Side,
    pub told: Told,
    pub met: &'a Met,
    pub is_known: &'a dyn Fn(u64) -> bool,
    pub out: Vec<u8>,
}

/// What only backups of instances say; the JSON importer leaves it to the target.
const NOT_OF_IMPORTER: [&str; 6] = ["_owner", "_create_user", "_created", "_last_modified", "_uuid", "_tags"];

impl Form<'_> {
    pub fn value(&mut self, json: &Json<'_>, key: &str) {
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
        let mut form = Form { out: Vec::new(), ..*self };
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
        let text = file::text(members, self.side, self.told, self.comparing, self.met);
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
pub(super) fn instant(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |time| time.to_string())
}
