//! `datamodel.json`: tables, columns and the mask of the object types the series has.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::base;

/// Table, owner of a nested table, columns with their types.
type Table = (&'static str, Option<u64>, &'static [(&'static str, &'static str)]);

const TABLES: [Table; 7] = [
    ("ort", None, &[("name", "text_l10n"), ("position", "custom:geo"), ("bemerkung", "text_l10n")]),
    ("schlagwort", None, &[("name", "text_l10n"), ("definition", "text_l10n")]),
    (
        "person",
        None,
        &[
            ("name", "text"),
            ("gnd", "custom:gnd"),
            ("geboren", "date"),
            ("geburtsort", "link"),
            ("biografie", "text_l10n"),
        ],
    ),
    (
        "objekt",
        None,
        &[
            ("inventarnummer", "text_oneline"),
            ("titel", "text_l10n_oneline"),
            ("beschreibung", "text_l10n"),
            ("bemerkung", "text_l10n"),
            ("entstehung", "daterange"),
            ("erworben", "date"),
            ("anzahl", "number"),
            ("ausgestellt", "boolean"),
            ("ort", "link"),
            ("bild", "eas"),
        ],
    ),
    ("objekt__personen", Some(4), &[("rolle", "text_oneline"), ("person", "link")]),
    ("objekt__schlagworte", Some(4), &[("schlagwort", "link")]),
    ("objekt__masse", Some(4), &[("art", "text_oneline"), ("wert_mm", "number")]),
];

pub fn write(target: &Path) -> io::Result<()> {
    let tables: Vec<Value> = TABLES.iter().enumerate().map(table).collect();
    let value = json!({"version": 1, "format_version": 1,
        "schema": {"type": "user", "version": 1, "based_on_base_version": 230,
            "l10n_languages": ["de-DE", "en-US"], "max_table_id": TABLES.len(),
            "max_column_id": 799, "tables": tables},
        "mask": {"type": "user", "version": 1, "based_on_schema_version": 1, "max_mask_id": 1,
            "masks": [{"mask_id": 1, "name": "objekt__all_fields", "is_preferred": true,
                "fields": [], "system_fields": {}}]},
        "keys": {}});
    base::write_json(&target.join("datamodel.json"), &value)
}

fn table((index, (name, owner, columns)): (usize, &Table)) -> Value {
    let id = index as u64 + 1;
    let columns: Vec<Value> = columns
        .iter()
        .enumerate()
        .map(|(index, (name, kind))| {
            json!({"column_id": id * 100 + index as u64, "kind": "column", "name": name,
                "type": kind, "not_null": false, "reverse_edit": false})
        })
        .collect();
    let mut table = json!({"table_id": id, "name": name, "is_hierarchical": false,
        "in_main_search": owner.is_none(), "pool_link": *name == "objekt", "has_tags": true,
        "acl_table": false, "columns": columns, "foreign_keys": [], "unique_keys": []});
    if let Some(owner) = owner {
        table["owned_by"] = json!({"other_table_id": owner});
    }
    table
}
