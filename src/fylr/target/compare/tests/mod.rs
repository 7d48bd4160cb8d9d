//! What makes a difference and what does not, by way of the form and by way of the walk.

mod answers;
mod trees;
mod walk;

use super::*;

fn text(kind: &PayloadKind, json: &str) -> String {
    let essence = Comparing::default()
        .essence(Side::Backup, (kind, Some("o")), json, &|_, version| version, &|id| id < 100)
        .unwrap();
    format!("{}: {}", essence.key, String::from_utf8(essence.text).unwrap())
}

#[test]
fn what_a_restore_changes_on_purpose_makes_no_difference() {
    let backup = r#"{"_objecttype":"o","_mask":"_all_fields","_system_object_id":5,"_global_object_id":"5@a","_uuid":"u","_created":"2024-05-28T08:00:00.100Z","_latest_version":true,
        "_tags":[{"lookup:_id":{"reference":"b"}},{"lookup:_id":{"reference":"a"}}],"o":{"_version":2,"lookup:_id":{"_system_object_id":5},"t":"\u00fc","n":9007199254740993,"leer":null,
        "ort":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":7,"_allow_defer":true}}},
        "weg":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":8,"_latest_version_deleted_at":"2024"}}},
        "nirgends":{"_objecttype":"p","_mask":"x","p":{"lookup:_id":{"_system_object_id":800,"_allow_defer":true}}},
        "_nested:o__r":[{"_uuid":"1","x":1},{"_uuid":"2","y":{"_objecttype":"p","p":{"lookup:_id":{"_system_object_id":8,"_latest_version_deleted_at":"2024"}}}}]}}"#;
    let target = r#"{"_objecttype":"o","_mask":"_all_fields","_system_object_id":5,"_uuid":"u","_created":"2024-05-28T08:00:00.1Z",
        "_tags":[{"lookup:_id":{"reference":"a"}},{"lookup:_id":{"reference":"b"}}],"o":{"_version":2,"lookup:_id":{"_system_object_id":5},"t":"ü","n":9007199254740993,
        "ort":{"_objecttype":"p","_mask":"_all_fields","p":{"lookup:_id":{"_system_object_id":7}}},"_nested:o__r":[{"_uuid":"9","x":1}]}}"#;
    assert_eq!(text(&PayloadKind::Records, backup), text(&PayloadKind::Records, target));
}

#[test]
fn links_to_deleted_records_and_deletions_make_a_difference_where_they_came_along() {
    let link = r#"{"_system_object_id":5,"o":{"_version":1,"p":{"_objecttype":"p","p":{"lookup:_id":{"_system_object_id":8,"_latest_version_deleted_at":"2024"}}}}}"#;
    let none = r#"{"_system_object_id":5,"o":{"_version":1}}"#;
    let form = |json: &str, deleted_links: bool| {
        let comparing = Comparing { deleted_links, ..Comparing::default() };
        let kind = (&PayloadKind::Records, Some("o"));
        comparing.essence(Side::Target, kind, json, &|_, version| version, &|_| true).unwrap().text
    };
    assert_ne!(form(link, true), form(none, true));
    assert_eq!(form(link, false), form(none, false));
    let deleted = r#"{"_system_object_id":5,"_latest_version_deleted_at":"2024","o":{"_version":1}}"#;
    assert_ne!(form(deleted, false), form(none, false));
    assert_eq!(form(&deleted.replace("2024", "2025"), false), form(deleted, false));
}

#[test]
fn what_is_lost_or_changed_does() {
    let base = r#"{"_objecttype":"o","_system_object_id":5,"_comment":"c","_owner":{"user":{"lookup:_id":{"reference":"x"}}},"o":{"_version":1,"n":9007199254740993,"p":{"_objecttype":"p","p":{"lookup:_id":{"_system_object_id":7}}},"f":[{"_id":2,"versions":{}},{"_id":1,"preferred":true,"versions":{"original":{"hash":"0000000000000000000000000000000000000000000000000000000000000000"}}}]}}"#;
    for (from, to) in [
        ("9007199254740993", "9007199254740992"),
        ("\"c\"", "\"d\""),
        ("\"x\"", "\"y\""),
        (":7}", ":6}"),
        ("\"0000", "\"1000"),
        ("\"preferred\":true", "\"preferred\":false"),
    ] {
        let other = base.replace(from, to);
        assert_ne!(other, base, "{from}");
        assert_ne!(text(&PayloadKind::Records, &other), text(&PayloadKind::Records, base), "{from}");
    }
}

#[test]
fn what_the_target_fills_in_is_no_difference_only_where_the_backup_does_not_say_it() {
    let essence = |json: &str| {
        let kind = (&PayloadKind::Records, Some("o"));
        Comparing::default().essence(Side::Target, kind, json, &|_, version| version, &|_| true).unwrap()
    };
    let target = r#"{"_system_object_id":5,"_uuid":"u","_created":"2026-01-01T00:00:00Z","_last_modified":"2026-01-01T00:00:00Z","_create_user":{"user":{"lookup:_id":{"reference":"root"}}},"o":{"_version":1,"n":9007199254740993}}"#;
    let backup = essence(r#"{"_system_object_id":5,"_created":null,"o":{"_version":1,"n":9007199254740993}}"#);
    let mut same = essence(target);
    same.leave_out(backup.gaps);
    assert_eq!(same.text, backup.text);
    let mut other = essence(&target.replace("0993", "0992"));
    other.leave_out(backup.gaps);
    assert_ne!(other.text, backup.text);
    let telling =
        essence(r#"{"_system_object_id":5,"_created":"2024-01-01T00:00:00Z","o":{"_version":1,"n":9007199254740993}}"#);
    let mut later = essence(target);
    later.leave_out(telling.gaps);
    assert_ne!(later.text, telling.text);
    assert!(String::from_utf8(later.text).unwrap().contains("2026"));
    assert_eq!(essence(target).gaps, Gaps::default());
}

#[test]
fn rights_groups_and_settings_are_compared() {
    let pool = r#"{"_basetype":"pool","pool":{"_version":1,"reference":"m","name":{"de-DE":"M"}},"_acl":[{"_id":5,"who":{"group":{"lookup:_id":{"reference":"g"}}},"rights":{"read":{"pool_ids":[3]}}}]}"#;
    let same =
        pool.replace("[3]", "[17]").replace("\"_id\":5", "\"_id\":6").replace("\"_version\":1", "\"_version\":3");
    assert_eq!(text(&PayloadKind::Pools, pool), text(&PayloadKind::Pools, &same));
    for other in [pool.replace("read", "write"), pool.replace("\"g\"", "\"h\""), pool.replace("[3]", "[3,4]")] {
        assert_ne!(text(&PayloadKind::Pools, pool), text(&PayloadKind::Pools, &other));
    }
}
