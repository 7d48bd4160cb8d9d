//! The rehearsal instance, spoken to over plain HTTP: every end point and every rule, good and bad.

mod auth;
mod base;
mod datamodel;
mod described;
mod easydb5;
mod faults;
mod files;
mod history;
mod records;
mod releases;
#[path = "../support/mod.rs"]
mod support;
mod system;

use serde_json::{Value, json};

use support::http::{Http, column, commit, foreign_key};

/// A data model with most of what there is: `ort` (hierarchical), `bild` (pools, tags, files, rows, links), `notiz`
/// (edited from `bild`).
fn model() -> Value {
    let mut name = column(1, "name", "text_oneline");
    name["not_null"] = json!(true);
    let mut edited = column(20, "bild", "link");
    edited["reverse_edit"] = json!(true);
    json!([
        { "table_id": 1, "name": "ort", "is_hierarchical": true,
          "columns": [name, column(2, "code", "string"), column(3, "zahl", "number")],
          "unique_keys": [{ "name": "ort_code", "columns": [{ "column_id": 2 }] }] },
        { "table_id": 2, "name": "bild", "pool_link": true, "has_tags": true,
          "columns": [
              column(10, "titel", "text_l10n_oneline"), column(11, "ort", "link"), column(12, "datei", "eas"),
              { "kind": "link", "other_table_id": 3, "not_null": false },
              { "kind": "reverse_link", "other_table_id": 4, "other_column_id": 20, "other_column_name_hint": "bild" }],
          "foreign_keys": [foreign_key(11, 1)] },
        { "table_id": 3, "name": "bild__orte", "owned_by": { "other_table_id": 2 },
          "columns": [column(15, "ort", "link"), column(16, "wert", "integer.2")], "foreign_keys": [foreign_key(15, 1)] },
        { "table_id": 4, "name": "notiz", "columns": [edited, column(21, "text", "text")], "foreign_keys": [foreign_key(20, 2)] },
    ])
}

fn with_model() -> (fonds::rehearsal::Instance, Http) {
    let (instance, http) = support::http::empty();
    commit(&http, &model());
    (instance, http)
}

/// A new `ort`.
fn ort(name: &str) -> Value {
    json!({ "_objecttype": "ort", "_mask": "_all_fields", "ort": { "_version": 1, "name": name } })
}

/// A new `bild` in the standard pool.
fn bild(title: &str) -> Value {
    json!({ "_objecttype": "bild", "_mask": "_all_fields", "_tags": [],
            "bild": { "_version": 1, "_pool": { "pool": { "lookup:_id": { "reference": "system:standard" } } },
                      "titel": { "de-DE": title } } })
}

/// A link to an `ort`.
fn to_ort(lookup: &Value) -> Value {
    json!({ "_objecttype": "ort", "_mask": "_all_fields", "ort": { "lookup:_id": lookup } })
}

/// Saves records; the ones that were stored.
#[track_caller]
fn save(http: &Http, objecttype: &str, records: &[Value]) -> Vec<Value> {
    let saved = http.post(&format!("/db/{objecttype}?format=long"), &json!(records)).ok();
    saved.as_array().expect("a list").clone()
}

fn list(http: &Http, objecttype: &str) -> Vec<Value> {
    http.get(&format!("/db/{objecttype}/_all_fields/list")).ok().as_array().expect("a list").clone()
}
