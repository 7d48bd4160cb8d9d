//! Histories: what each version tells.

use serde_json::json;

use super::{bild, save, with_model};

#[test]
fn each_version_keeps_who_made_it_when_and_why() {
    let (_instance, http) = with_model();
    let mut first = bild("Eins");
    first["_system_object_id"] = json!(700);
    first["_created"] = json!("2019-01-01T00:00:00.123456Z");
    first["_last_modified"] = json!("2019-01-01T00:00:00Z");
    first["_comment"] = json!("angelegt");
    let mut second = bild("Zwei");
    second["bild"]["_version"] = json!(2);
    second["bild"]["lookup:_id"] = json!({ "_system_object_id": 700 });
    second["_last_modified"] = json!("2020-02-02T00:00:00Z");
    second["_comment"] = json!("geändert");
    save(&http, "bild", &[first, second]);
    let history = http.get("/db/bild/_all_fields/list?all_versions=1").ok();
    let column = |key: &str| history.as_array().unwrap().iter().map(|version| version[key].clone()).collect::<Vec<_>>();
    assert_eq!(column("_comment"), [json!("angelegt"), json!("geändert")]);
    assert_eq!(column("_last_modified"), [json!("2019-01-01T00:00:00Z"), json!("2020-02-02T00:00:00Z")]);
    assert_eq!(column("_created"), [json!("2019-01-01T00:00:00.123456Z"), json!("2019-01-01T00:00:00.123456Z")]);
    assert_eq!(column("_latest_version"), [json!(false), json!(true)]);
    let mut wrong = bild("Drei");
    wrong["_created"] = json!("gestern");
    http.post("/db/bild", &json!([wrong])).refused(400, "SchemaInconsistent");
}
