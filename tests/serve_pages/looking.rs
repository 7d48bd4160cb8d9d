//! What pages show: backups, what is in them, what changed, in both languages; and that nothing of it runs.

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use crate::support::archives;
use crate::{ROOT, Site, value_behind};

#[test]
fn an_empty_archive_invites_to_make_a_backup() {
    let site = Site::new(&[]);
    let page = site.get(ROOT);
    assert_eq!(page.status, 200);
    page.has("id=\"backup-form\"").has("There is no archive at").has("id=\"create-backup\" open");
    assert_eq!(site.json(ROOT)["Backups"], Value::Array(Vec::new()));
}

#[test]
fn backups_are_listed_and_opened() {
    let site = Site::museum();
    let list = site.get(ROOT);
    list.has("href=\"/inspect/migration/museum/\"").has("id=\"backups\"").has("id=\"restore-form\"");
    let backups = site.json(ROOT)["Backups"].clone();
    assert_eq!(backups.as_array().map(Vec::len), Some(1), "{backups}");
    assert_eq!((&backups[0]["Name"], &backups[0]["Snapshots"]), (&"museum".into(), &2.into()));
    assert!(backups[0]["SizeSaved"].as_u64() > Some(0), "{backups}");
    assert_eq!(site.json("/inspect/migration/?accept=application/json"), site.json(ROOT));
    let backup = site.get("/inspect/migration/museum/");
    backup.has("Snapshot 2").has("href=\"/inspect/migration/museum/?snapshot=1\"").has("manifest.json").has("files/");
    site.get("/inspect/migration/museum/?snapshot=1").has("Snapshot 1");
    for missing in [
        "/inspect/migration/other/",
        "/inspect/migration/museum/?snapshot=9",
        "/inspect/migration/museum/nothing.json",
        "/inspect/migration/museum/nothing/",
        "/inspect/migration/museum/?snapshot=x",
    ] {
        let reply = site.get(missing);
        assert_eq!(reply.status, 404, "{missing}: {}", reply.text());
    }
}

