//! Each fault that an instance can have, once against a restore: in the end `verify` finds everything, or misses exactly
//! what was set aside.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use fonds::fylr::target::{FileApi, Restored};
use fonds::jobs::restore::{Restore, RestoreFrom, RestoreStart};
use fonds::jobs::verify::{Verified, Verify};
use fonds::model::event::Silent;
use fonds::rehearsal::{FAULT_GRAMMAR, Instance, Options};
use serde_json::Value;

use crate::support::restores::{changed, connection, fault, one, restore, target};

/// A fault, and the records that it keeps away.
const FAULTS: [(&str, &[&str]); 32] = [
    ("status 429 retry-after 0 on * every 3", &[]),
    ("status 423 on * every 3", &[]),
    ("status 502 on * every 5", &[]),
    ("status 503 retry-after 0 on * every 3", &[]),
    ("status 504 on * every 5", &[]),
    ("status 500 on POST /api/v1/db/* every 3", &[]),
    ("status 401 on POST /api/v1/db/* every 3", &[]),
    // A body that is too long, or takes too long, is divided; one record that is refused for good is not.
    ("status 413 on POST /api/v1/db/schlagwort times 1", &[]),
    ("status 413 on POST /api/v1/db/restaurierung", &["restaurierung 128 version 1"]),
    ("slow 20 on * every 4", &[]),
    ("reset before on * every 5", &[]),
    ("reset middle on * every 5", &[]),
    ("reset after on * every 5", &[]),
    ("truncate on * every 5", &[]),
    ("wrong-length on * every 5", &[]),
    ("error-body on POST * every 4", &[]),
    ("error-body on GET /api/v1/user every 2", &[]),
    ("confirm on POST * every 4", &[]),
    ("confirm on PUT * times 2", &[]),
    ("expire-token on * every 5", &[]),
    ("redirect /api/v1/nowhere on GET /api/v1/pool times 1", &[]),
    ("refuse-record \"N.5001\" on POST /api/v1/db/objekt", &["objekt 5001 version 1", "objekt 5001 version 2"]),
    ("refuse-record \"N.5001 zum Zweiten\" on POST /api/v1/db/objekt", &["objekt 5001 version 2"]),
    ("refuse-record \"Lesesaal\" on POST /api/v1/message", &[]),
    ("refuse-record \"Wartung\" on POST /api/v1/message", &["message message:1"]),
    ("refuse-record \"import.yml\" on PUT /api/v1/xmlmapping/mapping", &["xmlmapping/mapping "]),
    ("missing-file fylr.seedorf.example.org:eas:1003333:original on POST *", &[]),
    ("slow-fetch 300 on POST /api/v1/eas/rput", &[]),
    ("reset after on * chance 0.15", &[]),
    ("reset before on * chance 0.15", &[]),
    ("truncate on * chance 0.15", &[]),
    ("status 503 retry-after 0 on * chance 0.3", &[]),
];

/// The museum without the plugin that cannot be had, and with a record of two versions that nothing else needs.
fn whole() -> tempfile::TempDir {
    let dir = changed(&[
        ("basetype-plugin-0000.json", &|json| {
            json["plugins"].as_array_mut().expect("plugins").retain(|one| one["type"] == "url");
        }),
        ("manifest.json", &|json| {
            let listed = json["payloads"].as_array_mut().expect("payloads");
            let place = listed.iter().position(|name| name == "basetype-collection-level-03.json").expect("there");
            listed.insert(place, "db__objekt__own.json".into());
        }),
    ]);
    let objekt = |version: u64, title: &str| {
        let mut record = serde_json::json!({"_objecttype": "objekt", "_mask": "_all_fields", "_system_object_id": 5001,
            "_uuid": "886a33c4-53f4-47d7-a1b2-000000005001", "_tags": [],
            "objekt": {"_version": version, "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}},
                "inventarnummer": title}});
        if version > 1 {
            record["objekt"]["lookup:_id"] = serde_json::json!({"_system_object_id": 5001});
        }
        record
    };
    let payload = serde_json::json!({"import_type": "db", "objecttype": "objekt",
        "objects": [objekt(1, "N.5001"), objekt(2, "N.5001 zum Zweiten")]});
    std::fs::write(dir.path().join("db__objekt__own.json"), payload.to_string()).expect("a payload");
    dir
}

