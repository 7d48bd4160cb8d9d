//! Manifests that were made for the JSON importer: files by URL, versions that count themselves, lookups of the oldest
//! form, records that stand in their collection.

use std::path::Path;

use fonds::fylr::target::FileApi;
use fonds::jobs::restore::{Document, Restore, RestoreFrom};
use fonds::rehearsal::Instance;
use serde_json::{Value, json};

use crate::support::restores::{changed, one, part, restore, target};
use crate::support::scripted::{Reply, Scripted};

/// A target that has the museum's data model, tags, groups and pools, and no record.
fn with_model(folder: &Path) -> Instance {
    let target = target();
    let model = changed(&[("manifest.json", &|json| {
        let payloads = json["payloads"].as_array().expect("payloads").clone();
        let is_wanted = |name: &&Value| {
            let name = name.as_str().unwrap_or_default();
            ["tags", "group", "user", "pool", "plugin"].iter().any(|kind| name.contains(&format!("basetype-{kind}")))
        };
        json["payloads"] = payloads.iter().filter(is_wanted).cloned().collect();
    })]);
    one(restore(RestoreFrom::Directory(model.path().to_owned()), &[&target]), &folder.join("model.redb"));
    target
}

fn write(folder: &Path, manifest: Value, payloads: &[(&str, Value)]) -> RestoreFrom {
    for (name, payload) in payloads {
        std::fs::write(folder.join(name), payload.to_string()).expect("it is so");
    }
    let mut manifest = manifest;
    manifest["payloads"] = payloads.iter().map(|(name, _)| Value::from(*name)).collect();
    std::fs::write(folder.join("import-manifest.json"), manifest.to_string()).expect("it is so");
    std::fs::rename(folder.join("import-manifest.json"), folder.join("manifest.json")).expect("it is so");
    RestoreFrom::Directory(folder.to_owned())
}

fn importing(from: RestoreFrom, target: &Instance) -> Restore {
    let mut job = restore(from, &[target]);
    (job.base_config, job.datamodel) = (Document::None, Document::None);
    (job.write.include_password, job.write.file_api) = (false, FileApi::Put);
    job
}

