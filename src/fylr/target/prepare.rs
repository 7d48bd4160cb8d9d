//! What comes before the first payload: a purge, the base config, the data model.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::json::Json;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::ids::Base;
use crate::fylr::target::lost::Lost;
use crate::fylr::target::rewrite::{self, named_ids};
use crate::fylr::target::site::{Site, is_of_items, why};
use crate::fylr::{Options, source};
use crate::model::event::{Event, Observer, Warning};

/// A purge of a large instance takes its time, and so does the start after it.
const READY_AFTER_MAX: Duration = Duration::from_hours(1);
/// How often it is looked whether the target is ready.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is on a target before anything is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Whether the base config allows a purge; `None` if it does not tell.
    pub may_purge: Option<bool>,
    pub languages: Vec<String>,
    /// `None` if it does not tell.
    pub plugins: Option<Vec<String>>,
    /// Objecttypes of its data model, and how many records the search knows of each.
    pub objecttypes: Vec<(String, Option<u64>)>,
    pub users: usize,
    pub pools: usize,
    pub collections: usize,
    /// What could not be looked at, and why.
    pub unknown: Vec<String>,
}

/// Looks at a target.
///
/// # Errors
/// When it does not answer at all.
pub async fn look(client: &Client) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    let config = ask(client, Request::get("config", Shape::Object), &mut contents).await?;
    let config = &config["system"]["config"];
    contents.may_purge = config["purge"]["allow_purge"].as_bool();
    let languages = config["languages"]["database"].as_array();
    contents.languages = names(languages.into_iter().flatten().map(|language| &language["value"]));
    let plugins = ask(client, Request::get("plugin/manage", Shape::Object), &mut contents).await?;
    let plugins = plugins["plugins"].as_array();
    contents.plugins = plugins.map(|plugins| names(plugins.iter().map(|plugin| &plugin["name"])));
    let schema = ask(client, Request::get("schema/user/CURRENT", Shape::Object), &mut contents).await?;
    let tables = schema["tables"].as_array().into_iter().flatten();
    let owners = tables.filter(|table| table["owned_by"].is_null());
    for name in names(owners.map(|table| &table["name"])) {
        let body = serde_json::json!({ "objecttypes": [&name], "limit": 0 }).to_string();
        let found = client.ask(&Request::post("search", body, Shape::Object)).await.ok();
        let found: Option<Value> = found.and_then(|answer| serde_json::from_slice(&answer).ok());
        contents.objecttypes.push((name, found.and_then(|found| found["count"].as_u64())));
    }
    let count = |value: Value| value.as_array().map_or(0, Vec::len);
    let list = |path: &'static str| Request::get(path, Shape::Array).with("limit", 1000);
    contents.users = count(ask(client, list("user"), &mut contents).await?);
    contents.pools = count(ask(client, list("pool"), &mut contents).await?);
    contents.collections = count(ask(client, list("collection/list"), &mut contents).await?);
    Ok(contents)
}

async fn ask(client: &Client, request: Request, contents: &mut Contents) -> Result<Value, Error> {
    match client.ask(&request).await {
        Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap_or_default()),
        Err(error) if is_of_items(&error) || matches!(error, Error::Rights { .. }) => {
            contents.unknown.push(format!("{}: {}", request.name(), why(&error)));
            Ok(Value::Null)
        }
        Err(error) => Err(error),
    }
}

/// Plugins without which a target does not know the types of a data model's columns, `custom:base.<plugin>.<type>`.
#[must_use]
pub fn needed_plugins(datamodel: &[u8]) -> BTreeSet<String> {
    let model: Value = serde_json::from_slice(datamodel).unwrap_or_default();
    let tables = model["schema"]["tables"].as_array().into_iter().flatten();
    let columns = tables.flat_map(|table| table["columns"].as_array().into_iter().flatten());
    let custom = columns.filter_map(|column| column["type"].as_str()?.strip_prefix("custom:base."));
    custom.filter_map(|name| Some(name.split_once('.')?.0.to_owned())).collect()
}