#[test]
fn folders_are_walked_through_and_scripts_get_what_fylr_gives() {
    let site = Site::museum();
    let root = site.json("/inspect/migration/museum/");
    assert_eq!(root["SubPath"], "");
    assert_eq!(root["Backup"]["Name"], "museum");
    let names = |value: &Value| -> Vec<String> {
        let files = value["Files"].as_array().cloned().unwrap_or_default();
        files.iter().map(|file| file["Name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert!(names(&root).contains(&"manifest.json".to_owned()), "{:?}", names(&root));
    let mut path = String::new();
    let mut seen = 0;
    loop {
        let folder = site.json(&format!("/inspect/migration/museum/{path}"));
        assert_eq!(
            folder["SubPath"].as_str().map(|path| path.trim_end_matches('/').to_owned()),
            Some(path.trim_end_matches('/').to_owned())
        );
        let files = folder["Files"].as_array().cloned().unwrap_or_default();
        let Some(next) = files.iter().find(|file| file["IsDir"] == true) else {
            let page = site.get(&format!("/inspect/migration/museum/{path}"));
            assert_eq!(page.status, 200);
            let name = files[0]["Name"].as_str().unwrap_or_default();
            page.has("raw=1").has(&name.replace('&', "&amp;"));
            break;
        };
        path = format!("{path}{}/", next["Name"].as_str().unwrap_or_default());
        seen += 1;
    }
    assert!(seen >= 2, "{path}");
}

#[test]
fn records_are_laid_out_and_big_numbers_and_umlauts_survive() {
    let site = Site::new(&[]);
    let source = site.folder.path().join("source");
    fs::create_dir(&source).expect("a folder");
    fs::write(source.join("manifest.json"), r#"{"source":"x","payloads":["db.json","user.json"]}"#).expect("a file");
    let records: Vec<String> = (0..45).map(|at| {
        format!(r#"{{"_objecttype":"o","_system_object_id":{},"o":{{"_id":1,"_version":1,"name":"Gefäß {at}","n":9007199254740993}}}}"#, 9_007_199_254_740_993_u64 + at)
    }).collect();
    fs::write(
        source.join("db.json"),
        format!(r#"{{"import_type":"db","objecttype":"o","objects":[{}]}}"#, records.join(",")),
    )
    .expect("a file");
    fs::write(source.join("user.json"), r#"{"import_type":"user","users":[{"_basetype":"user","user":{"_id":1,"login":"a"},"_password_hash":"h4sh","url":"https://x/y?access_token=t0k3n&v=1"}]}"#).expect("a file");
    archives::import(&site.archive(), &source).expect("a snapshot");
    let first = site.get("/inspect/migration/museum/db.json");
    first.has("Gefäß 0").has("9007199254740993").has("Record 20").lacks("Record 21").has("1–20 of 45");
    let last = site.get("/inspect/migration/museum/db.json?page=3");
    last.has("Record 45").has("9007199254741037").has("Gefäß 44").lacks("Record 40<");
    let users = site.get("/inspect/migration/museum/user.json");
    users.has("&quot;login&quot;: &quot;a&quot;").lacks("h4sh").lacks("t0k3n");
    let raw = site.get("/inspect/migration/museum/user.json?raw=1");
    raw.has("h4sh");
    let text = site.json("/inspect/migration/museum/db.json")["Records"][1]["Text"].as_str().map(str::to_owned);
    assert!(text.is_some_and(|text| text.contains("\"_system_object_id\": 9007199254740994")));
}

#[test]
fn stored_content_never_runs() {
    let site = Site::new(&[]);
    let source = site.folder.path().join("source");
    fs::create_dir_all(source.join("files/0")).expect("a folder");
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    fs::write(
        source.join("manifest.json"),
        format!(r#"{{"source":"{}","payloads":["db.json"]}}"#, evil.replace('"', "'")),
    )
    .expect("a file");
    let record = format!(r#"{{"_objecttype":"o","o":{{"_id":1,"_version":1,"name":"{evil}</pre></article>"}}}}"#);
    fs::write(source.join("db.json"), format!(r#"{{"import_type":"db","objecttype":"o","objects":[{record}]}}"#))
        .expect("a file");
    for name in ["a.html", "b.svg", "c.xml", "<img src=x onerror=alert(3)>.txt"] {
        let content = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{evil}</svg>");
        fs::write(source.join("files/0").join(name), &content).expect("a file");
        fs::write(source.join(name), &content).expect("a file");
    }
    archives::import(&site.archive(), &source).expect("a snapshot");
    let listing = site.json("/inspect/migration/museum/files/0/");
    assert_eq!(listing["Files"].as_array().map(Vec::len), Some(4), "{listing}");
    for path in [
        "",
        "db.json",
        "files/0/",
        "files/0/a.html",
        "files/0/b.svg",
        "a.html",
        "b.svg",
        "c.xml",
        "manifest.json",
        "%3Cimg%20src%3Dx%20onerror%3Dalert%283%29%3E.txt",
    ] {
        let page = site.get(&format!("/inspect/migration/museum/{path}"));
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page.lacks("<script>").lacks("<img src=x");
        assert!(page.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    for path in ["files/0/a.html", "files/0/b.svg", "db.json", "c.xml"] {
        let raw = site.get(&format!("/inspect/migration/museum/{path}?raw=1"));
        raw.has("<script>");
        assert_eq!(raw.header("content-type"), "application/octet-stream", "{path}");
        assert!(raw.header("content-disposition").starts_with("attachment"), "{path}");
        assert_eq!(raw.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(raw.header("content-length"), raw.bytes.len().to_string(), "{path}");
    }
}

#[test]
fn entries_whose_names_no_url_can_hold_are_reached() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let site = Site::new(&[]);
    let source = site.folder.path().join("source");
    fs::create_dir_all(source.join(OsStr::from_bytes(b"od\xffd"))).expect("a folder");
    fs::write(source.join("manifest.json"), r#"{"source":"x","payloads":[]}"#).expect("a file");
    fs::write(source.join(OsStr::from_bytes(b"od\xffd/a\nb.txt")), "found").expect("a file");
    archives::import(&site.archive(), &source).expect("a snapshot");
    let folder =
        value_behind(&site.get("/inspect/migration/museum/").text(), "<a class=\"path\" href=\"").replace("&amp;", "&");
    assert!(folder.ends_with("&hex=6f64ff642f"), "{folder}");
    let inside = site.get(&folder);
    let file = value_behind(&inside.text(), "<a class=\"path\" href=\"").replace("&amp;", "&");
    site.get(&file).has("found").has("a\\u{a}b.txt");
    assert_eq!(site.get(&format!("{file}&raw=1")).text(), "found");
}

#[test]
fn a_tar_that_is_downloaded_goes_in_again() {
    let site = Site::museum();
    for end in ["tar", "tar.gz", "tar.zst"] {
        let reply = site.get(&format!("/inspect/migration/museum/?snapshot=1&download={end}"));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-disposition"), format!("attachment; filename*=UTF-8''museum-1.{end}"));
        let path = site.folder.path().join(format!("x.{end}"));
        fs::File::create(&path).and_then(|mut file| file.write_all(&reply.bytes)).expect("a file");
        let other = site.folder.path().join(format!("{end}.redb"));
        let imported = archives::import(&other, &path).expect("a backup");
        let source = site.json("/inspect/migration/museum/?snapshot=1")["Backup"]["Snapshot"].clone();
        assert_eq!(source["records"], imported.counts.records, "{end}");
        assert_eq!(source["bytes"], imported.counts.bytes, "{end}");
        assert_eq!(source["files"], imported.counts.files, "{end}");
    }
    assert_eq!(site.get("/inspect/migration/museum/?download=zip").status, 404);
}

#[test]
fn two_snapshots_are_compared() {
    let site = Site::museum();
    let page = site.get("/inspect/migration/museum/?snapshot=2&compare=1");
    assert_eq!(page.status, 200, "{}", page.text());
    page.has("Snapshot 1 → snapshot 2").has("Krügerl").has("id=\"differences\"");
    let told = site.json("/inspect/migration/museum/?snapshot=2&compare=1");
    let changed: u64 = told["Counts"].as_array().into_iter().flatten().filter_map(|one| one["Changed"].as_u64()).sum();
    assert!(changed >= 1, "{told:#}");
    site.get("/inspect/migration/museum/?snapshot=1&compare=1").has("Both hold the same.");
    assert_eq!(site.get("/inspect/migration/museum/?snapshot=1&compare=7").status, 404);
}

#[test]
fn pages_speak_german_and_english_and_remember_the_choice() {
    let site = Site::museum();
    let german = |path: &str| site.get_as(path, &[("accept-language", "de-DE,de;q=0.9,en;q=0.5")]);
    german(ROOT).has("<html lang=\"de\">").has("Backup wiederherstellen").lacks("Restore backup");
    german("/inspect/migration/museum/").has("Datensätze").has("161,4");
    german("/inspect/migration/nothing/").has("Nicht gefunden");
    site.get(ROOT).has("<html lang=\"en\">").has("Restore backup").lacks("wiederherstellen");
    let chosen = site.post("/inspect/migration/language", "language=de&back=/inspect/migration/museum/?snapshot=1");
    assert_eq!(chosen.location(), "/inspect/migration/museum/?snapshot=1");
    let cookie = chosen.header("set-cookie");
    assert!(cookie.starts_with("fonds_language=de;") && cookie.contains("SameSite=Strict"), "{cookie}");
    let remembered = site.get_as(ROOT, &[("accept-language", "en"), ("cookie", "fonds_language=de")]);
    remembered.has("<html lang=\"de\">");
    assert_eq!(site.post("/inspect/migration/language", "language=de&back=//evil.example/").location(), ROOT);
}

#[test]
fn a_link_to_a_form_fills_it() {
    let site = Site::museum();
    let page = site.get("/inspect/migration/?snapshot=1").text();
    assert!(page.contains("<option value=\"1\" selected>"), "{page}");
    assert!(page.contains("id=\"restore-backup\" open"), "{page}");
}

#[test]
fn nothing_in_a_page_needs_a_script_or_comes_from_elsewhere() {
    let site = Site::museum();
    for path in [ROOT, "/inspect/migration/museum/", "/inspect/migration/museum/manifest.json"] {
        let page = site.get(path).text();
        for inline in [" style=", " onclick=", " onload=", "javascript:", "<style", "<script>"] {
            assert!(!page.contains(inline), "{path}: {inline}");
        }
        for attribute in ["src=\"", "link rel=\"stylesheet\" href=\"", "action=\""] {
            for from in page.split(attribute).skip(1) {
                assert!(from.starts_with(ROOT), "{path}: {attribute}{}", &from[..from.len().min(60)]);
            }
        }
        let style = value_behind(&page, "<link rel=\"stylesheet\" href=\"");
        assert_eq!(site.get(&style).header("content-type"), "text/css; charset=utf-8");
    }
}
