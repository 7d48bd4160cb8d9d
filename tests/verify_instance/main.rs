//! A target is compared with the backup that was restored to it: what a restore changes on purpose makes no difference,
//! everything else is told.

mod deleted;
mod looks;
mod odd;
mod releases;
#[path = "../support/mod.rs"]
mod support;
mod told;

use std::path::Path;
use std::sync::Arc;

use fonds::fylr::source::Files;
use fonds::fylr::target::{FileApi, Renames};
use fonds::jobs::restore::{Document, RestoreFrom};
use fonds::jobs::verify::{Form, Verified, Verify, write_report};
use fonds::jobs::{LoadSource, instance};
use fonds::model::event::Silent;
use fonds::rehearsal::{Instance, Kind, Options};

use crate::support::restores::{
    back_up, changed, connection, directory, fault, museum, one, restore, snapshot, target,
};

fn job(from: RestoreFrom, instance: &Instance) -> Verify {
    Verify { from, connection: connection(instance), without_files: false, renditions: None, without_events: false }
}

fn verify(from: RestoreFrom, instance: &Instance, archive: &Path) -> Verified {
    job(from, instance)
        .run(archive, &(Arc::new(Silent) as _))
        .unwrap_or_else(|error| panic!("{}", fonds::jobs::chain(&error)))
}

fn source(kind: Kind) -> Instance {
    let options = if kind == Kind::Fylr { Options::default() } else { Options::easydb5() };
    let from = LoadSource::Layout(museum());
    instance(options, Some(&from), Path::new("none"), &(Arc::new(Silent) as _)).expect("an instance").0
}

#[test]
fn both_systems_come_back_whole_with_and_without_their_histories() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        for all_versions in [true, false] {
            for files in [Files::WithVersions, Files::Urls] {
                let dir = tempfile::tempdir().unwrap();
                let archive = dir.path().join("a.redb");
                let (source, target) = (source(kind), target());
                back_up(&source, &archive, all_versions, files);
                if kind == Kind::Easydb5 {
                    // easydb5 has no plugins to give: whoever restores installs them first.
                    let plugins = changed(&[("manifest.json", &|json| {
                        json["payloads"] = serde_json::json!(["basetype-plugin-0000.json"]);
                    })]);
                    let mut plugins = restore(RestoreFrom::Directory(plugins.path().to_owned()), &[&target]);
                    (plugins.datamodel, plugins.base_config) = (Document::None, Document::None);
                    one(plugins, &dir.path().join("plugins.redb"));
                }
                let mut job = restore(snapshot("museum"), &[&target]);
                job.write.include_password = false;
                // easydb5 does not tell that a film stays on another server, which is not there.
                job.write.ignore_file_errors = true;
                let restored = one(job, &archive);
                let aside: Vec<_> = restored.aside.iter().filter(|aside| !aside.what.contains("1001778")).collect();
                let verified = verify(snapshot("museum"), &target, &archive);
                let what = format!("{kind:?}, all versions: {all_versions}, {files:?}");
                assert!(
                    aside.iter().all(|aside| aside.what.contains("plugin")
                        || aside.what.contains("version ")
                        || aside.what.contains("objekt 126")),
                    "{what}: {aside:?}"
                );
                let unexplained: Vec<_> = verified
                    .differences
                    .iter()
                    .filter(|found| !found.what.contains("plugin/manage"))
                    .filter(|found| kind == Kind::Fylr || !found.what.contains("objekt 126"))
                    .collect();
                assert!(unexplained.is_empty(), "{what}: {unexplained:#?}");
                assert!(verified.counts["db:objekt"].same > 2 && verified.counts["db:ort"].same > 2, "{what}");
            }
        }
    }
}

#[test]
fn a_restored_museum_is_the_same_but_for_what_was_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&target]), &archive);
    let verified = verify(directory(), &target, &archive);
    let what: Vec<&str> = verified.differences.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(what, ["plugin/manage seedorf-etiketten"], "{:#?}", verified.differences);
    assert!(verified.counts["db:objekt"].same > 5 && verified.counts["user"].same > 3, "{:#?}", verified.counts);
}

