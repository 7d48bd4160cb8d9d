//! What an item says, whoever says it: a backup or the instance that it was restored to. Both are brought into one form,
//! in which everything is left out that a restore changes on purpose; the rules for that are data, each with its reason.

mod file;
mod form;
mod gaps;
mod key;
mod names;
mod rules;

mod answer;
mod decision;
mod sight;
mod stand_in;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use crate::fylr::json::Json;
use crate::fylr::target::compare::file::{Met, Told};
use crate::fylr::target::compare::form::Form;
use crate::fylr::target::compare::key::key;
use crate::fylr::target::mended::Mended;
use crate::fylr::target::renames::Renames;
use crate::fylr::target::rewrite::{glance, text_in};
use crate::fylr::version::Version;
use crate::model::payload::PayloadKind;

pub use gaps::Gaps;
pub use key::is_nameless;
pub use names::Names;
use rules::DOCUMENT;
pub use rules::{RULES, Rule};
pub use sight::{Sight, Sights};
pub use stand_in::{StandIn, of_key};

/// What must be known to compare.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Comparing {
    /// Files are not compared.
    pub without_files: bool,
    /// Renditions came along, with these new names, and are compared.
    pub renditions: Option<Renames>,
    /// The source is an easydb5, which knows no hashes of files, and has other names for events.
    pub is_easydb5: bool,
    /// The backup tells only what the JSON importer needs.
    pub is_importer: bool,
    /// Only events of these types came along.
    pub events: Option<Vec<String>>,
    /// This version of files became the original, where there is one.
    pub file_version: Option<String>,
    /// Links to deleted records came along.
    pub deleted_links: bool,
    /// The release of the target: older ones do some things otherwise.
    pub target: Option<Version>,
    /// Records whose files came later, as a version of their own.
    pub mended: Arc<HashMap<u64, Mended>>,
    /// Records by what links of the backup name them by, where that is not their id.
    pub names: Arc<Names>,
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
    /// The same without what its files are; none if it has no file.
    pub bare: Option<Vec<u8>>,
    /// The target has files of it that it has not fetched: only the bare form can be compared.
    pub is_unfetched: bool,
    /// It is about to fetch them.
    pub is_coming: bool,
    /// What it does not say, and a target fills in.
    pub gaps: Gaps,
}

impl Essence {
    /// What stands for what it says.
    #[must_use]
    pub fn says(&self) -> StandIn {
        let full = stand_in::of_form(&self.text);
        StandIn { full, bare: self.bare.as_deref().map_or(full, stand_in::of_form) }
    }

    /// Leaves out what the other side does not say, so that only the target's own filling it in makes no difference.
    pub fn leave_out(&mut self, gaps: Gaps) {
        self.text = gaps.taken_from(&self.text);
        self.bare = self.bare.take().map(|bare| gaps.taken_from(&bare));
    }
}

impl Comparing {
    /// The form of an item; `None` for what every target has of its own, and for events that are never migrated. `number` is
    /// the number that a version of a record has on the target, `is_known` tells whether a record is in the backup.
    #[must_use]
    pub fn essence(
        &self,
        side: Side,
        (kind, objecttype): (&PayloadKind, Option<&str>),
        text: &str,
        number: &dyn Fn(u64, u64) -> u64,
        is_known: &dyn Fn(u64) -> bool,
    ) -> Option<Essence> {
        let json = Json::parse(text).ok()?;
        let is_easydb5 = self.is_easydb5 && side == Side::Backup;
        let mut key = key(kind, objecttype, &json, number, is_easydb5)?;
        if side == Side::Backup && *kind == PayloadKind::Events && !self.has_event(&json) {
            return None;
        }
        let mut without_files = self.without_files;
        if let Some((id, version, mended)) = self.mended(kind, objecttype, &json, number) {
            // Versions between the two are the same without its files, and those before may lack them.
            match side {
                Side::Target if version == mended.is => key = format!("{} {id} version {}", objecttype?, mended.of),
                Side::Target if version >= mended.of => return None,
                _ => without_files |= version < mended.of,
            }
        }
        let met = Met::default();
        let form = |told: Told| {
            let mut form = Form {
                comparing: self,
                kind: kind.name(),
                objecttype: objecttype.unwrap_or_default(),
                side,
                told,
                met: &met,
                is_known,
                without_files,
                out: Vec::with_capacity(text.len()),
            };
            form.value(&json, "");
            form.out
        };
        let text = form(Told::Bytes);
        let bare = met.any.get().then(|| form(Told::Presence));
        let (is_unfetched, is_coming) = (met.unfetched.get(), met.coming.get());
        Some(Essence { key, text, bare, is_unfetched, is_coming, gaps: Gaps::of(kind, &json) })
    }

    /// Whether an event of the backup came along.
    fn has_event(&self, json: &Json<'_>) -> bool {
        let Some(types) = &self.events else { return true };
        json.get("event").and_then(|event| text_in(event, &["type"])).is_some_and(|kind| types.contains(&kind))
    }

    /// A record whose files came later, and its version as the target counts.
    fn mended(
        &self,
        kind: &PayloadKind,
        objecttype: Option<&str>,
        json: &Json<'_>,
        number: &dyn Fn(u64, u64) -> u64,
    ) -> Option<(u64, u64, Mended)> {
        if *kind != PayloadKind::Records || self.mended.is_empty() {
            return None;
        }
        let found = glance(json, objecttype?);
        let id = found.system_id?;
        let mended = *self.mended.get(&id)?;
        Some((id, number(id, found.version.unwrap_or(1)), mended))
    }
}

impl Comparing {
    /// The forms of a data model or base config, of the backup and of the target. What is no JSON is its own form.
    #[must_use]
    pub fn documents(&self, backup: &[u8], target: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let met = Met::default();
        let form = |text: &[u8], side: Side, told: Told| {
            let json = std::str::from_utf8(text).ok().and_then(|text| Json::parse(text).ok());
            let Some(json) = json else { return text.to_vec() };
            let out = Vec::with_capacity(text.len());
            let mut form = Form {
                comparing: self,
                kind: DOCUMENT,
                objecttype: "",
                side,
                told,
                met: &met,
                is_known: &|_| true,
                without_files: self.without_files,
                out,
            };
            form.value(&json, "");
            form.out
        };
        let forms = |told: Told| (form(backup, Side::Backup, told), form(target, Side::Target, told));
        let found = forms(Told::Bytes);
        if met.unfetched.get() { forms(Told::Presence) } else { found }
    }
}

#[cfg(test)]
mod tests;