fn names<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<String> {
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// Deletes everything on a target. The password stays that of the login; all tokens end with what was there, so that the
/// client which comes back is a new one.
///
/// # Errors
/// When the target refuses, or is not ready within an hour.
pub async fn purge(
    client: &Client,
    password: &SecretString,
    connection: impl Fn() -> Options,
    observer: std::sync::Arc<dyn Observer + Send + Sync>,
) -> Result<Client, Error> {
    let before = client.instance().id.clone();
    let request = Request::write(Method::POST, "system/purgeall", Vec::new(), Shape::Any);
    let request = request.with("set_password", password.expose_secret());
    let mut attempts = client.attempts("POST system/purgeall".to_owned());
    // Nobody knows what becomes of a connection to a server that forgets everything: its new id tells.
    match client.send(&request, &mut attempts).await {
        Ok(_) => {}
        Err(error @ (Error::Login { .. } | Error::Refused { .. } | Error::Rights { .. })) => {
            if matches!(error, Error::Login { .. }) {
                tracing::debug!("the token ended with the purge");
            } else {
                return Err(error);
            }
        }
        Err(error) => return Err(error),
    }
    let began = Instant::now();
    loop {
        match Client::connect(connection(), std::sync::Arc::clone(&observer)).await {
            Ok(client) if client.instance().id != before => return Ok(client),
            // It has not begun, or has ended with the old id: then nothing was purged.
            Ok(_)
            | Err(
                Error::Unreachable { .. } | Error::NotAnInstance { .. } | Error::GaveUp { .. } | Error::Login { .. },
            ) if began.elapsed() < READY_AFTER_MAX => {
                observer.observe(Event::Waiting);
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok(_) => return Err(Error::NotReady(READY_AFTER_MAX)),
            Err(error) => return Err(error),
        }
    }
}

/// Writes the base config.
pub(super) async fn base_config(site: &Site, text: &[u8]) -> Result<(), Error> {
    let json = source::parsed(text, "the base config")?;
    files_of(site, &json).await?;
    let plugins = site.client.ask(&Request::get("plugin/manage", Shape::Object)).await?;
    let plugins: Value = serde_json::from_slice(&plugins).unwrap_or_default();
    let plugins = names(plugins["plugins"].as_array().into_iter().flatten().map(|plugin| &plugin["name"]));
    let Some(mut config) = rewrite::base_config(json, &plugins, &site.context) else { return Ok(()) };
    let send = async |config: Json<'_>| {
        let request = Request::write(Method::POST, "config", config.to_bytes(None), Shape::Any);
        site.client.ask(&request.with("save", "ignore_errors").with("confirm", "yes").with("reindex", "skip")).await
    };
    let sections: Vec<String> = sections(&config);
    let whole = Json::Object(std::mem::take(&mut config));
    let copy = whole.to_bytes(None);
    match send(whole).await {
        Ok(_) => return Ok(()),
        Err(error) if is_of_items(&error) => tracing::info!("the base config goes section by section: {}", why(&error)),
        Err(error) => return Err(error),
    }
    // One section that is refused must not keep the others away.
    let text = String::from_utf8_lossy(&copy).into_owned();
    for section in sections {
        let Ok(mut json) = Json::parse(&text) else { continue };
        only(&mut json, &section);
        if let Err(error) = send(json).await {
            if !is_of_items(&error) {
                return Err(error);
            }
            let what = format!("the section {section} of the base config");
            site.observer.observe(Event::Warning(Warning::NotRestored { what: what.clone(), why: why(&error) }));
            site.report.aside("base config", crate::fylr::target::report::Aside { what, why: why(&error) });
        }
    }
    Ok(())
}

/// `system/login`, `plugin/custom-data-type-gnd`
fn sections(config: &crate::fylr::json::Members<'_>) -> Vec<String> {
    let members = |json: Option<&Json<'_>>| -> Vec<String> {
        json.and_then(Json::members)
            .map(|members| members.iter().map(|(key, _)| key.to_owned()).collect())
            .unwrap_or_default()
    };
    let system = members(config.get("system").and_then(|system| system.get("config")));
    let plugins = members(config.get("plugin"));
    let system = system.into_iter().map(|name| format!("system/{name}"));
    system.chain(plugins.into_iter().map(|name| format!("plugin/{name}"))).collect()
}

/// Leaves one section of a base config.
fn only(config: &mut Json<'_>, section: &str) {
    let Some((part, name)) = section.split_once('/') else { return };
    let Some(members) = config.members_mut() else { return };
    members.retain(|key, _| key == part);
    let Some(inner) = members.get_mut(part).and_then(Json::members_mut) else { return };
    if part == "plugin" {
        inner.retain(|key, _| key == name);
    } else if let Some(config) = inner.get_mut("config").and_then(Json::members_mut) {
        config.retain(|key, _| key == name);
    }
}

/// Gets the files of a base type or of the base config to the target.
pub(super) async fn files_of(site: &Site, json: &Json<'_>) -> Result<(), Error> {
    if site.uploads.are_off() {
        return Ok(());
    }
    let mut found = Vec::new();
    rewrite::orders(json, &site.context, &mut found);
    let mut trouble = Vec::new();
    let mut wanted = Vec::new();
    let mut ids = Vec::new();
    for order in found {
        match order {
            Ok(order) => {
                ids.extend(order.source_id.map(|id| (order.key.clone(), id)));
                wanted.push(order);
            }
            Err((key, why)) => trouble.push(crate::fylr::target::files::FileTrouble { key, why }),
        }
    }
    let saved = site.uploads.all(site, wanted, &mut trouble).await?;
    if let Ok(mut files) = site.context.base_files.write() {
        files.extend(ids.into_iter().filter_map(|(key, source)| Some((source, (*saved.get(&key)?)?))));
    }
    for trouble in trouble {
        site.lose(&Lost::file(&trouble.key), format!("file {} of a base type", trouble.key), trouble.why)?;
    }
    Ok(())
}

