//! Files: uploaded, fetched, left where they are; renditions, duplicates, signed URLs.

use std::time::{Duration, Instant};

use fonds::rehearsal::Options;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::http::{Http, empty, started};
use super::{bild, save, with_model};

fn url_of(file: &Value) -> String {
    file["versions"]["original"]["url"].as_str().expect("a URL").to_owned()
}

/// Waits until a file is `done` or `failed`.
#[track_caller]
fn settled(http: &Http, id: &Value) -> Value {
    let begun = Instant::now();
    loop {
        let file = http.get(&format!("/eas/{id}")).ok();
        if file["status"] != "pending" {
            return file;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{file}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_uploaded_is_downloaded_the_same() {
    let (_instance, http) = empty();
    let big: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let files = http
        .upload(
            "?references=[\"a\",\"b\"]&filenames=[null,\"C:\\\\Scans\\\\Größe.tif\"]",
            &[("x.png", b"klein"), ("y", &big)],
        )
        .ok();
    assert_eq!(
        (&files[0]["original_filename"], &files[1]["original_filename"]),
        (&json!("x.png"), &json!("Größe.tif"))
    );
    assert_eq!((&files[1]["class"], &files[1]["filesize"]), (&json!("image"), &json!(3_000_000)));
    assert_eq!(files[0]["hash"], "e126893893b45d63758e0828940a2b48b1f9fb8012531ae7f27c7c6ec8dbbbe7");
    assert_eq!(http.get(&url_of(&files[1])).bytes, big);
    assert_eq!(http.get("/eas?ids=[1,2,99]").ok().as_object().unwrap().len(), 2);
    assert_eq!(http.get("/eas/1").ok()["reference"], "a");
    http.get("/eas/99").refused(403, "InsufficientRights");
    http.upload("?references=[\"a\"]", &[("x.png", b"1"), ("y.png", b"2")]).refused(400, "ServerGeneric");
    http.upload("", &[]).refused(400, "UploadError");
}

#[test]
fn a_reference_is_given_once() {
    let (_instance, http) = empty();
    http.upload("?references=[\"a\"]", &[("x.png", b"1")]).ok();
    let refusal = http.upload("?references=[\"a\"]", &[("x.png", b"1")]).refused(400, "EasDuplicateReference");
    assert_eq!(refusal["error"], "Duplicate file reference provided: a with file id 1");
    // Nothing of a request that is refused stays.
    http.upload("?references=[\"b\",\"a\"]", &[("x.png", b"1"), ("y.png", b"2")]).refused(400, "EasDuplicateReference");
    http.upload("?references=[\"b\"]", &[("x.png", b"1")]).ok();
    let query = "url=http%3A%2F%2Fx.example%2Fa&filename=a.png&skip_head_request=1&leave=1&reference=a";
    http.post(&format!("/eas/rput?{query}"), &json!({})).refused(400, "EasDuplicateReference");
    let same = http.post(&format!("/eas/rput?{query}&skip_duplicate_reference=1"), &json!({})).ok();
    assert_eq!(same[0]["_id"], 1);
    assert_eq!(http.post("/eas/1", &json!({ "reference": "c" })).ok()["reference"], "c");
    http.post("/eas/1", &json!({ "reference": "b" })).refused(400, "EasDuplicateReference");
    http.upload("?references=[\"a\"]", &[("x.png", b"1")]).ok();
}

#[test]
fn renditions_stand_below_originals_that_produce_none() {
    let (_instance, http) = empty();
    let original = http.upload("?produce_versions=[false]", &[("x.png", b"1")]).ok()[0]["_id"].clone();
    let producing = http.upload("", &[("y.png", b"2")]).ok()[0]["_id"].clone();
    let below = |id: &Value, version: &str| {
        http.upload(&format!("?id_parents=[{id}]&version_names=[\"{version}\"]"), &[("p.png", b"p")])
    };
    below(&original, "preview").ok();
    below(&original, "preview").refused(400, "UploadError");
    below(&original, "original").refused(400, "UploadError");
    below(&producing, "preview").refused(400, "UploadError");
    below(&json!(99), "preview").refused(400, "EasNoParentID");
    http.upload(&format!("?id_parents=[{original}]"), &[("p.png", b"p")]).refused(400, "EasNoParentID");
    let file = http.get(&format!("/eas/{original}")).ok();
    assert_eq!((&file["produce_versions"], file["versions"].as_object().unwrap().len()), (&json!(false), 2));
    let preview = file["versions"]["preview"]["url"].as_str().unwrap();
    assert_eq!(http.get(preview).bytes, b"p");
    let rendition = file["versions"]["preview"]["_id"].clone();
    below(&rendition, "small").refused(400, "EasNoParentID");
}

#[test]
fn urls_are_signed_fresh_and_expire() {
    let (instance, http) = with_model();
    let id = http.upload("", &[("x.png", b"inhalt")]).ok()[0]["_id"].clone();
    let mut record = bild("x");
    record["bild"]["datei"] = json!([{ "_id": id, "preferred": true, "name": "Titelbild" }]);
    save(&http, "bild", &[record]);
    let file = |query: &str| http.get(&format!("/db/bild/_all_fields/list{query}")).ok()[0]["bild"]["datei"][0].clone();
    let (first, second) = (url_of(&file("")), url_of(&file("")));
    assert_ne!(first, second, "each answer has its own");
    assert_eq!(file("")["name"], "Titelbild");
    let nobody = Http::anonymous(&instance.url());
    assert_eq!(nobody.get(&first).bytes, b"inhalt");
    assert_eq!(nobody.get(&second).bytes, b"inhalt");
    let (path, signature) = first.split_once("?x-fylr-signature=").unwrap();
    assert_eq!(nobody.with(Method::GET, path, &[("x-fylr-signature", signature)]).bytes, b"inhalt");
    nobody.get(path).refused(403, "InsufficientRights");
    assert_eq!(http.get(path).bytes, b"inhalt", "a token does it, too");
    let forged = format!("{}x", &first[..first.len() - 1]);
    let refusal = nobody.get(&forged).refused(403, "InsufficientRights");
    assert!(refusal["parameters"]["resource"].as_str().unwrap().ends_with("signature wrong"));
    let unsigned = url_of(&file("?file_url_expire=0"));
    assert!(!unsigned.contains('?'), "{unsigned}");
    http.get("/eas/download/99/aa/original.png").refused(404, "ResourceNotFound");
    http.get(&path.replace("original", "huge")).refused(403, "InsufficientRights");
    assert_eq!(http.send(Method::HEAD, path, None).header("content-length"), Some("6"));
}

#[test]
fn remote_files_are_fetched_after_the_answer() {
    let (source, other) = empty();
    let content = vec![7_u8; 100_000];
    let url = url_of(&other.upload("", &[("quelle.png", &content)]).ok()[0]);
    let (_target, http) = empty();
    let encoded: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
    let taken = http.post(&format!("/eas/rput?url={encoded}&reference=r1"), &Value::Null);
    let taken = taken.ok()[0].clone();
    assert_eq!((&taken["original_filename"], &taken["status"]), (&json!("original.png"), &json!("pending")));
    let file = settled(&http, &taken["_id"]);
    assert_eq!((&file["status"], &file["filesize"]), (&json!("done"), &json!(100_000)));
    assert_eq!(http.get(&url_of(&file)).bytes, content);
    // In bulk, one of them a duplicate and one that cannot be had.
    let order = |url: &str, reference: &str| json!({ "url": url, "reference": reference, "filename": "x.png", "skip_head_request": true });
    let gone = format!("{}/api/v1/eas/download/77/aa/original.png", source.url());
    let orders = json!([order(&url, "r2"), order(&url, "r1"), order(&gone, "r3")]);
    http.post("/eas/rput/bulk", &orders).refused(400, "EasDuplicateReference");
    let taken = http.post("/eas/rput/bulk?skip_duplicate_reference=1", &orders).ok();
    let duplicates =
        taken.as_array().unwrap().iter().filter(|file| file.get("_duplicates").is_some()).collect::<Vec<_>>();
    assert_eq!((taken.as_array().unwrap().len(), duplicates.len(), &duplicates[0]["reference"]), (3, 1, &json!("r1")));
    let by = |reference: &str| {
        taken.as_array().unwrap().iter().find(|file| file["reference"] == reference).unwrap()["_id"].clone()
    };
    assert_eq!(settled(&http, &by("r2"))["status"], "done");
    let failed = settled(&http, &by("r3"));
    assert_eq!(failed["status"], "failed");
    assert!(failed["versions"]["original"].get("url").is_none());
}

#[test]
fn remote_files_can_stay_where_they_are() {
    let (_instance, http) = with_model();
    let query = "url=http%3A%2F%2Fmedia.example%2Ffilm.mp4%3FX-Sig%3D1&filename=film.mp4&skip_head_request=1&leave=1";
    let metadata = json!({ "_technical_metadata": { "mime_type": "video/quicktime", "width": 5 } });
    let file = http.post(&format!("/eas/rput?{query}&produce_versions=false&generate_metadata=false"), &metadata).ok()
        [0]
    .clone();
    assert_eq!((&file["hash"], &file["leave_on_remote"]), (&json!("11c9babee9045bc1f0768b53c3d7ee8c"), &json!(true)));
    assert_eq!(file["technical_metadata"]["mime_type"], "video/quicktime");
    let mut record = bild("x");
    record["bild"]["datei"] = json!([{ "_id": file["_id"], "preferred": true }]);
    save(&http, "bild", &[record]);
    let url = |query: &str| url_of(&http.get(&format!("/db/bild/_all_fields/list{query}")).ok()[0]["bild"]["datei"][0]);
    assert!(url("").contains("/api/v1/eas/download/"));
    assert_eq!(url("?files_real_url=1"), "http://media.example/film.mp4?X-Sig=1");
    assert_eq!(http.get(&url("")).header("location"), Some("http://media.example/film.mp4?X-Sig=1"));
    http.post(&format!("/eas/rput?{query}&generate_metadata=false"), &metadata).refused(400, "ServerGeneric");
    http.post("/eas/rput?url=http%3A%2F%2Fx.example&skip_head_request=1", &Value::Null)
        .refused(400, "SkipHeadRequestError");
    http.post("/eas/rput?url=ftp%3A%2F%2Fx", &Value::Null).refused(400, "EasInvalidURL");
    http.post("/eas/rput?url=http%3A%2F%2F127.0.0.1%3A1%2Fa.png", &Value::Null).refused(400, "EasRputError");
}

#[test]
fn private_hosts_can_be_blocked() {
    let (_instance, http) = started(Options { block_private_hosts: true, ..Options::default() });
    for host in [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.0.1",
        "localhost",
        "%5B%3A%3A1%5D",
        "%5B%3A%3Affff%3A10.0.0.1%5D",
    ] {
        let path = format!("/eas/rput?url=http%3A%2F%2F{host}%2Fa.png&filename=a.png&skip_head_request=1");
        http.post(&path, &Value::Null).refused(400, "EasRputError");
    }
    http.post("/eas/rput?url=http%3A%2F%2F192.0.2.1%2Fa.png&filename=a.png&skip_head_request=1&leave=1", &Value::Null)
        .ok();
    let bulk = json!([{ "url": "http://127.0.0.1/a.png", "filename": "a.png", "skip_head_request": true }]);
    http.post("/eas/rput/bulk", &bulk).refused(400, "EasRputError");
}

#[test]
fn records_hold_files_that_are_there() {
    let (_instance, http) = with_model();
    let ids = http.upload("?references=[\"a\",\"b\"]", &[("x.png", b"1"), ("y.png", b"2")]).ok();
    let with = |files: Value| {
        let mut record = bild("x");
        record["bild"]["datei"] = files;
        http.post("/db/bild?format=long", &json!([record]))
    };
    let saved = with(json!([{ "_id": ids[0]["_id"], "preferred": true }, { "lookup:_id": { "reference": "b" } }])).ok();
    assert_eq!(saved[0]["bild"]["datei"][1]["original_filename"], "y.png");
    with(json!([{ "lookup:_id": { "reference": "c" }, "preferred": true }])).refused(400, "LookupNotFound");
    with(json!([{ "_id": 99, "preferred": true }])).refused(400, "LookupNotFound");
    with(json!([{ "_id": ids[0]["_id"] }])).refused(400, "SchemaInconsistent");
    with(json!([{ "preferred": true }])).refused(400, "SchemaInconsistent");
    with(json!({})).refused(400, "RecordUnmarshalJson");
    with(json!([])).ok();
    let original = http.upload("?produce_versions=[false]", &[("z.png", b"3")]).ok()[0]["_id"].clone();
    let rendition = http.upload(&format!("?id_parents=[{original}]&version_names=[\"p\"]"), &[("p.png", b"p")]).ok()[0]
        ["_id"]
        .clone();
    with(json!([{ "_id": rendition, "preferred": true }])).refused(400, "SchemaInconsistent");
}
