//! The data model: HEAD, commit, versions, and what is refused.

use serde_json::{Value, json};

use super::support::http::{column, commit, empty};
use super::{model, ort, save, with_model};

fn schema(version: u64, tables: &Value) -> Value {
    json!({ "type": "user", "version": version, "max_table_id": 99, "max_column_id": 999, "tables": tables })
}

#[test]
fn head_is_committed_and_versions_follow() {
    let (_instance, http) = empty();
    assert_eq!(http.get("/schema/user/CURRENT").ok()["tables"], json!([]));
    http.post("/schema/user/HEAD", &schema(7, &model())).ok();
    assert_eq!(http.get("/schema/user/HEAD").ok()["tables"].as_array().unwrap().len(), 4);
    assert_eq!(http.get("/schema/user/CURRENT").ok()["tables"], json!([]), "not before the commit");
    http.post("/db/ort", &json!([ort("x")])).refused(400, "UnknownObjecttype");
    assert_eq!(http.post("/schema/commit", &Value::Null).status, 202);
    assert_eq!(http.get("/schema/user/CURRENT").ok()["tables"], json!([]), "202 is not done");
    http.post("/schema/commit?confirm=yes&reindex=skip", &Value::Null).ok();
    assert_eq!(http.get("/schema/user/CURRENT").ok()["version"], 7);
    assert_eq!(http.get("/schema/user/7?format=json").ok()["version"], 7);
    http.get("/schema/user/99").refused(400, "DatamodelVersionNotFound");
    http.get("/mask/HENK").refused(400, "DatamodelVersionNotFound");
    http.post("/schema/user/HEAD", &schema(5, &model())).refused(400, "ServerGeneric");
    http.post("/schema/user/HEAD", &schema(8, &model())).ok();
    let mut small = schema(9, &model());
    small["max_column_id"] = json!(3);
    http.post("/schema/user/HEAD", &small).refused(400, "ServerGeneric");
    http.post("/schema/user/HEAD", &json!({ "tables": [] })).refused(400, "ServerGeneric");
}

#[test]
fn masks_and_texts_are_replaced_whole() {
    let (_instance, http) = with_model();
    let mask = |name: &str, preferred: bool| json!({ "name": name, "mask_id": 1, "table_id": 1, "is_preferred": preferred, "fields": [] });
    let masks = |masks: Value| json!({ "type": "user", "masks": masks });
    http.post("/mask/HEAD", &masks(json!([mask("a", false)])))
        .refused(400, "ObjecttypeMustHaveExtactlyOnePreferredMask");
    http.post("/mask/HEAD", &masks(json!([mask("a", true), mask("a", false)]))).refused(400, "SchemaDuplicateMaskName");
    http.post("/mask/HEAD", &masks(json!([{ "name": "a", "table_id": 77 }]))).refused(400, "SchemaInconsistent");
    http.post("/mask/HEAD", &masks(json!([mask("a", true), mask("b", false)]))).ok();
    http.post("/l10n/user/HEAD", &json!({ "schema.ort.name": { "de-DE": "Ort" }, "weather": {} })).ok();
    http.post("/schema/commit?confirm=yes&reindex=skip", &Value::Null).ok();
    assert_eq!(http.get("/l10n/user/CURRENT").ok(), json!({ "schema.ort.name": { "de-DE": "Ort" } }));
    assert_eq!(http.get("/mask/CURRENT/b").ok()["masks"][0]["name"], "b");
    http.get("/mask/CURRENT/c").refused(404, "ResourceNotFound");
    let all = http.get("/mask/CURRENT/_all_fields").ok();
    assert_eq!(all["masks"][0]["fields"].as_array().unwrap().len(), 3);
    http.get("/db/ort/b/list").ok();
    let mut record = ort("x");
    record["_mask"] = json!("b");
    save(&http, "ort", &[record.clone()]);
    record["_mask"] = json!("c");
    http.post("/db/ort", &json!([record])).refused(400, "UnknownObjecttype");
}

#[test]
fn a_type_with_records_keeps_its_columns() {
    let (_instance, http) = with_model();
    save(&http, "ort", &[ort("x")]);
    let mut other = model();
    other[0]["columns"][1]["type"] = json!("number");
    http.post("/schema/user/HEAD", &schema(3, &other)).refused(400, "TypeChangeUnsupported");
    let mut without = model();
    without.as_array_mut().unwrap().remove(0);
    without[0]["foreign_keys"] = json!([]);
    without[0]["columns"][1] = column(50, "x", "text");
    without[1]["foreign_keys"] = json!([]);
    without[1]["columns"][0] = column(51, "x", "text");
    http.post("/schema/user/HEAD", &schema(3, &without)).refused(400, "ObjecttypeNotEmpty");
    let mut more = model();
    more[0]["columns"].as_array_mut().unwrap().push(column(60, "neu", "text"));
    commit(&http, &more);
    let mut record = ort("y");
    record["ort"]["neu"] = json!("da");
    save(&http, "ort", &[record]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let (_instance, http) = empty();
    for (change, code) in [
        (("/0/name", json!("Größe")), "InvalidIdentifier"),
        (("/1/name", json!("ort")), "SchemaDuplicateObjecttypeName"),
        (("/1/table_id", json!(1)), "SchemaInconsistent"),
        (("/0/columns/0/type", json!("colour")), "UnknownColumnType"),
        (("/0/columns/0/type", json!("custom:base.gnd.gnd")), "UnknownColumnType"),
        (("/0/columns/1/column_id", json!(1)), "SchemaInconsistent"),
        (("/0/columns/1/name", json!("name")), "SchemaInconsistent"),
        (("/0/unique_keys/0/columns/0/column_id", json!(77)), "SchemaInconsistent"),
        (("/1/foreign_keys/0/referenced_table/table_id", json!(77)), "SchemaInconsistent"),
        (("/1/foreign_keys", json!([])), "SchemaInconsistent"),
        (("/2/owned_by/other_table_id", json!(77)), "SchemaInconsistent"),
    ] {
        let mut tables = model();
        *tables.pointer_mut(change.0).unwrap() = change.1;
        http.post("/schema/user/HEAD", &schema(2, &tables)).refused(400, code);
    }
}
