//! Every flag does what it says.

use fonds::fylr::source::Events;
use fonds::fylr::target::FileApi;
use fonds::fylr::{Client, Request, Shape};
use fonds::jobs::restore::{Document, RestoreStart};
use fonds::rehearsal::Instance;

use crate::support::restores::{connection, directory, one, part, planned, restore, run, target};

/// Queries of the requests to a path.
fn queries(instance: &Instance, method: &str, path: &str) -> Vec<String> {
    let all = instance.requests().into_iter();
    all.filter(|logged| logged.method == method && logged.path.contains(path)).map(|logged| logged.query).collect()
}

/// A restore into an empty instance, with one thing changed.
fn with(change: impl FnOnce(&mut fonds::jobs::restore::Restore)) -> Instance {
    let dir = tempfile::tempdir().expect("a directory");
    let target = target();
    let mut job = restore(directory(), &[&target]);
    change(&mut job);
    one(job, &dir.path().join("a.redb"));
    target
}

#[test]
fn records_are_sent_with_everything_that_history_needs() {
    let target = with(|_| {});
    let queries = queries(&target, "POST", "/api/v1/db/objekt");
    assert!(!queries.is_empty());
    for name in
        ["skip_constraints=1", "skip_reverse_nested=1", "skip_bidirectional_update=1", "skip_events=1", "skip_index=1"]
    {
        assert!(queries.iter().all(|query| query.contains(name)), "{name}: {queries:?}");
    }
    let bare = with(|job| job.write.skip_constraints = false);
    assert!(self::queries(&bare, "POST", "/api/v1/db/objekt").iter().all(|query| !query.contains("skip_constraints")));
}

#[test]
fn chunks_divide_payloads_and_keep_their_order() {
    let small = with(|job| job.write.chunk_size = Some(1));
    let usual = with(|_| {});
    let count = |instance: &Instance| queries(instance, "POST", "/api/v1/db/objekt").len();
    assert_eq!(count(&usual), 2);
    assert_eq!(count(&small), 7);
    assert_eq!(part(&small, "db_objekt").len(), part(&usual, "db_objekt").len());
}

#[test]
fn files_go_by_the_way_that_was_chosen() {
    let none = with(|job| job.write.file_api = FileApi::None);
    assert!(part(&none, "files").is_empty());
    let packed = with(|_| {});
    assert!(queries(&packed, "POST", "/eas/put").len() > 5);
    // What stays elsewhere at the source is named, whatever the way.
    let named = queries(&packed, "POST", "/eas/rput");
    assert!(named.iter().any(|query| query.contains("leave=1")), "{named:?}");
    assert!(
        queries(&packed, "POST", "/eas/put").iter().all(|query| query.contains("fylr.seedorf.example.org%3Aeas%3A"))
    );
}

#[test]
fn renditions_come_along_when_they_are_wanted_or_were_made_by_hand() {
    let all = with(|_| {});
    let some = with(|job| job.write.upload_versions = false);
    let renditions = |instance: &Instance| {
        queries(instance, "POST", "/eas/").iter().filter(|query| query.contains("version_name")).count()
    };
    assert!(
        renditions(&all) > renditions(&some) && renditions(&some) > 0,
        "{} {}",
        renditions(&all),
        renditions(&some)
    );
}

#[test]
fn versions_are_renamed_in_files_and_in_rights() {
    let renamed = with(|job| job.write.renames = "video.1920p:1080p,image.preview:".parse().unwrap());
    let queries = queries(&renamed, "POST", "/eas/");
    assert!(
        queries.iter().any(|query| query.contains("1080p"))
            && !queries.iter().any(|query| query.contains("version_names=%5B%221920p")),
        "{queries:?}"
    );
    let pools = serde_json::Value::from(part(&renamed, "pools")).to_string();
    assert!(pools.contains("video.1080p") && !pools.contains("image.preview"), "{pools}");
}

#[test]
fn another_version_can_become_the_original() {
    let small = with(|job| {
        job.write.file_version = "preview".to_owned();
        job.write.upload_versions = false;
    });
    assert!(queries(&small, "POST", "/eas/put").iter().any(|query| query.contains("%3Apreview")));
}

