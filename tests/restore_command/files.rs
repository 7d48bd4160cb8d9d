//! How files get there.

use serde_json::json;

use crate::Place;
use crate::support::program::told;
use crate::support::restores::{changed, fault, part};
use crate::support::scripted::{Reply, Scripted};

/// The museum with nothing packed: all files are at `host`, those that are named elsewhere too.
fn by_url(host: &str) -> tempfile::TempDir {
    let names: Vec<String> = std::fs::read_dir(crate::museum())
        .expect("the sample")
        .map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned())
        .filter(|name| std::path::Path::new(name).extension().is_some_and(|kind| kind == "json"))
        .collect();
    let unpack = |json: &mut serde_json::Value| {
        let text = json.to_string().replace("https://fylr.seedorf.example.org", host);
        *json = serde_json::from_str(&text).expect("JSON");
        without_paths(json);
    };
    let changes: Vec<(&str, &dyn Fn(&mut serde_json::Value))> =
        names.iter().map(|name| (name.as_str(), &unpack as &dyn Fn(&mut serde_json::Value))).collect();
    changed(&changes)
}

fn without_paths(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_paths),
        serde_json::Value::Object(members) => {
            if members.contains_key("url") {
                members.remove("path");
            }
            members.values_mut().for_each(without_paths);
        }
        _ => {}
    }
}

fn pictures() -> Scripted {
    Scripted::start(|_| Reply::new(200, "bytes").with("content-type", "image/png"))
}

#[test]
fn each_way_asks_the_target_for_what_it_says() {
    let pictures = pictures();
    let museum = by_url(&format!("http://{}", pictures.address));
    for (way, puts, rputs, bulks, leaves) in [
        ("", 0, 0, 0, false),
        ("put", 6, 0, 0, false),
        ("rput", 0, 6, 0, false),
        ("rput_leave", 0, 6, 0, true),
        ("rput_bulk", 0, 0, 1, false),
        ("rput_bulk_leave", 0, 0, 1, true),
        ("rput_leave_bulk", 0, 0, 1, true),
    ] {
        let place = Place::new();
        let output = place.run_on(museum.path(), &format!("restore --file-api={way}"));
        assert!(matches!(output.status.code(), Some(0 | 4)), "{way}: {}", told(&output));
        let of = |path: &str| place.queries("POST", path);
        let original = |query: &&String| !query.contains("version_name") && query.contains("original");
        let own = |queries: &[String]| queries.iter().filter(original).filter(|query| !query.contains("cdn")).count();
        assert!(
            own(&of("/eas/put")) >= puts && (puts > 0 || of("/eas/put").is_empty()),
            "{way}: {:#?}",
            of("/eas/put")
        );
        let rput: Vec<String> = place
            .target
            .requests()
            .into_iter()
            .filter(|logged| logged.path.ends_with("/eas/rput"))
            .map(|logged| logged.query)
            .collect();
        assert!(own(&rput) >= rputs, "{way}: {rput:#?}");
        assert!(of("/eas/rput/bulk").len() >= bulks && (bulks > 0 || of("/eas/rput/bulk").is_empty()), "{way}");
        if rputs > 0 {
            let own = || rput.iter().filter(|query| query.contains("eas%2Fdownload"));
            assert!(
                own().count() >= rputs && own().all(|query| query.contains("leave=1") == leaves),
                "{way}: {rput:#?}"
            );
        }
        if way.is_empty() {
            assert!(part(&place.target, "files").is_empty());
        }
    }
    let place = Place::new();
    assert_eq!(place.run("restore --file-api carrier-pigeon").status.code(), Some(2));
}

#[test]
fn a_token_takes_the_place_of_signatures_under_either_name() {
    let pictures = pictures();
    let museum = by_url(&format!("http://{}", pictures.address));
    for words in ["--file-api-access-token tok-4711", "--file-api-append-to-url-query tok-4711"] {
        let place = Place::new();
        let before = pictures.asked().len();
        place.restore_of(museum.path(), &format!("--file-api put {words}"));
        let asked = &pictures.asked()[before..];
        assert!(!asked.is_empty());
        for one in asked {
            assert!(one.target.contains("access_token=tok-4711"), "{words}: {}", one.target);
            assert!(!one.target.contains("x-fylr-signature"), "{words}: {}", one.target);
        }
    }
    let without = Place::new();
    let before = pictures.asked().len();
    without.restore_of(museum.path(), "--file-api put");
    assert!(pictures.asked()[before..].iter().all(|one| one.target.contains("x-fylr-signature")));
}

