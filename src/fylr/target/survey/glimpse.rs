//! A stretch of a payload, looked at by itself: many can be looked at side by side.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::fylr::json::{Json, Members};
use crate::fylr::target::ids::Base;
use crate::fylr::target::renames::Renames;
use crate::fylr::target::rewrite::{glance, text_in};
use crate::fylr::target::survey::files::{FileFound, Finding};
use crate::model::payload::PayloadKind;

/// What a stretch of a payload tells by itself.
#[derive(Debug, Default)]
pub struct Glimpse {
    pub(super) items: u64,
    pub(super) unreadable: u64,
    /// Records that are deleted at the source, as many as there are.
    pub(super) deleted: Vec<u64>,
    /// Those that are linked to with the word that they are.
    pub(super) deleted_named: Vec<u64>,
    pub(super) deleted_links: u64,
    /// In their order.
    pub(super) records: Vec<Version>,
    /// Something cannot be told apart, or names what nobody knows: it waits its turn.
    pub(super) names_unknown: bool,
    /// Objecttypes of records that are named by something else than their ids, and by which member.
    pub(super) named_by: BTreeSet<(String, String)>,
    /// Records that must be there before these, …
    pub(super) needed: Vec<u64>,
    /// … and those that may come later.
    pub(super) wanted: Vec<u64>,
    pub(super) references: Vec<(Base, u64, String)>,
    /// Plugins that come along, not only their names.
    pub(super) plugins: Vec<String>,
    pub(super) files: Vec<FileFound>,
}

/// A version of a record.
#[derive(Debug)]
pub(super) struct Version {
    pub id: u64,
    pub number: u64,
    /// It comes as the next one, whatever number it has.
    pub is_increment: bool,
}

impl Glimpse {
    /// Looks at items of one payload.
    pub fn at<'t>(
        kind: &PayloadKind,
        objecttype: Option<&str>,
        texts: impl Iterator<Item = &'t [u8]>,
        renames: &Renames,
    ) -> Self {
        let mut glimpse = Self::default();
        let mut files = Finding { renames, found: Vec::new(), sampled: 0 };
        for text in texts {
            glimpse.items += 1;
            match std::str::from_utf8(text).ok().and_then(|text| Json::parse(text).ok()) {
                Some(json) => {
                    glimpse.item(kind, objecttype, &json);
                    files.below(&json);
                }
                None => glimpse.unreadable += 1,
            }
        }
        glimpse.files = files.found;
        for links in [&mut glimpse.needed, &mut glimpse.wanted] {
            links.sort_unstable();
            links.dedup();
        }
        glimpse
    }

    /// How many items were looked at.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.items
    }

    fn item(&mut self, kind: &PayloadKind, objecttype: Option<&str>, json: &Json<'_>) {
        match (kind, objecttype) {
            (PayloadKind::Records, Some(objecttype)) => self.record(json, objecttype),
            (PayloadKind::Users, _) => self.reference(json, "user", Base::User),
            (PayloadKind::Groups, _) => self.reference(json, "group", Base::Group),
            (PayloadKind::Pools, _) => self.reference(json, "pool", Base::Pool),
            (PayloadKind::Collections, _) => self.reference(json, "collection", Base::Collection),
            (PayloadKind::Messages, _) => self.reference(json, "message", Base::Message),
            (PayloadKind::Plugins, _) => self.plugin(json),
            (PayloadKind::CollectionObjects, _) => self.objects(json),
            _ => {}
        }
    }

    fn record(&mut self, json: &Json<'_>, objecttype: &str) {
        let found = glance(json, objecttype);
        self.deleted.extend(found.system_id.filter(|_| found.is_deleted));
        match found.system_id {
            Some(id) => {
                let (number, is_increment) = (found.version.unwrap_or(1), found.is_increment);
                self.records.push(Version { id, number, is_increment });
            }
            None => self.names_unknown = true,
        }
        let Some(block) = json.get(objecttype).and_then(Json::members) else { return };
        if let Some(parent) = block.get("lookup:_id_parent") {
            self.lookup(parent);
            self.named_by(objecttype, parent);
        }
        block.iter().for_each(|(_, value)| self.links(value));
    }

    fn links(&mut self, json: &Json<'_>) {
        match json {
            Json::Scalar(_) => {}
            Json::Array(items) => items.iter().for_each(|item| self.links(item)),
            Json::Object(members) => {
                if let Some((objecttype, lookup)) = linked(members) {
                    self.lookup(lookup);
                    self.named_by(&objecttype, lookup);
                }
                members.iter().for_each(|(_, value)| self.links(value));
            }
        }
    }

    /// Notes by what a record is named, if not by its id.
    fn named_by(&mut self, objecttype: &str, lookup: &Json<'_>) {
        if lookup.get("_system_object_id").is_some() {
            return;
        }
        let keys = lookup.members().into_iter().flat_map(Members::iter).map(|(key, _)| key);
        for key in keys.filter(|key| *key == "_uuid" || !key.starts_with('_')) {
            self.named_by.insert((objecttype.to_owned(), key.to_owned()));
        }
    }

    /// The records of a collection, by what they are named.
    fn objects(&mut self, json: &Json<'_>) {
        let objects = json.get("objects").or_else(|| json.get("_objects")).map_or(&[][..], Json::items);
        for lookup in objects.iter().filter_map(|object| object.get("lookup:_global_object_id")) {
            if let Some(objecttype) = text_in(lookup, &["_objecttype"]) {
                self.named_by(&objecttype, lookup);
            }
        }
    }

    /// What a lookup names: a record that must be there, or one that may come later.
    fn lookup(&mut self, lookup: &Json<'_>) {
        if lookup.get("_latest_version_deleted_at").is_some() {
            self.deleted_links += 1;
            self.deleted_named.extend(lookup.get("_system_object_id").and_then(Json::as_id));
            return;
        }
        let may_wait = lookup.get("_allow_defer").is_some_and(Json::is_true);
        match lookup.get("_system_object_id").and_then(Json::as_id) {
            Some(id) if may_wait => self.wanted.push(id),
            Some(id) => self.needed.push(id),
            None => self.names_unknown |= !may_wait,
        }
    }

    /// Those that stand on the disk of their server stay there.
    fn plugin(&mut self, json: &Json<'_>) {
        if text_in(json, &["type"]).is_some_and(|kind| kind == "url" || kind == "zip") {
            self.plugins.extend(text_in(json, &["name"]));
        }
    }

    fn reference(&mut self, json: &Json<'_>, inner: &str, base: Base) {
        let Some(block) = json.get(inner) else { return };
        let Some(reference) = text_in(block, &["reference"]) else { return };
        let told = || reference.strip_prefix(inner)?.strip_prefix(':')?.parse().ok();
        if let Some(id) = block.get("_id").and_then(Json::as_id).or_else(told) {
            self.references.push((base, id, reference));
        }
    }
}

/// The objecttype and the lookup of a link to a record.
fn linked<'a, 't>(members: &'a Members<'t>) -> Option<(Cow<'a, str>, &'a Json<'t>)> {
    let objecttype = members.get("_objecttype").and_then(Json::as_str)?;
    let lookup = members.get(&objecttype)?.get("lookup:_id")?;
    Some((objecttype, lookup))
}