#[test]
fn passwords_come_only_when_they_are_wanted() {
    let users = |instance: &Instance| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let silent = std::sync::Arc::new(fonds::model::event::Silent);
        runtime.block_on(async {
            let client = Client::connect(connection(instance), silent).await.unwrap();
            let request = Request::get("user", Shape::Array).with("include_password", 1);
            String::from_utf8(client.ask(&request).await.unwrap().to_vec()).unwrap()
        })
    };
    let own = |text: &str| text.matches("_password_hash").count();
    assert!(own(&users(&with(|_| {}))) > 0);
    assert_eq!(own(&users(&with(|job| job.write.include_password = false))), 0);
}

#[test]
fn events_can_be_chosen() {
    let none = with(|job| job.write.events = Events::None);
    assert_eq!(part(&none, "events").len(), 0);
    let some = with(|job| job.write.events = Events::Of(vec!["SEARCH".to_owned()]));
    let kinds: Vec<_> = part(&some, "events").into_iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["SEARCH"]);
}

#[test]
fn links_to_deleted_records_stay_when_they_are_wanted() {
    let kept =
        serde_json::Value::from(part(&with(|job| job.write.include_deleted_linked = true), "db_objekt")).to_string();
    let gone = serde_json::Value::from(part(&with(|_| {}), "db_objekt")).to_string();
    assert!(kept.matches("\"link\"").count() > gone.matches("\"link\"").count());
}

#[test]
fn the_index_is_left_alone_when_that_is_wanted() {
    assert_eq!(queries(&with(|_| {}), "POST", "/system/reindex").len(), 1);
    assert_eq!(queries(&with(|job| job.write.skip_reindex = true), "POST", "/system/reindex").len(), 0);
}

#[test]
fn documents_can_be_left_out_or_come_from_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let target = with(|job| job.base_config = Document::None);
    assert_eq!(queries(&target, "POST", "/api/v1/config").len(), 0);
    let own = dir.path().join("own.json");
    std::fs::write(&own, r#"{"system":{"config":{"languages":{"database":[{"value":"de-DE"},{"value":"en-US"}]},"login":{"guest":false}}}}"#).unwrap();
    let target = with(|job| job.base_config = Document::File(own));
    let config = crate::support::restores::content(&target)["config"].to_string();
    assert!(config.contains("\"guest\":false"), "{config}");
}

#[test]
fn a_purge_begins_with_nothing_and_keeps_the_password() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    one(restore(directory(), &[&target]), &dir.path().join("a.redb"));
    let before = part(&target, "db_objekt").len();
    let mut job = restore(directory(), &[&target]);
    job.start = RestoreStart::Purge;
    one(job, &dir.path().join("b.redb"));
    assert_eq!(part(&target, "db_objekt").len(), before);
    let purges = queries(&target, "POST", "/system/purgeall");
    assert!(purges.len() == 1 && purges[0].contains("set_password=") && !purges[0].contains("admin"), "{purges:?}");
}

#[test]
fn a_dry_run_at_the_target_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    one(restore(directory(), &[&target]), &dir.path().join("a.redb"));
    let before = crate::support::restores::content(&target);
    let mut job = restore(directory(), &[&target]);
    job.write.is_dry_run = true;
    let outcome = run(job, &dir.path().join("b.redb")).remove(0);
    assert!(outcome.ended.is_ok());
    assert!(
        queries(&target, "POST", "/api/v1/db/objekt").iter().rev().take(2).all(|query| query.contains("dry_run=1"))
    );
    assert_eq!(crate::support::restores::content(&target), before);
}

#[test]
fn several_payloads_go_at_a_time_and_nothing_is_different() {
    let (many, one) = (with(|job| job.write.workers = 4), with(|_| {}));
    for kind in ["db_ort", "db_thema", "db_objekt", "db_person", "db_dokument"] {
        assert_eq!(part(&many, kind).len(), part(&one, kind).len(), "{kind}");
    }
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    let plan = planned(restore(directory(), &[&target]), &dir.path().join("a.redb"));
    assert!(!plan.plan.is_refused());
}