#[test]
fn another_version_becomes_the_original() {
    let place = Place::new();
    place.restore("--file-api put --file-version preview");
    assert!(place.queries("POST", "/eas/put").iter().any(|query| query.contains("%3Apreview")));
    let usual = Place::new();
    usual.restore("--file-api put");
    let produced = |query: &&String| query.contains("%3Apreview") && !query.contains("version_names");
    assert_eq!(usual.queries("POST", "/eas/put").iter().filter(produced).count(), 0);
}

#[test]
fn renditions_come_along_when_they_are_wanted_under_either_name() {
    let renditions = |words: &str| {
        let place = Place::new();
        place.restore(&format!("--file-api put {words}"));
        place.queries("POST", "/eas/").iter().filter(|query| query.contains("version_name")).count()
    };
    let few = renditions("");
    assert!(renditions("--upload-versions") > few);
    assert!(renditions("--link-versions") > few);
    let lacking = changed(&[("manifest.json", &|json| json["options"]["include_files"] = "original".into())]);
    let place = Place::new();
    let output = place.run_on(lacking.path(), "restore --file-api put --upload-versions");
    assert_eq!((output.status.code(), place.writes()), (Some(6), 0), "{}", told(&output));
}

#[test]
fn versions_get_the_names_that_were_given() {
    let place = Place::new();
    place.restore("--file-api put --upload-versions --rename-versions video.1920p:1080p,image.small:");
    let queries = place.queries("POST", "/eas/");
    let named = |name: &str| queries.iter().any(|query| query.contains("version_name") && query.contains(name));
    assert!(named("1080p") && !named("%221920p%22") && !named("%22small%22") && named("preview"), "{queries:#?}");
    assert!(part(&place.target, "pools").iter().any(|pool| pool.to_string().contains("video.1080p")));
    assert_eq!(place.run("restore --rename-versions nonsense").status.code(), Some(2));
}

#[test]
fn records_go_in_without_files_that_cannot_be_had_only_where_that_is_said() {
    let gone = Scripted::start(|_| Reply::new(404, "gone"));
    let museum = by_url(&format!("http://{}", gone.address));
    let (strict, lenient) = (Place::new(), Place::new());
    strict.restore_of(museum.path(), "--file-api put");
    lenient.restore_of(museum.path(), "--file-api put --upload-ignore-files-with-errors");
    assert!(part(&strict.target, "db_person").len() < part(&lenient.target, "db_person").len());
    assert_eq!(part(&lenient.target, "db_person").len(), 6);
}

#[test]
fn so_many_files_go_at_a_time_as_were_asked_for_under_either_name() {
    let pictures = pictures();
    let file = |name: &str| json!({"eas:url": format!("http://{}/{name}", pictures.address), "eas:filename": name});
    let museum = changed(&[
        ("manifest.json", &|json| {
            let all = json["payloads"].as_array().expect("payloads").clone();
            let wanted = |name: &&serde_json::Value| {
                name.as_str().is_some_and(|name| {
                    name.contains("-tags-")
                        || name.contains("-pool-")
                        || name.contains("-group-")
                        || name.contains("-user-")
                        || name.contains("plugin")
                })
            };
            json["payloads"] =
                all.iter().filter(wanted).cloned().chain(["db__dokument__batch_0001__size_0002.json".into()]).collect();
        }),
        ("db__dokument__batch_0001__size_0002.json", &|json| {
            json["objects"] = json!([
                {"_objecttype": "dokument", "_mask": "_all_fields", "_system_object_id": 7001,
                 "dokument": {"_version": 1, "titel": "eins", "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}}, "datei": [file("a.png")]}},
                {"_objecttype": "dokument", "_mask": "_all_fields", "_system_object_id": 7002,
                 "dokument": {"_version": 1, "titel": "zwei", "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}}, "datei": [file("b.png")]}},
            ]);
        }),
    ]);
    for (words, is_parallel) in [
        ("--max-parallel-upload-files 1", false),
        ("--upload-parallel 1", false),
        ("--max-parallel-upload-files 2", true),
        ("", true),
    ] {
        let place = Place::new();
        fault(&place.target, "slow 700 on POST /api/v1/eas/put times 1");
        place.restore_of(museum.path(), &format!("--file-api put --base-config - {words}"));
        let puts = place.target.requests().into_iter().filter(|logged| logged.path.ends_with("/eas/put"));
        let order: Vec<bool> = puts.map(|logged| logged.faults.is_empty()).collect();
        assert_eq!(order.len(), 2, "{words}");
        // They are told in the order in which they are answered: the slow one comes last if both were under way.
        assert_eq!(order == [true, false], is_parallel, "{words}: {order:?}");
    }
}
