//! What an item does not say, and a target fills in by itself. Where the backup says it, it is compared.

use crate::fylr::json::Json;
use crate::fylr::target::compare::rules;
use crate::model::payload::PayloadKind;

/// Members that an item does not say: a bit for each rule of filling in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps(u8);

impl Gaps {
    pub(super) fn of(kind: &PayloadKind, json: &Json<'_>) -> Self {
        let is_gap = |key: &str| json.get(key).is_none_or(Json::is_null);
        let bits = rules::filled().enumerate().filter(|(_, rule)| rule.is_of(kind.name()) && is_gap(rule.key));
        Self(bits.fold(0, |bits, (bit, _)| bits | 1 << bit))
    }

    /// Whether a target fills this member of a record in.
    pub(super) fn is_filled(key: &str) -> bool {
        key.starts_with('_') && rules::filled().any(|rule| rule.key == key)
    }

    /// Puts a member of a record in, or takes it out.
    pub(super) fn set(&mut self, key: &str, is_one: bool) {
        for (bit, _) in rules::filled().enumerate().filter(|(_, rule)| rule.key == key) {
            self.0 = self.0 & !(1 << bit) | u8::from(is_one) << bit;
        }
    }

    /// The members of records that are not among these.
    pub(super) fn others(self) -> Self {
        let all = rules::filled().enumerate().filter(|(_, rule)| rule.is_of(PayloadKind::Records.name()));
        Self(all.fold(0, |bits, (bit, _)| bits | 1 << bit) & !self.0)
    }

    /// Whether nothing is left unsaid.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn has(self, key: &str) -> bool {
        rules::filled().enumerate().any(|(bit, rule)| self.0 >> bit & 1 == 1 && rule.key == key)
    }

    /// A form without these members.
    pub(super) fn taken_from(self, form: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(form).ok();
        match text.and_then(|text| Json::parse(text).ok()) {
            Some(Json::Object(mut members)) => {
                members.retain(|key, _| !self.has(key));
                Json::from(members).to_bytes(None)
            }
            _ => form.to_vec(),
        }
    }
}