/// Learns which files of a base type are on the target already, from an earlier round or run.
pub(super) fn known_files_of(site: &Site, json: &Json<'_>) -> Result<(), Error> {
    let mut found = Vec::new();
    rewrite::orders(json, &site.context, &mut found);
    for order in found.into_iter().flatten() {
        if let (Some(source), Some(id)) = (order.source_id, site.uploads.there(site, &order.key)?)
            && let Ok(mut files) = site.context.base_files.write()
        {
            files.insert(source, id);
        }
    }
    Ok(())
}

/// Writes the data model, with its masks and texts, and commits it.
pub(super) async fn datamodel(site: &Site, text: &[u8]) -> Result<(), Error> {
    let json = source::parsed(text, "the data model")?;
    let missing =
        |part: &str| Error::Unexpected { what: "the data model".to_owned(), why: format!("it has no {part}") };
    let Json::Object(mut members) = json else { return Err(missing("schema")) };
    let mut schema = members.take("schema").ok_or_else(|| missing("schema"))?;
    let mask = members.take("mask").ok_or_else(|| missing("mask"))?;
    let head = site.client.ask(&Request::get("schema/user/HEAD", Shape::Object)).await?;
    let head: Value = serde_json::from_slice(&head).unwrap_or_default();
    if let Some(schema) = schema.members_mut() {
        // The target counts its versions by itself.
        for key in ["version", "based_on_version"] {
            match head[key].as_u64() {
                Some(number) => schema.set(key, Json::number(number)),
                None => schema.remove(&[key]),
            }
        }
        for key in ["max_table_id", "max_column_id"] {
            let own = schema.get(key).and_then(Json::as_id).unwrap_or(0);
            schema.set(key, Json::number(own.max(head[key].as_u64().unwrap_or(0))));
        }
    }
    write(site, "schema/user/HEAD", schema.to_bytes(None)).await?;
    write(site, "mask/HEAD", mask.to_bytes(None)).await?;
    if let Some(keys) = members.take("keys") {
        write(site, "l10n/user/HEAD", keys.to_bytes(None)).await?;
    }
    let commit = Request::write(Method::POST, "schema/commit", Vec::new(), Shape::Any);
    site.client.ask(&commit.with("confirm", "yes").with("reindex", "skip")).await?;
    Ok(())
}

async fn write(site: &Site, path: &str, body: Vec<u8>) -> Result<(), Error> {
    site.client.ask(&Request::write(Method::POST, path, body, Shape::Any)).await?;
    Ok(())
}

/// The data model that a target has.
pub(super) async fn schema(client: &Client) -> Result<Value, Error> {
    let request = Request::get("schema/user/CURRENT", Shape::Object).with("format", "json");
    match client.ask(&request).await {
        Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap_or_default()),
        // It has none yet.
        Err(error) if is_of_items(&error) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// Learns by their names which ids the parts of the data model have on the target.
pub(super) async fn match_models(site: &Site, text: &[u8]) -> Result<(), Error> {
    let own: Value = serde_json::from_slice(text).unwrap_or_default();
    let own = named_ids(&own["schema"], &own["mask"]);
    let mut documents = Vec::new();
    for path in ["schema/user/CURRENT", "mask/CURRENT"] {
        let answer = site.client.ask(&Request::get(path, Shape::Object).with("format", "json")).await?;
        documents.push(serde_json::from_slice::<Value>(&answer).unwrap_or_default());
    }
    let there = named_ids(&documents[0], &documents[1]);
    for (base, own, there) in [
        (Base::Objecttype, own.objecttypes, there.objecttypes),
        (Base::Mask, own.masks, there.masks),
        (Base::Column, own.columns, there.columns),
    ] {
        for (name, source) in own {
            match there.get(&name) {
                Some(target) => site.learn(base, source, *target)?,
                None => site.context.notes.add(format!("the target's data model has no {base} {name}")),
            }
        }
    }
    Ok(())
}

/// Has the target index everything; it does so after it has answered.
pub(super) async fn reindex(site: &Site) -> Result<(), Error> {
    site.client.ask(&Request::write(Method::POST, "system/reindex", Vec::new(), Shape::Any)).await?;
    Ok(())
}
