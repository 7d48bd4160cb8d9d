//! Records by what links name them by where that is not their id: a UUID, or the value of a column.

use std::collections::HashMap;

use crate::fylr::json::Json;
use crate::fylr::target::rewrite::glance;

/// System object ids by short stand-ins for names.
#[derive(Debug, Default)]
pub struct Names(HashMap<u128, u64>);

impl Names {
    /// Takes the names that a record has by these members.
    pub fn add<'k>(&mut self, objecttype: &str, keys: impl Iterator<Item = &'k str>, text: &str) {
        let Ok(json) = Json::parse(text) else { return };
        let Some(id) = glance(&json, objecttype).system_id else { return };
        for key in keys {
            let value = json.get(key).or_else(|| json.get(objecttype)?.get(key));
            if let Some(value) = value.filter(|value| !value.is_null()) {
                self.0.insert(mark(objecttype, key, value), id);
            }
        }
    }

    /// The record that a lookup means.
    pub(super) fn of(&self, objecttype: &str, lookup: &Json<'_>) -> Option<u64> {
        if self.0.is_empty() {
            return None;
        }
        let members = lookup.members()?;
        members.iter().find_map(|(key, value)| self.0.get(&mark(objecttype, key, value)).copied())
    }
}

fn mark(objecttype: &str, key: &str, value: &Json<'_>) -> u128 {
    let text = value.as_str().map_or_else(|| value.to_bytes(None), |text| text.as_bytes().to_vec());
    let hash = blake3::hash(&[objecttype.as_bytes(), b"\0", key.as_bytes(), b"\0", &text].concat());
    u128::from_le_bytes(hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
}
