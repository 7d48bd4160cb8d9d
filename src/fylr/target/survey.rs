//! What a restore needs, found out before anything is written: how much there is of what, which files come from where,
//! which payloads must wait for others, and which links lead nowhere.

use std::collections::BTreeMap;

use roaring::RoaringTreemap;

use crate::fylr::json::{Json, Members};
use crate::fylr::target::files::expiry;
use crate::fylr::target::ids::Base;
use crate::fylr::target::numbering::{Numbering, Versions};
use crate::fylr::target::options::ORIGINAL;
use crate::fylr::target::renames::Renames;
use crate::fylr::target::rewrite::{glance, text_in};
use crate::model::payload::PayloadKind;

/// URLs that are tried before anything is written.
const SAMPLES: usize = 3;
/// References that are kept: those of users and pools that other things name by id.
const REFERENCES_MAX: usize = 1_000_000;

/// Files of a backup, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCounts {
    pub packed: u64,
    pub packed_bytes: u64,
    /// At the source, by URL.
    pub remote: u64,
    pub remote_bytes: u64,
    /// On other servers, where they stay.
    pub staying: u64,
    /// Without any hint where their bytes are.
    pub lost: u64,
    /// Whose renditions were not made by the source itself.
    pub manual: u64,
    pub renditions: u64,
    /// Some URLs of originals.
    pub samples: Vec<String>,
    /// Files of which two versions would have one name.
    pub conflicts: u64,
    /// Files at the source whose URL says until when it is good.
    pub expiring: u64,
    /// Those of them whose URL is good no more.
    pub expired: u64,
    /// When the first of these URLs ends, in seconds since 1970.
    pub first_expiry: Option<i64>,
}

/// What has been found.
#[derive(Debug, Default)]
pub struct Survey {
    renames: Renames,
    /// Seconds since 1970: URLs that end before have ended.
    now: i64,
    pub counts: BTreeMap<String, u64>,
    pub files: FileCounts,
    /// Which reference stands for which id of the source.
    pub references: Vec<(Base, u64, String)>,
    pub deleted: u64,
    pub deleted_links: u64,
    pub unreadable: u64,
    /// Records of which there are older versions.
    pub histories: u64,
    /// Versions of records that came before, or behind a later one.
    pub repeated: u64,
    versions: Versions,
    files_seen: RoaringTreemap,
    linked: RoaringTreemap,
    /// Records since the last payload that everything must wait for.
    loose: RoaringTreemap,
    own: RoaringTreemap,
    must_wait: bool,
}

impl Survey {
    #[must_use]
    pub fn new(renames: Renames, now: i64) -> Self {
        Self { renames, now, ..Self::default() }
    }

    /// Looks at an item of a payload.
    pub fn item(&mut self, kind: &PayloadKind, objecttype: Option<&str>, text: &[u8]) {
        let tally = match objecttype {
            Some(objecttype) if *kind == PayloadKind::Records => format!("db:{objecttype}"),
            _ => kind.name().to_owned(),
        };
        *self.counts.entry(tally).or_default() += 1;
        let json = std::str::from_utf8(text).ok().and_then(|text| Json::parse(text).ok());
        let Some(json) = json else {
            self.unreadable += 1;
            return;
        };
        match (kind, objecttype) {
            (PayloadKind::Records, Some(objecttype)) => self.record(&json, objecttype),
            (PayloadKind::Users, _) => self.reference(&json, "user", Base::User),
            (PayloadKind::Groups, _) => self.reference(&json, "group", Base::Group),
            (PayloadKind::Pools, _) => self.reference(&json, "pool", Base::Pool),
            (PayloadKind::Collections, _) => self.reference(&json, "collection", Base::Collection),
            (PayloadKind::Messages, _) => self.reference(&json, "message", Base::Message),
            _ => {}
        }
        self.files(&json);
    }

    /// A payload has ended; whether everything before it must be through before it.
    pub fn end_payload(&mut self) -> bool {
        let must_wait = std::mem::take(&mut self.must_wait);
        if must_wait {
            self.loose.clear();
        }
        self.loose |= std::mem::take(&mut self.own);
        must_wait
    }

    /// Links to records that are not in the backup.
    #[must_use]
    pub fn unresolved(&self) -> u64 {
        self.versions.records().map_or(self.linked.len(), |seen| (&self.linked - seen).len())
    }