fn job(from: &Path, target: &Instance) -> Restore {
    let mut job = restore(RestoreFrom::Directory(from.to_owned()), &[target]);
    // Chances are independent: some requests need more patience than others.
    job.targets[0].connection.retry.count_max = 25;
    job.targets[0].connection.retry.sleep_between = std::time::Duration::from_millis(1);
    job
}

fn verified(from: &Path, target: &Instance, archive: &Path) -> Verified {
    let from = RestoreFrom::Directory(from.to_owned());
    let verify = Verify { from, ..verify(target) };
    verify.run(archive, &(Arc::new(Silent) as _)).unwrap_or_else(|error| panic!("{}", fonds::jobs::chain(&error)))
}

fn verify(target: &Instance) -> Verify {
    Verify {
        from: RestoreFrom::Directory("replaced".into()),
        connection: connection(target),
        without_files: false,
        renditions: None,
        without_events: false,
    }
}

/// What is missing or different on the target.
fn missed(verified: &Verified) -> BTreeSet<String> {
    verified.differences.iter().map(|found| found.what.clone()).collect()
}

#[test]
fn every_fault_ends_with_all_or_with_all_but_what_was_set_aside() {
    let (dir, museum) = (tempfile::tempdir().unwrap(), whole());
    for (number, (rule, expected)) in FAULTS.iter().enumerate() {
        let (target, archive) = (target(), dir.path().join(format!("{number}.redb")));
        fault(&target, rule);
        let restored = at_last(rule, job(museum.path(), &target), &archive);
        target.faults().clear();
        let verified = verified(museum.path(), &target, &archive);
        let missed = missed(&verified);
        let is_expected = |what: &String| expected.iter().any(|wanted| what.starts_with(wanted));
        let is_missed = |wanted: &&&str| missed.iter().any(|what| what.starts_with(**wanted));
        // Settings name mappings by ids, so that what is not there is left out of them.
        let is_of_mapping = |what: &&String| rule.contains("xmlmapping") && what.starts_with("collection hotfolder");
        let more: Vec<&String> = missed.iter().filter(|what| !is_expected(what) && !is_of_mapping(what)).collect();
        assert!(more.is_empty(), "{rule}: {:#?} {:#?}", verified.differences, restored.aside);
        assert_eq!(expected.iter().filter(is_missed).count(), expected.len(), "{rule}: {missed:?}");
        assert_eq!(restored.aside_count, expected.len() as u64, "{rule}: {:?}", restored.aside);
        for (kind, counted) in &verified.counts {
            let is_of_target = matches!(kind.as_str(), "event/list" | "group" | "pool" | "collection" | "objecttype");
            assert!(counted.more == 0 || is_of_target, "{rule}: {kind} {counted:?}");
        }
    }
}

/// What has come of a restore in the end: so much at once may be too much, and then it goes on.
fn at_last(what: &str, mut job: Restore, archive: &Path) -> Restored {
    let mut failures = Vec::new();
    while failures.len() < 6 {
        let planned = job.clone().plan(archive, &(Arc::new(Silent) as _));
        let ended = planned.and_then(|planned| {
            assert!(!planned.plan.is_refused(), "{:?} {:?}", planned.plan.refusals, planned.plan.targets);
            planned.run(&(Arc::new(Silent) as _))?.remove(0).ended
        });
        match ended {
            Ok(restored) => return restored,
            Err(error) => failures.push(fonds::jobs::chain(&error)),
        }
        job.start = RestoreStart::Continue;
    }
    panic!("{what}: {failures:#?}");
}

