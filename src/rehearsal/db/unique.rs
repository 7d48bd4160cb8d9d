//! Unique keys: compared trimmed and over all languages, as fylr does since 6.17. A key with a null in it is none.

use crate::rehearsal::datamodel::{ColumnKind, Table};
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{Fingerprint, Parent, State, SystemId, Target, fingerprint};

/// The values of a record's unique keys.
pub(super) fn keys(
    table: &Table,
    block: &Node<'_>,
    links: &[(u64, Target)],
    parent: &Parent,
) -> Box<[(usize, Fingerprint)]> {
    let value = |name: &String| -> Option<String> {
        if name == "_id_parent" {
            return Some(format!("{parent:?}"));
        }
        let column = table.columns.get(name)?;
        if matches!(column.kind, ColumnKind::Link(_)) {
            return links.iter().find(|(id, _)| *id == column.id).map(|(_, target)| format!("{target:?}"));
        }
        normal(block.at(name))
    };
    let key = |(at, key): (usize, &crate::rehearsal::datamodel::UniqueKey)| {
        let values: Option<Vec<String>> = key.columns.iter().map(value).collect();
        Some((at, fingerprint(&values?.join("\u{1f}"))))
    };
    table.unique_keys.iter().enumerate().filter_map(key).collect()
}

fn normal(value: &Node<'_>) -> Option<String> {
    match value {
        Node::Null => None,
        Node::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Node::Object(languages) => {
            let mut texts = languages
                .iter()
                .filter_map(|(language, text)| Some(format!("{language}:{}", text.text()?.trim())))
                .filter(|text| !text.ends_with(':'))
                .collect::<Vec<_>>();
            texts.sort();
            Some(texts.join("\u{1e}")).filter(|text| !text.is_empty())
        }
        other => Some(other.to_string()),
    }
}

/// Refuses a value that another record has.
pub(super) fn check(
    state: &State,
    table: &Table,
    at: usize,
    keys: &[(usize, Fingerprint)],
    own: Option<SystemId>,
) -> Result<(), Problem> {
    for (key, value) in keys {
        if let Some(holder) = state.records.holder(at, *key, *value, own) {
            let name = &table.unique_keys[*key].name;
            let text = format!("Unique key \"{name}\" of {} is violated by record {holder}.", table.name);
            let problem = Problem::new(400, "UniqueKeyViolation", "object", text).with("name", name.clone());
            return Err(problem.with("valuelinkedsystemobjectid", holder.0).with("objecttype", table.name.clone()));
        }
    }
    Ok(())
}