fn objekt(number: &str, more: Value) -> Value {
    let mut block = json!({"_version": 1, "inventarnummer": number,
        "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}}});
    block.as_object_mut().expect("it is so").extend(more.as_object().expect("it is so").clone());
    json!({"_objecttype": "objekt", "_mask": "_all_fields", "objekt": block})
}

#[test]
fn everything_that_the_importer_says_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    let target = with_model(dir.path());
    let pictures = Scripted::start(|asked| match asked.path() {
        "/krug.png" => Reply::new(200, "the picture").with("content-type", "image/png"),
        "/krug-klein.png" => Reply::new(200, "small").with("content-type", "image/png"),
        _ => Reply::new(404, "nothing"),
    });
    let host = format!("http://{}", pictures.address);
    let orte = json!({"import_type": "db", "objecttype": "ort", "objects": [
        {"_objecttype": "ort", "_mask": "_all_fields", "ort": {"_version": 1, "name": "Nordland"}},
        {"_objecttype": "ort", "_mask": "_all_fields",
         "ort": {"_version": 1, "name": "Hafen", "lookup:_parent_id": "name:Nordland"}},
    ]});
    let objekte = json!({"import_type": "db", "objecttype": "objekt", "objects": [
        objekt("I.1", json!({"lookup:fundort": "name:Hafen", "titel": {"de-DE": "Krug"}, "bild": [
            {"eas:url": format!("{host}/krug.png"), "eas:filename": "Krug ü.png",
             "eas:preview:url": format!("{host}/krug-klein.png"), "preferred": true},
        ]})),
        objekt("I.2", json!({"versicherungswert": 9_007_199_254_740_993_u64})),
    ]});
    let mut second = objekt(
        "I.1",
        json!({"lookup:_id": {"inventarnummer": "I.1"}, "_version:auto_increment": true,
        "titel": {"de-DE": "Krug mit Deckel"}, "_nested:objekt__masse:group_mode": "append",
        "_nested:objekt__masse": [{"art": "Höhe", "wert": 21.5, "einheit": "cm"}]}),
    );
    second["objekt"].as_object_mut().unwrap().remove("_version");
    let again = json!({"import_type": "db", "objecttype": "objekt", "objects": [second]});
    let collections = json!({"import_type": "collection", "collections": [
        {"_basetype": "collection", "collection": {"_version": 1, "reference": "krüge",
          "lookup:_id_parent": {"reference": "user:ref:hlindqvist"}, "displayname": {"de-DE": "Krüge"},
          "type": "workfolder", "children_allowed": true, "objects_allowed": true},
         "_objects": [{"lookup:_global_object_id": {"_objecttype": "objekt", "inventarnummer": "I.1"}}]},
    ]});
    let folder = dir.path().join("import");
    std::fs::create_dir(&folder).unwrap();
    let payloads = [
        ("userobject-ort-0.json", orte),
        ("userobject-objekt-0-version-1.json", objekte),
        ("userobject-objekt-0-version-2.json", again),
        ("basetype-collections.json", collections),
    ];
    let from = write(&folder, json!({"source": "alte Datenbank", "batch_size": 1}), &payloads);
    let mut job = importing(from, &target);
    job.write.upload_versions = true;
    target.forget_requests();
    let restored = one(job, &dir.path().join("a.redb"));
    assert_eq!(restored.aside_count, 0, "{:?}", restored.aside);

    let orte = part(&target, "db_ort");
    let named = |name: &str| orte.iter().find(|ort| ort["block"]["name"] == name).expect(name).clone();
    assert_eq!(named("Hafen")["_parent"], named("Nordland")["_system_object_id"], "{:#}", named("Hafen"));
    let objekte = part(&target, "db_objekt");
    let of = |number: &str| -> Vec<Value> {
        let own = objekte.iter().filter(|objekt| objekt["block"]["inventarnummer"] == number);
        own.map(|objekt| objekt["block"].clone()).collect()
    };
    let [first, second] = &of("I.1")[..] else { panic!("two versions: {objekte:#?}") };
    assert_eq!(first["titel"]["de-DE"], "Krug");
    assert_eq!(second["titel"]["de-DE"], "Krug mit Deckel");
    assert_eq!(first["fundort"]["link"], named("Hafen")["_system_object_id"], "{first:#}");
    assert_eq!(second["_nested:objekt__masse"][0]["art"], "Höhe");
    assert!(of("I.2")[0].to_string().contains("9007199254740993"));
    let files = part(&target, "files").iter().map(ToString::to_string).collect::<String>();
    assert!(files.contains("Krug ü.png") && files.contains("preview"), "{files}");
    let collections = part(&target, "collections");
    let own = collections.iter().find(|one| one.to_string().contains("Krüge")).expect("the collection");
    assert!(own["objects"].to_string().contains(&named_id(&objekte)), "{own:#}");
    let posts = target.requests().into_iter().filter(|logged| logged.path == "/api/v1/db/objekt");
    let posts = posts.filter(|logged| !logged.query.contains("dry_run"));
    assert_eq!(posts.count(), 3, "the manifest says that one record goes at a time");
}

fn named_id(objekte: &[Value]) -> String {
    let first = objekte.iter().find(|objekt| objekt["block"]["inventarnummer"] == "I.1").expect("it is there");
    first["_system_object_id"].to_string()
}

#[test]
fn rows_are_added_to_those_of_earlier_payloads() {
    let dir = tempfile::tempdir().unwrap();
    let target = with_model(dir.path());
    let row = |kind: &str, value: f64| json!({"art": kind, "wert": value, "einheit": "cm"});
    let ort = json!({"_objecttype": "ort", "_mask": "_all_fields", "ort": {"_version": 1, "name": "Nordland"}});
    let first = objekt(
        "I.1",
        json!({"titel": {"de-DE": "Krug"}, "_nested:objekt__masse": [row("Höhe", 21.5), row("Breite", 9.0)]}),
    );
    let next = |rows: Value, mode: &str| {
        let mut next = objekt(
            "I.1",
            json!({"lookup:_id": {"inventarnummer": "I.1"}, "_version:auto_increment": true, "titel": {"de-DE": "Krug"},
                "_nested:objekt__masse:group_mode": mode, "_nested:objekt__masse": rows}),
        );
        next["objekt"].as_object_mut().expect("a block").remove("_version");
        next
    };
    let payload = |objects: Value| json!({"import_type": "db", "objecttype": "objekt", "objects": objects});
    let folder = dir.path().join("import");
    std::fs::create_dir(&folder).unwrap();
    let payloads = [
        ("ort-0.json", json!({"import_type": "db", "objecttype": "ort", "objects": [ort]})),
        // The first addition stands behind its record in one payload.
        (
            "objekt-1.json",
            payload(json!([first, next(json!([row("Tiefe", 8.25)]), "append"), objekt("I.2", json!({}))])),
        ),
        ("objekt-2.json", payload(json!([next(json!([row("Gewicht", 700.0)]), "append")]))),
        ("objekt-3.json", payload(json!([next(json!([row("Umfang", 30.0)]), "replace")]))),
        ("objekt-4.json", payload(json!([next(json!([row("Rand", 12.0)]), "append")]))),
    ];
    let from = write(&folder, json!({"source": "alte Datenbank"}), &payloads);
    let mut job = importing(from, &target);
    job.write.skip_constraints = false;
    let restored = one(job, &dir.path().join("a.redb"));
    assert_eq!(restored.aside_count, 0, "{:?}", restored.aside);
    let objekte = part(&target, "db_objekt");
    let rows: Vec<Vec<String>> = objekte
        .iter()
        .filter(|objekt| objekt["block"]["inventarnummer"] == "I.1")
        .map(|objekt| {
            let rows = objekt["block"]["_nested:objekt__masse"].as_array().expect("rows").iter();
            rows.map(|row| row["art"].as_str().expect("a kind").to_owned()).collect()
        })
        .collect();
    let expected: [&[&str]; 5] = [
        &["Höhe", "Breite"],
        &["Höhe", "Breite", "Tiefe"],
        &["Höhe", "Breite", "Tiefe", "Gewicht"],
        &["Umfang"],
        &["Umfang", "Rand"],
    ];
    assert_eq!(rows, expected);
    assert_eq!(restored.tallies["db:objekt"].done, 6, "{:?}", restored.tallies);
}

#[test]
fn files_that_cannot_be_had_are_passed_over_where_the_manifest_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let target = with_model(dir.path());
    let nothing = Scripted::start(|_| Reply::new(404, "nothing"));
    let address = nothing.address;
    let objects = json!({"import_type": "db", "objecttype": "objekt", "objects": [
        objekt("I.1", json!({"bild": [{"eas:url": "http://localhost/a.png", "preferred": true}]})),
    ]});
    let folder = dir.path().join("import");
    std::fs::create_dir(&folder).unwrap();
    let payloads = [("objekt.json", objects)];
    let from = write(&folder, json!({"eas_replace_url": format!("http://{address}")}), &payloads);
    let strict = one(importing(from, &target), &dir.path().join("a.redb"));
    assert_eq!(strict.aside_count, 1, "{:?}", strict.aside);
    assert_eq!(nothing.asked_for("/a.png").len(), 2, "the plan tries it, and so does the restore");
    assert!(part(&target, "db_objekt").is_empty());
    let manifest = json!({"eas_replace_url": format!("http://{address}"), "eas_skip_errors": true});
    let from = write(&folder, manifest, &payloads);
    let lenient = one(importing(from, &target), &dir.path().join("b.redb"));
    assert!(lenient.aside.iter().all(|aside| aside.what.starts_with("file ")), "{:?}", lenient.aside);
    assert_eq!(part(&target, "db_objekt").len(), 1);
    let asked = nothing.asked().len();
    let without = json!({"eas_type": "ignore"});
    let other = json!({"import_type": "db", "objecttype": "objekt", "objects": [
        objekt("I.2", json!({"bild": [{"eas:url": format!("http://{address}/a.png"), "preferred": true}]})),
    ]});
    let from = write(&folder, without, &[("objekt.json", other)]);
    let restored = one(importing(from, &target), &dir.path().join("c.redb"));
    assert_eq!((restored.aside_count, nothing.asked().len()), (0, asked));
    assert_eq!(part(&target, "db_objekt").len(), 2);
}
