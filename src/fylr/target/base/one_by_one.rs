//! Items without a reference: mappings, plugins, right presets. What is there already with the same content is not made
//! a second time, whoever has made it.

use reqwest::Method;
use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::Rewritten;
use crate::fylr::target::site::{Place, Site, Written, post, why};

/// Members that a server adds or numbers by itself.
const OF_SERVER: [&str; 9] =
    ["_id", "id", "_version", "idTable", "_created_at", "_updated_at", "_owner", "_position", "_basetype"];

/// Makes a metadata mapping.
pub(crate) async fn mapping(site: &Site, place: &Place<'_>, item: Rewritten<'_>) -> Result<(), Error> {
    let source_id = item.source_id;
    let text = Json::Object(item.json).to_bytes(None);
    let wanted = essence(&text);
    loop {
        let found = mappings(site).await?.into_iter().find(|(_, essence)| *essence == wanted);
        if let Some((id, _)) = found {
            return there(site, place, Base::Mapping, source_id, id);
        }
        let request = Request::write(Method::PUT, "xmlmapping/mapping", text.clone(), Shape::Object);
        match site.write(&request).await? {
            Written::Answer(answer) => {
                let id = serde_json::from_slice::<Value>(&answer).ok().and_then(|mapping| mapping["id"].as_u64());
                return made(site, place, Base::Mapping, source_id, id);
            }
            Written::Unsure => {}
            Written::Refused(error) => return site.aside(place, name("mapping", source_id, place), why(&error)),
        }
    }
}

async fn mappings(site: &Site) -> Result<Vec<(u64, Value)>, Error> {
    let mut found = Vec::new();
    for text in site.list("xmlmapping/list", &[], false).await? {
        let profile: Value = serde_json::from_str(&text).unwrap_or_default();
        for mapping in profile["mappings"].as_array().into_iter().flatten() {
            let Some(id) = mapping["id"].as_u64() else { continue };
            let answer = site.client.ask(&Request::get(format!("xmlmapping/mapping/{id}"), Shape::Object)).await?;
            found.push((id, essence(&answer)));
        }
    }
    Ok(found)
}

/// Makes a right preset of records or of collections.
pub(crate) async fn preset(site: &Site, place: &Place<'_>, base: Base, item: Rewritten<'_>) -> Result<(), Error> {
    let path = if base == Base::ObjectPreset { "right/object/presets" } else { "right/collection/presets" };
    let (source_id, mut json) = (item.source_id, item.json);
    if let Some(preset) = json.get_mut("right_preset").and_then(Json::members_mut) {
        preset.set("_version", Json::number(1));
    }
    let text = Json::Object(json).to_bytes(None);
    let wanted = essence(&text)["right_preset"].clone();
    loop {
        for found in site.list(path, &[], false).await? {
            let found: Value = serde_json::from_str(&found).unwrap_or_default();
            if let Some(id) = found["right_preset"]["_id"].as_u64()
                && without(found)["right_preset"] == wanted
            {
                return there(site, place, base, source_id, id);
            }
        }
        let request = post(path, std::slice::from_ref(&text)).with("allow_invalid_acl", true);
        match site.write(&request.with("background_invalid_acl", true)).await? {
            Written::Answer(answer) => {
                let saved: Value = serde_json::from_slice(&answer).unwrap_or_default();
                return made(site, place, base, source_id, saved[0]["right_preset"]["_id"].as_u64());
            }
            Written::Unsure => {}
            Written::Refused(error) => return site.aside(place, name("right preset", source_id, place), why(&error)),
        }
    }
}