#[test]
fn no_fault_of_the_grammar_is_left_out() {
    let effects =
        FAULT_GRAMMAR.lines().skip_while(|line| !line.contains("WHAT   ")).take_while(|line| !line.contains("PATH"));
    let effects: Vec<String> = effects
        .map(|line| line.replace("WHAT", "").trim().to_owned())
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_second = matches!(words.first(), Some(&"reset"));
            Some(if is_second { words.get(..2)?.join(" ") } else { (*words.first()?).to_owned() })
        })
        .collect();
    assert!(effects.len() >= 14, "{effects:?}");
    for effect in effects {
        assert!(FAULTS.iter().any(|(rule, _)| rule.starts_with(&effect)), "{effect} is tried nowhere");
    }
}

#[test]
fn a_file_that_is_not_to_be_had_keeps_its_record_away_and_no_other() {
    let (dir, museum) = (tempfile::tempdir().unwrap(), whole());
    let target = target();
    std::fs::remove_file(museum.path().join("files/1000000/1000000/1000413-Krug & Kanne.png")).unwrap();
    let archive = dir.path().join("a.redb");
    let restored = one(job(museum.path(), &target), &archive);
    let verified = verified(museum.path(), &target, &archive);
    let aside: BTreeSet<String> = restored.aside.iter().map(|aside| in_words_of_verify(&aside.what)).collect();
    // Who links to them cannot do without.
    let is_record =
        |what: &String| ["objekt ", "restaurierung ", "dokument "].iter().any(|kind| what.starts_with(kind));
    let aside: BTreeSet<String> = aside.into_iter().filter(is_record).collect();
    assert!(aside.contains("objekt 123 version 1") && aside.contains("objekt 124 version 1"), "{aside:?}");
    assert_eq!(missed(&verified).into_iter().filter(is_record).collect::<BTreeSet<_>>(), aside);
}

/// `objekt 123, version 2` and `objekt 125`, as a comparison names them.
fn in_words_of_verify(what: &str) -> String {
    match what.split_once(", ") {
        Some((record, version)) => format!("{record} {version}"),
        None => format!("{what} version 1"),
    }
}

#[test]
fn faults_of_all_kinds_at_once_are_lived_through() {
    let (dir, museum) = (tempfile::tempdir().unwrap(), whole());
    for seed in 0..4 {
        let target = Instance::start(Options { seed, ..Options::default() }).unwrap();
        for rule in [
            "status 503 retry-after 0 on * chance 0.08",
            "reset before on * chance 0.05",
            "reset after on * chance 0.05",
            "reset middle on * chance 0.05",
            "truncate on * chance 0.05",
            "wrong-length on * chance 0.05",
            "expire-token on * chance 0.05",
            "status 423 on POST * chance 0.05",
        ] {
            fault(&target, rule);
        }
        let archive = dir.path().join(format!("{seed}.redb"));
        let mut whole = job(museum.path(), &target);
        whole.write.workers = 3;
        whole.write.file_api = if seed % 2 == 0 { FileApi::Put } else { FileApi::RputBulk };
        let restored = at_last(&format!("seed {seed}"), whole, &archive);
        assert_eq!(restored.aside_count, 0, "{seed}: {:?}", restored.aside);
        target.faults().clear();
        let verified = verified(museum.path(), &target, &archive);
        assert!(verified.is_clean(), "{seed}: {:#?}", verified.differences);
        let records = |kind: &str| verified.counts[kind].more;
        assert_eq!((records("db:objekt"), records("db:ort"), records("publish")), (0, 0, 0), "{seed}");
        let ids: Vec<Value> = crate::support::restores::part(&target, "db_objekt")
            .iter()
            .map(|record| serde_json::json!([record["_system_object_id"], record["_version"]]))
            .collect();
        let unique: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!((ids.len(), unique.len()), (9, 9), "{seed}: {ids:?}");
    }
}
