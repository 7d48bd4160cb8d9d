//! Ids that stand in values are those of the target afterwards, and the map of them can be had.

use std::collections::BTreeMap;
use std::path::Path;

use fonds::fylr::{Client, Request, Shape};
use fonds::jobs::{self, LoadSource};
use fonds::rehearsal::{Instance, Options};

use crate::support::program::fonds;
use crate::support::restores::{changed, connection, one, part, restore, snapshot, target};
use crate::support::{archives, instances};

/// Makes the target count its pools otherwise than the source.
fn shift_pools(target: &Instance) {
    let pool = r#"[{"_basetype":"pool","pool":{"_version":1,"reference":"early","lookup:_id_parent":{"reference":"system:root"},"name":{"de-DE":"Früher"}}}]"#;
    let runtime = tokio::runtime::Runtime::new().expect("it is so");
    runtime.block_on(async {
        let silent = std::sync::Arc::new(fonds::model::event::Silent);
        let client = Client::connect(connection(target), silent).await.expect("it is so");
        client.ask(&Request::post("pool", pool, Shape::Array).with("confirm", "skip")).await.expect("it is so");
    });
}

#[test]
fn a_saved_search_looks_for_the_pool_that_it_looked_for_at_the_source() {
    let dir = tempfile::tempdir().unwrap();
    // The source counts its pools so that the museum's is the fourth.
    let museum = changed(&[("basetype-collection-level-03.json", &|json| {
        let text = json.to_string();
        let search =
            text.replace("\"fields\":[\"_pool.pool._id\"],\"in\":[3]", "\"fields\":[\"_pool.pool._id\"],\"in\":[4]");
        assert_ne!(text, search);
        *json = serde_json::from_str(&search).unwrap();
    })]);
    let from = LoadSource::Layout(museum.path().to_owned());
    let (source, _) = jobs::instance(Options::default(), Some(&from), Path::new("none"), &archives::silent()).unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    instances::backup(&source, &archive, |_| {}).unwrap();
    let own = instances::manifest(&archive)["x-fonds"]["ids"]["pool"].clone();
    assert_eq!(own["4"], "museum", "{own}");
    shift_pools(&target);
    one(restore(snapshot("museum"), &[&target]), &archive);

    let output = fonds(&archive)
        .args([
            "restore",
            "museum",
            "--server",
            &target.api_url(),
            "--login",
            "root",
            "--file-api",
            "put",
            "--continue",
        ])
        .args(["--skip-constraints", "--export-id-map"])
        .arg(dir.path().join("ids.csv"))
        .env("FONDS_PASSWORD", "admin")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let map = std::fs::read_to_string(dir.path().join("ids.csv")).unwrap_or_else(|error| panic!("{error}: {told}"));
    let mut lines = map.lines();
    assert_eq!(lines.next(), Some("target,kind,source,target_id"));
    let ids: BTreeMap<(String, String), String> = lines
        .map(|line| {
            let parts: Vec<&str> = line.split(',').collect();
            ((parts[1].to_owned(), parts[2].to_owned()), parts[3].to_owned())
        })
        .collect();
    for kind in ["pool", "user", "group", "collection", "mapping", "file"] {
        assert!(ids.keys().any(|(of, _)| of == kind), "{kind}: {map}");
    }
    let pool = &ids[&("pool".to_owned(), "4".to_owned())];
    assert_ne!(pool, "4", "{map}");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let collections = runtime.block_on(async {
        let silent = std::sync::Arc::new(fonds::model::event::Silent);
        let client = Client::connect(connection(&target), silent).await.unwrap();
        client.ask(&Request::get("collection/list", Shape::Array)).await.unwrap()
    });
    let collections = String::from_utf8(collections.to_vec()).unwrap().replace(' ', "");
    let search = format!("\"fields\":[\"_pool.pool._id\"],\"in\":[{pool}]");
    assert!(collections.contains(&search), "{search} is not in {collections}");
    assert!(!part(&target, "pools").is_empty());
}