    /// Records, versions counted once.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.versions.records().map_or(0, RoaringTreemap::len)
    }

    /// Whether a record is in the backup.
    #[must_use]
    pub fn has(&self, id: u64) -> bool {
        self.versions.records().is_some_and(|seen| seen.contains(id))
    }

    /// Which numbers versions of records have on a target.
    #[must_use]
    pub fn numbering(&self) -> &Numbering {
        &self.versions.numbering
    }

    fn record(&mut self, json: &Json<'_>, objecttype: &str) {
        let found = glance(json, objecttype);
        self.deleted += u64::from(found.is_deleted);
        if let Some(id) = found.system_id {
            self.must_wait |= self.loose.contains(id);
            self.histories += u64::from(self.has(id));
            let is_one = self.versions.take(id, found.version.unwrap_or(1));
            self.repeated += u64::from(!is_one && !found.is_increment);
            self.own.insert(id);
        } else {
            // What cannot be told apart waits its turn.
            self.must_wait = true;
        }
        let Some(block) = json.get(objecttype).and_then(Json::members) else { return };
        if let Some(parent) = block.get("lookup:_id_parent") {
            self.lookup(parent);
        }
        block.iter().for_each(|(_, value)| self.links(value));
    }

    fn links(&mut self, json: &Json<'_>) {
        match json {
            Json::Scalar(_) => {}
            Json::Array(items) => items.iter().for_each(|item| self.links(item)),
            Json::Object(members) => {
                let objecttype = members.get("_objecttype").and_then(Json::as_str);
                let block = objecttype.and_then(|name| members.get(&name));
                if let Some(lookup) = block.and_then(|block| block.get("lookup:_id")) {
                    self.lookup(lookup);
                }
                members.iter().for_each(|(_, value)| self.links(value));
            }
        }
    }

    /// What a lookup names: a record that must be there, or one that may come later.
    fn lookup(&mut self, lookup: &Json<'_>) {
        if lookup.get("_latest_version_deleted_at").is_some() {
            self.deleted_links += 1;
            return;
        }
        let may_wait = lookup.get("_allow_defer").is_some_and(Json::is_true);
        match lookup.get("_system_object_id").and_then(Json::as_id) {
            Some(id) => {
                self.linked.insert(id);
                self.must_wait |= !may_wait && self.loose.contains(id);
            }
            None => self.must_wait |= !may_wait,
        }
    }

    fn reference(&mut self, json: &Json<'_>, inner: &str, base: Base) {
        let Some(block) = json.get(inner) else { return };
        let Some(reference) = text_in(block, &["reference"]) else { return };
        let told = || reference.strip_prefix(inner)?.strip_prefix(':')?.parse().ok();
        let id = block.get("_id").and_then(Json::as_id).or_else(told);
        if let Some(id) = id.filter(|_| self.references.len() < REFERENCES_MAX) {
            self.references.push((base, id, reference));
        }
    }

    fn files(&mut self, json: &Json<'_>) {
        match json {
            Json::Scalar(_) => {}
            Json::Array(items) => items.iter().for_each(|item| self.files(item)),
            Json::Object(members) => match members.get("versions").and_then(Json::members) {
                Some(versions) => self.file(members, versions),
                None => {
                    if let Some(url) = members.get("eas:url").and_then(Json::as_str) {
                        self.files.remote += 1;
                        self.remote(&url);
                    }
                    members.iter().for_each(|(_, value)| self.files(value));
                }
            },
        }
    }

    fn file(&mut self, members: &Members<'_>, versions: &Members<'_>) {
        let Some(id) = members.get("_id").and_then(Json::as_id) else { return };
        if !self.files_seen.insert(id) {
            return;
        }
        let names = || versions.iter().map(|(name, _)| name).filter(|name| *name != ORIGINAL);
        self.files.renditions += names().count() as u64;
        self.files.manual += u64::from(members.get("produce_versions").is_some_and(|produces| !produces.is_true()));
        let class = members.get("class").and_then(Json::as_str).unwrap_or_default();
        self.files.conflicts += u64::from(self.renames.conflict(&class, names()).is_some());
        let Some(original) = versions.get(ORIGINAL) else {
            self.files.lost += 1;
            return;
        };
        let bytes = original.get("filesize").and_then(Json::as_id).unwrap_or(0);
        let stays = members.get("leave_on_remote").is_some_and(Json::is_true);
        match (stays, text_in(original, &["path"]), text_in(original, &["url"])) {
            (true, _, Some(_)) => self.files.staying += 1,
            (false, Some(_), _) => {
                self.files.packed += 1;
                self.files.packed_bytes += bytes;
            }
            (_, _, Some(url)) => {
                self.files.remote += 1;
                self.files.remote_bytes += bytes;
                self.remote(&url);
            }
            _ => self.files.lost += 1,
        }
    }

    fn remote(&mut self, url: &str) {
        if let Some(expiry) = expiry(url) {
            self.files.expiring += 1;
            self.files.expired += u64::from(expiry <= self.now);
            self.files.first_expiry = Some(self.files.first_expiry.map_or(expiry, |first| first.min(expiry)));
        }
        if self.files.samples.len() < SAMPLES {
            self.files.samples.push(url.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(survey: &mut Survey, texts: &[&str]) -> bool {
        for text in texts {
            survey.item(&PayloadKind::Records, Some("o"), text.as_bytes());
        }
        survey.end_payload()
    }

    #[test]
    fn a_payload_waits_for_what_it_cannot_do_without() {
        let mut survey = Survey::default();
        assert!(!records(&mut survey, &[r#"{"_system_object_id":1,"o":{"_version":1}}"#]));
        let deferred = r#"{"_system_object_id":2,"o":{"a":{"_objecttype":"o","o":{"lookup:_id":{"_system_object_id":1,"_allow_defer":true}}}}}"#;
        assert!(!records(&mut survey, &[deferred]));
        assert!(records(
            &mut survey,
            &[r#"{"_system_object_id":3,"o":{"lookup:_id_parent":{"_system_object_id":2}}}"#]
        ));
        // Those before it are through by then.
        assert!(!records(
            &mut survey,
            &[r#"{"_system_object_id":4,"o":{"lookup:_id_parent":{"_system_object_id":1}}}"#]
        ));
        assert!(records(&mut survey, &[r#"{"_system_object_id":4,"o":{"_version":2}}"#]), "a later version");
        assert!(records(&mut survey, &[r#"{"o":{"lookup:_id":{"inventar":"7"}}}"#]), "nobody knows which it is");
        assert_eq!((survey.records(), survey.histories, survey.unresolved()), (4, 1, 0));
    }

    #[test]
    fn links_that_lead_nowhere_and_late_first_versions_are_found() {
        let mut survey = Survey::default();
        let text = r#"{"_system_object_id":9007199254740993,"o":{"_version":7,"x":[{"y":{"_objecttype":"p","p":{"lookup:_id":{"_system_object_id":5,"_allow_defer":true}}}}]}}"#;
        records(&mut survey, &[text, "no json"]);
        assert_eq!(survey.numbering().of(9_007_199_254_740_993, 7), 1);
        assert_eq!((survey.unresolved(), survey.unreadable), (1, 1));
    }

    #[test]
    fn every_file_is_counted_once_by_where_it_is() {
        let mut survey = Survey::new("image.small:preview".parse().unwrap(), 1_767_225_600);
        let file = |id: u64, original: &str, more: &str| {
            format!(
                r#"{{"_system_object_id":{id},"o":{{"f":[{{"_id":{id},"class":"image",{more}"versions":{{"original":{original}}}}}]}}}}"#
            )
        };
        let texts = [
            file(1, r#"{"path":"files/0/0/1-a.png","filesize":7}"#, ""),
            file(1, r#"{"path":"files/0/0/1-a.png","filesize":7}"#, ""),
            file(2, r#"{"url":"https://h/2?expires=1767225600","filesize":9},"small":{},"preview":{}"#, ""),
            file(5, r#"{"url":"https://h/5?expires=1767225601"}"#, ""),
            file(6, r#"{"path":"files/0/0/6-a.png","url":"https://h/6?expires=1500000000"}"#, ""),
            file(3, r#"{"url":"https://h/3"}"#, r#""leave_on_remote":true,"#),
            file(4, "{}", r#""produce_versions":false,"#),
        ];
        records(&mut survey, &texts.iter().map(String::as_str).collect::<Vec<_>>());
        let files = &survey.files;
        assert_eq!((files.packed, files.packed_bytes, files.remote, files.remote_bytes), (2, 7, 2, 9));
        assert_eq!((files.staying, files.lost, files.manual, files.conflicts), (1, 1, 1, 1));
        assert_eq!(files.samples, ["https://h/2?expires=1767225600", "https://h/5?expires=1767225601"]);
        let ends = (files.expiring, files.expired, files.first_expiry);
        assert_eq!(ends, (2, 1, Some(1_767_225_600)), "what is packed needs no URL");
    }
}
