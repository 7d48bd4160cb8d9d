//! The small payloads of a backup: tags, groups, users and pools, and the base configuration.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::payload::Written;
use super::record::{POOLS, TAGS, USERS};

/// Writes the payloads that come before all records, in the order of a restore.
pub fn write(target: &Path) -> io::Result<Vec<Written>> {
    write_json(&target.join("base_config.json"), &base_config())?;
    let payloads = [
        ("basetype-tags-0000.json", "tags", "tags", vec![tags()]),
        ("basetype-group-0000.json", "group", "groups", groups()),
        ("basetype-user-0000.json", "user", "users", users()),
        ("basetype-pool-level-01.json", "pool", "pools", pools()),
    ];
    payloads
        .into_iter()
        .map(|(name, kind, array, items)| {
            let written = Written { name: name.into(), kind: kind.into(), items: items.len() };
            write_json(&target.join(name), &json!({"import_type": kind, array: items}))?;
            Ok(written)
        })
        .collect()
}

/// Writes a value without blanks between its parts.
pub fn write_json(path: &Path, value: &Value) -> io::Result<()> {
    std::fs::write(path, value.to_string())
}

fn base_config() -> Value {
    json!({"__EASYDB_BASE_CONFIG__": true,
        "system": {"config": {
            "languages": {"database": [{"value": "de-DE"}, {"value": "en-US"}]},
            "login": {"guest": true, "info": {"de-DE": "Willkommen", "en-US": "Welcome"}},
            "purge": {"allow_purge": true}}},
        "plugin": {"custom-data-type-gnd": {"config": {"update_interval_gnd": {"days": 7}}}}})
}

fn tags() -> Value {
    let tag = |(index, reference): (usize, &&str)| {
        json!({"_basetype": "tag",
            "tag": {"_id": index + 1, "reference": reference, "displayname": {"de-DE": reference},
                "displaytype": "facet", "enabled": true, "is_default": index == 0,
                "sticky": false, "type": "individual",
                "frontend_prefs": {"webfrontend": {"color": "green", "icon": "fa-eye"}}},
            "_acl": []})
    };
    json!({"_basetype": "taggroup",
        "taggroup": {"_id": 1, "reference": "bearbeitung", "shortname": null, "type": "choice",
            "displayname": {"de-DE": "Bearbeitung", "en-US": "State of work"}},
        "_tags": TAGS.iter().enumerate().map(tag).collect::<Vec<_>>()})
}

fn groups() -> Vec<Value> {
    let group = |reference: &str| {
        json!({"_basetype": "group",
            "group": {"_version": 1, "type": "easydb", "reference": reference, "name": reference,
                "displayname": {"de-DE": reference}, "comment": "", "frontend_prefs": {}},
            "_system_rights": {"system.search": {"has_own_collections": true}},
            "_auth_method_group_maps": [], "_ip_subnet_filter": [], "_acl": [], "_owner": root()})
    };
    ["sammlung", "leihverkehr", "presse"].into_iter().map(group).collect()
}

fn users() -> Vec<Value> {
    let user = |reference: &&str| {
        json!({"_basetype": "user",
            "user": {"_version": 1, "type": "easydb", "reference": reference, "login": reference,
                "email": format!("{}@example.org", reference.replace(':', "-")),
                "displayname": reference, "frontend_prefs": {}, "custom_data": {}},
            "_created_at": "2020-01-01T00:00:00Z",
            "_groups": [{"_basetype": "group",
                "group": {"lookup:_id": {"reference": "sammlung"}}, "_automatic_auth": false}],
            "_system_rights": {}, "_acl": [], "_owner": root()})
    };
    USERS.iter().map(user).collect()
}

fn pools() -> Vec<Value> {
    let pool = |reference: &&str| {
        let parent = reference.split_once(':').filter(|(parent, _)| *parent == "museum");
        let parent = parent.map_or("system:root", |(parent, _)| parent);
        json!({"_basetype": "pool",
            "pool": {"_version": 1, "reference": reference,
                "lookup:_id_parent": {"reference": parent}, "name": {"de-DE": reference},
                "contact": null, "watermark": null, "mapping_image_import": "parent"},
            "_acl": [], "_private_acl": false, "_tags": [], "_private_tags": true,
            "_transitions": [], "_private_transitions": false, "_standard_masks": {}})
    };
    POOLS.iter().map(pool).collect()
}

fn root() -> Value {
    json!({"_basetype": "user", "user": {"lookup:_id": {"reference": "system:root"}}})
}