#[test]
fn renditions_are_compared_where_they_came_along() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    let mut restoring = restore(directory(), &[&target]);
    restoring.write.renames = "image.small:klein".parse().unwrap();
    one(restoring, &archive);
    let differences = |change: &dyn Fn(&mut Verify)| {
        let mut job = job(directory(), &target);
        change(&mut job);
        let verified = job.run(&archive, &(Arc::new(Silent) as _)).unwrap();
        let own = verified.differences.into_iter().filter(|found| !found.what.contains("plugin"));
        own.map(|found| found.what).collect::<Vec<_>>()
    };
    assert_eq!(differences(&|_| {}), Vec::<String>::new());
    let renamed = |job: &mut Verify| job.renditions = Some("image.small:klein".parse().unwrap());
    assert_eq!(differences(&renamed), Vec::<String>::new());
    let forgotten = differences(&|job| job.renditions = Some(Renames::default()));
    assert!(forgotten.iter().any(|what| what.starts_with("person ")), "{forgotten:?}");
    let other = changed(&[("db__person__batch_0001__size_0004.json", &|json| {
        let text = json.to_string().replace("e2613d43ba863815", "0000000000000000");
        *json = serde_json::from_str(&text).unwrap();
    })]);
    let mut job = job(RestoreFrom::Directory(other.path().to_owned()), &target);
    renamed(&mut job);
    let verified = job.run(&archive, &(Arc::new(Silent) as _)).unwrap();
    assert!(verified.differences.iter().any(|found| found.what.starts_with("person ")), "{verified:#?}");
}

#[test]
fn files_that_the_target_only_names_are_told_and_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let (source, target, archive) = (source(Kind::Fylr), target(), dir.path().join("a.redb"));
    back_up(&source, &archive, true, Files::Urls);
    let mut restoring = restore(snapshot("museum"), &[&target]);
    (restoring.write.file_api, restoring.write.include_password) = (FileApi::RputLeave, false);
    one(restoring, &archive);
    let verified = verify(snapshot("museum"), &target, &archive);
    assert!(verified.is_clean(), "{:#?}", verified.differences);
    assert!(verified.notes.iter().any(|note| note.contains("only names")), "{:?}", verified.notes);
}

#[test]
fn exactly_what_was_refused_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    fault(&target, "refuse-record \"Vitrine 1\" on PUT /api/v1/collection/list");
    fault(&target, "refuse-record \"lesesaal\" on POST /api/v1/group");
    one(restore(directory(), &[&target]), &archive);
    let verified = verify(directory(), &target, &archive);
    let told = |name: &str| verified.differences.iter().any(|found| found.what == name);
    assert!(told("collection vitrine") && told("group group:3"), "{:#?}", verified.differences);
    assert!(!verified.is_clean());
    assert_eq!(verified.counts["group"].missing, 1);
}

#[test]
fn a_change_on_the_target_is_named_with_its_member() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&target]), &archive);
    let other = changed(&[("db__ort__level_00__batch_0001__size_0001.json", &|json| {
        json["objects"][0]["_comment"] = "anders".into();
    })]);
    let verified = verify(RestoreFrom::Directory(other.path().to_owned()), &target, &archive);
    let found = verified.differences.iter().find(|found| found.what.starts_with("ort ")).unwrap();
    assert!(found.why.contains("_comment"), "{found:?}");
    assert_eq!(verified.counts["db:ort"].different, 1);
}

#[test]
fn an_empty_target_lacks_everything() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    let mut job = restore(directory(), &[&target]);
    // The model alone.
    job.base_config = Document::None;
    let planned = support::restores::planned(job, &archive);
    drop(planned);
    let verified = verify(directory(), &target, &archive);
    assert_eq!(verified.counts["db:objekt"].missing, 7);
    assert_eq!(verified.counts["db:objekt"].same, 0);
}

#[test]
fn reports_are_whole_and_escape_what_they_name() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    let mut verified = verify(directory(), &target, &archive);
    verified.differences[0].what = "<script>alert(1)</script>, \"x\"".to_owned();
    for (name, wanted, unwanted) in [
        ("r.html", "&lt;script&gt;", "<script>alert"),
        ("r.csv", "\"<script>alert(1)</script>, \"\"x\"\"\"", "admin"),
        ("r.json", "\"difference_count\"", "admin"),
    ] {
        let path = dir.path().join(name);
        write_report(&verified, Form::of(&path).unwrap(), &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(wanted) && !text.contains(unwanted), "{name}: {text}");
        assert!(!text.contains("http://cdn") && !text.contains("src="));
    }
    assert_eq!(Form::of(Path::new("x.pdf")), None);
}
