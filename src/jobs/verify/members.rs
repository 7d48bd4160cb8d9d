//! What is different in two items, for people.

use std::collections::BTreeSet;

/// Which members differ, and how.
pub(super) fn members(backup: &[u8], target: &[u8]) -> String {
    let read = |text: &[u8]| serde_json::from_slice(text).unwrap_or(serde_json::Value::Null);
    let mut found = Vec::new();
    walk(&read(backup), &read(target), "", &mut found);
    let more = found.len().saturating_sub(3);
    found.truncate(3);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", found.join(", "))
}

fn walk(one: &serde_json::Value, other: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    if let (Some(one), Some(other)) = (one.as_object(), other.as_object()) {
        let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let null = serde_json::Value::Null;
            walk(one.get(key).unwrap_or(&null), other.get(key).unwrap_or(&null), &path, found);
        }
    } else if one != other {
        found.push(format!("{path} is {} and not {}", short(other), short(one)));
    }
}

fn short(value: &serde_json::Value) -> String {
    if value.is_null() {
        return "missing".to_owned();
    }
    let text = value.to_string();
    let end = text.floor_char_boundary(80);
    if end < text.len() { format!("{}…", &text[..end]) } else { text }
}