/// Installs a plugin. One of the same name stays as it is, but is switched on if it should be.
pub(crate) async fn plugin(site: &Site, place: &Place<'_>, item: Rewritten<'_>) -> Result<(), Error> {
    let name = item.reference.clone().unwrap_or_default();
    let what = format!("plugin {name}");
    let mut json = item.json;
    let kind = json.get("type").and_then(|kind| Some(kind.as_str()?.into_owned())).unwrap_or_default();
    let is_enabled = json.get("enabled").is_some_and(Json::is_true);
    loop {
        if let Some((id, was_enabled)) = installed(site, &name).await? {
            if is_enabled && !was_enabled {
                let request =
                    Request::write(Method::POST, format!("plugin/manage/{id}"), r#"{"enabled":true}"#, Shape::Any);
                if let Written::Refused(error) = site.write(&request).await? {
                    return site.aside(place, what, why(&error));
                }
            }
            return there(site, place, Base::Plugin, item.source_id, id);
        }
        match kind.as_str() {
            "url" => json.remove(&["zip_file"]),
            "zip" => {
                let file = json.get("zip_file").and_then(|file| file.get("_id")?.as_id());
                let known = file.and_then(|id| site.context.base_files.read().ok()?.get(&id).copied());
                let Some(known) = known else {
                    let why = "its zip is not in the backup; upload it on the target".to_owned();
                    return site.aside(place, what, why);
                };
                let zip = crate::fylr::json::Members::of([("_id", Json::number(known))]);
                json.set("zip_file", zip.into());
            }
            _ => {
                let why = "it stands on the disk of its server; install it there".to_owned();
                return site.aside(place, what, why);
            }
        }
        let whole = Json::Object(std::mem::take(&mut json));
        let request = Request::write(Method::PUT, "plugin/manage", whole.to_bytes(None), Shape::Object);
        let written = site.write(&request).await?;
        if let Json::Object(members) = whole {
            json = members;
        }
        match written {
            Written::Answer(answer) => {
                let id = serde_json::from_slice::<Value>(&answer).ok().and_then(|plugin| plugin["id"].as_u64());
                return made(site, place, Base::Plugin, item.source_id, id);
            }
            Written::Unsure => {}
            Written::Refused(error) => return site.aside(place, what, why(&error)),
        }
    }
}

/// Id of an installed plugin, and whether it is switched on.
async fn installed(site: &Site, name: &str) -> Result<Option<(u64, bool)>, Error> {
    let plugins = plugins(site).await?;
    let found = plugins.iter().find(|plugin| plugin["name"].as_str() == Some(name));
    Ok(found.and_then(|plugin| Some((plugin["id"].as_u64()?, plugin["enabled"].as_bool().unwrap_or(false)))))
}

pub(super) async fn plugins(site: &Site) -> Result<Vec<Value>, Error> {
    let answer = site.client.ask(&Request::get("plugin/manage", Shape::Object)).await?;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    Ok(answer["plugins"].as_array().cloned().unwrap_or_default())
}

/// What an item says, without what a server adds.
fn essence(text: &[u8]) -> Value {
    without(serde_json::from_slice(text).unwrap_or_default())
}

fn without(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept =
                members.into_iter().filter(|(key, value)| !OF_SERVER.contains(&key.as_str()) && !is_empty(value));
            let mut kept: Vec<(String, Value)> = kept.map(|(key, value)| (key, without(value))).collect();
            kept.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(kept.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without).collect()),
        scalar => scalar,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn name(kind: &str, id: Option<u64>, place: &Place<'_>) -> String {
    id.map_or_else(|| format!("{kind} number {}", place.at + 1), |id| format!("{kind} {id}"))
}

fn there(site: &Site, place: &Place<'_>, base: Base, source: Option<u64>, target: u64) -> Result<(), Error> {
    site.report.count(place.tally, |tally| tally.there += 1);
    finish(site, place, base, source, Some(target))
}

fn made(site: &Site, place: &Place<'_>, base: Base, source: Option<u64>, target: Option<u64>) -> Result<(), Error> {
    site.report.count(place.tally, |tally| tally.done += 1);
    finish(site, place, base, source, target)
}

fn finish(site: &Site, place: &Place<'_>, base: Base, source: Option<u64>, target: Option<u64>) -> Result<(), Error> {
    if let (Some(source), Some(target)) = (source, target) {
        site.learn(base, source, target)?;
    }
    if site.went_on() { site.redeem(place) } else { Ok(()) }
}
