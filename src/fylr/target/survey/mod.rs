//! What a restore needs, found out before anything is written: how much there is of what, which files come from where,
//! which payloads must wait for others, and which links lead nowhere.

mod files;
mod glimpse;

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringTreemap;

use crate::fylr::target::ids::Base;
use crate::fylr::target::numbering::{Numbering, Versions};
use crate::model::payload::PayloadKind;

pub use files::FileCounts;
pub use glimpse::Glimpse;

/// References that are kept: those of users and pools that other things name by id.
const REFERENCES_MAX: usize = 1_000_000;

/// What has been found. It is put together from glimpses at stretches of payloads, in their order.
#[derive(Debug, Default)]
pub struct Survey {
    /// Seconds since 1970: URLs that end before have ended.
    now: i64,
    pub counts: BTreeMap<String, u64>,
    pub files: FileCounts,
    /// Which reference stands for which id of the source.
    pub references: Vec<(Base, u64, String)>,
    /// Plugins that come along.
    pub plugins: BTreeSet<String>,
    pub deleted: u64,
    pub deleted_links: u64,
    pub unreadable: u64,
    /// Records of which there are older versions.
    pub histories: u64,
    /// Versions of records that came before, or behind a later one.
    pub repeated: u64,
    /// Objecttypes of which records are linked to by something else than their ids, and by which member.
    pub named_by: BTreeSet<(String, String)>,
    versions: Versions,
    files_seen: RoaringTreemap,
    linked: RoaringTreemap,
    deleted_seen: RoaringTreemap,
    deleted_named: RoaringTreemap,
    /// Records since the last payload that everything must wait for.
    loose: RoaringTreemap,
    own: RoaringTreemap,
    must_wait: bool,
}

impl Survey {
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    /// Adds the next stretch of a payload.
    pub fn add(&mut self, kind: &PayloadKind, objecttype: Option<&str>, glimpse: Glimpse) {
        let tally = match objecttype {
            Some(objecttype) if *kind == PayloadKind::Records => format!("db:{objecttype}"),
            _ => kind.name().to_owned(),
        };
        *self.counts.entry(tally).or_default() += glimpse.items;
        self.unreadable += glimpse.unreadable;
        self.deleted += glimpse.deleted.len() as u64;
        self.deleted_seen.extend(glimpse.deleted);
        self.deleted_named.extend(glimpse.deleted_named);
        self.deleted_links += glimpse.deleted_links;
        self.must_wait |= glimpse.names_unknown;
        self.named_by.extend(glimpse.named_by);
        for version in glimpse.records {
            self.must_wait |= self.loose.contains(version.id);
            self.histories += u64::from(self.has(version.id));
            let is_one = self.versions.take(version.id, version.number);
            self.repeated += u64::from(!is_one && !version.is_increment);
            self.own.insert(version.id);
        }
        self.must_wait |= glimpse.needed.iter().any(|id| self.loose.contains(*id));
        self.linked.extend(glimpse.needed);
        self.linked.extend(glimpse.wanted);
        let room = REFERENCES_MAX.saturating_sub(self.references.len());
        self.references.extend(glimpse.references.into_iter().take(room));
        self.plugins.extend(glimpse.plugins);
        for file in glimpse.files {
            if file.id.is_none_or(|id| self.files_seen.insert(id)) {
                file.count(&mut self.files, self.now);
            }
        }
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

    /// Records that are deleted at the source and in the backup, and that others link to.
    #[must_use]
    pub fn deleted_linked(&self) -> RoaringTreemap {
        // Parents are named without being told to be deleted.
        &(&self.deleted_named | &self.linked) & &self.deleted_seen
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fylr::target::renames::Renames;

    fn records(survey: &mut Survey, texts: &[&str]) -> bool {
        records_renamed(survey, texts, &Renames::default())
    }

    /// Wherever a payload is cut into stretches, the same is found.
    fn records_renamed(survey: &mut Survey, texts: &[&str], renames: &Renames) -> bool {
        for stretch in texts.chunks(2) {
            let texts = stretch.iter().map(|text| text.as_bytes());
            survey.add(&PayloadKind::Records, Some("o"), Glimpse::at(&PayloadKind::Records, Some("o"), texts, renames));
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
        let mut survey = Survey::new(1_767_225_600);
        let renames = "image.small:preview".parse().unwrap();
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
        records_renamed(&mut survey, &texts.iter().map(String::as_str).collect::<Vec<_>>(), &renames);
        let files = &survey.files;
        assert_eq!((files.packed, files.packed_bytes, files.remote, files.remote_bytes), (2, 7, 2, 9));
        assert_eq!((files.staying, files.lost, files.manual, files.conflicts), (1, 1, 1, 1));
        assert_eq!(files.samples, ["https://h/2?expires=1767225600", "https://h/5?expires=1767225601"]);
        let ends = (files.expiring, files.expired, files.first_expiry);
        assert_eq!(ends, (2, 1, Some(1_767_225_600)), "what is packed needs no URL");
    }
}
