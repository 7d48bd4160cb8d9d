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
