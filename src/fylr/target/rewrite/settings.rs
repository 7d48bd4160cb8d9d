//! Base config and data model.

use std::collections::HashMap;

use serde_json::Value;

use crate::fylr::json::{Json, Members};
use crate::fylr::masked::without_placeholders;
use crate::fylr::target::rewrite::{Context, files};

/// Sections that belong to the server and not to what is restored.
const NEVER: [&str; 4] = ["location_defaults", "logging", "purge", "license"];
const MARK: &str = "__EASYDB_BASE_CONFIG__";

/// The base config as a target takes it; parts of plugins that are not installed there are left out.
pub(crate) fn base_config<'t>(json: Json<'t>, plugins: &[String], context: &Context) -> Option<Members<'t>> {
    let Json::Object(mut members) = json else { return None };
    members.remove(&[MARK]);
    members.retain(|key, _| matches!(key, "system" | "plugin"));
    if let Some(config) =
        members.get_mut("system").and_then(Json::members_mut).and_then(|system| system.get_mut("config"))
        && let Some(config) = config.members_mut()
    {
        config.remove(&NEVER);
        if let Some(appearance) = config.get_mut("appearance").and_then(Json::members_mut) {
            named_files(appearance, context);
        }
    }
    if let Some(found) = members.get_mut("plugin").and_then(Json::members_mut) {
        for (name, _) in found.iter().filter(|(name, _)| !plugins.iter().any(|plugin| plugin == name)) {
            context.notes.add(format!("the config of plugin {name} left out, as the plugin is not installed"));
        }
        found.retain(|name, _| plugins.iter().any(|plugin| plugin == name));
    }
    members.iter_mut().for_each(|(_, value)| {
        without_placeholders(value);
        files::base(value, context);
        without_nothing(value);
    });
    Some(members)
}

/// Files that are only named by their ids at the source.
fn named_files(section: &mut Members<'_>, context: &Context) {
    section.iter_mut().for_each(|(key, value)| {
        let id = value.get("_id").and_then(Json::as_id).filter(|_| value.get("versions").is_none());
        let Some(id) = id else { return };
        let known = context.base_files.read().ok().and_then(|files| files.get(&id).copied());
        match known {
            Some(id) => *value = Members::of([("_id", Json::number(id))]).into(),
            None => {
                context.notes.add(format!("{key} of the base config left out, as its file is not in the backup"));
                *value = Json::null();
            }
        }
    });
}

/// Takes away what stands for nothing: files that could not come along.
fn without_nothing(json: &mut Json<'_>) {
    if let Some(members) = json.members_mut() {
        members.retain(|_, value| !value.is_null());
        members.iter_mut().for_each(|(_, value)| without_nothing(value));
    }
}

/// Ids of a data model by names: objecttypes, masks (`objekt/objekt__all_fields`), columns (`objekt.titel`).
#[derive(Debug, Default)]
pub(crate) struct NamedIds {
    pub objecttypes: HashMap<String, u64>,
    pub masks: HashMap<String, u64>,
    pub columns: HashMap<String, u64>,
}

/// Reads a schema and its masks.
pub(crate) fn named_ids(schema: &Value, mask: &Value) -> NamedIds {
    let mut ids = NamedIds::default();
    let mut names = HashMap::new();
    for table in schema["tables"].as_array().into_iter().flatten() {
        let (Some(name), Some(id)) = (table["name"].as_str(), table["table_id"].as_u64()) else { continue };
        names.insert(id, name);
        ids.objecttypes.insert(name.to_owned(), id);
        for column in table["columns"].as_array().into_iter().flatten() {
            if let (Some(column), Some(id)) = (column["name"].as_str(), column["column_id"].as_u64()) {
                ids.columns.insert(format!("{name}.{column}"), id);
            }
        }
    }
    for mask in mask["masks"].as_array().into_iter().flatten() {
        let table = mask["table_name_hint"].as_str().or_else(|| names.get(&mask["table_id"].as_u64()?).copied());
        if let (Some(name), Some(id)) = (mask["name"].as_str(), mask["mask_id"].as_u64()) {
            ids.masks.insert(format!("{}/{name}", table.unwrap_or_default()), id);
        }
    }
    ids
}
