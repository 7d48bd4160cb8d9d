//! Plugins: installed from a URL, which is not fetched here, or from a zip that was uploaded before. The name of a real
//! one stands in its zip; here it is the one that is sent, else the name of the file. Plugins on disk cannot be installed
//! by the API.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{FileId, Item, State};

/// `GET /plugin`: those that are enabled, for everyone
pub(in crate::rehearsal) fn get_plugins(call: &Call) -> Answer {
    let state = call.read();
    let enabled = state.plugins.iter().filter(|(_, item)| item.doc.at("enabled").bool() == Some(true));
    let plugins = enabled.map(|(_, item)| item.doc.at("manifest").clone()).collect();
    match call.shared.options.kind {
        Kind::Fylr => Answer::json(&object([("plugins", Node::List(plugins)), ("bundle", object([]))])),
        Kind::Easydb5 => Answer::json(&Node::List(plugins)),
    }
}

/// `GET /plugin/manage`
pub(in crate::rehearsal) fn get_managed(call: &Call) -> Result<Answer, Problem> {
    if call.caller.user.is_none() {
        return Err(Problem::system_right("system.plugin"));
    }
    call.right("system.plugin")?;
    let state = call.read();
    let plugins = state.plugins.iter().map(|(_, item)| item.doc.clone()).collect();
    Ok(Answer::json(&object([("plugins", Node::List(plugins))])))
}

/// `PUT /plugin/manage`
pub(in crate::rehearsal) fn put_plugin(call: &Call) -> Result<Answer, Problem> {
    call.right("system.plugin")?;
    let body = call.request.json()?;
    if !body.is_object() || !body.at("id").is_null() {
        return Err(Problem::generic("A new plugin is an object without an id."));
    }
    let mut state = call.write();
    let name = name(&state, &body)?;
    if state.plugins.iter().any(|(_, item)| item.doc.at("name").text() == Some(&name)) {
        let text = format!("There is a plugin with the name {name}.");
        return Err(Problem::new(400, "PluginDuplicateName", "api", text).with("name", name));
    }
    let id = state.plugins.next_id();
    let mut doc = plugin(id, &name, body.at("enabled").bool().unwrap_or(false));
    for key in ["type", "update_policy"] {
        doc.set(key, body.at(key).to_doc());
    }
    for key in ["url", "zip_file"] {
        if let Some(value) = body.get(key) {
            doc.set(key, value.to_doc());
        }
    }
    state.plugins.put(id, Item { version: 1, doc: doc.clone() });
    Ok(Answer::json(&doc))
}

/// Puts a plugin on the disk of the server, unless there is one of its name.
pub(in crate::rehearsal) fn put_on_disk(state: &mut State, name: &str) {
    if state.plugins.iter().any(|(_, item)| item.doc.at("name").text() == Some(name)) {
        return;
    }
    let id = state.plugins.next_id();
    let mut doc = plugin(id, name, true);
    doc.set("type", "disk");
    state.plugins.put(id, Item { version: 1, doc });
}

fn plugin(id: u64, name: &str, is_enabled: bool) -> Doc {
    let manifest = object([("name", name.to_owned().into()), ("version", "0".into()), ("displayname", object([]))]);
    object([
        ("id", id.into()),
        ("name", name.to_owned().into()),
        ("enabled", is_enabled.into()),
        ("auto_added", false.into()),
        ("type", Node::Null),
        ("update_policy", Node::Null),
        ("manifest", manifest),
        ("created_at", now().into()),
        ("updated_at", now().into()),
    ])
}

/// The name of a plugin, if it can be installed at all.
fn name(state: &State, body: &Node<'_>) -> Result<String, Problem> {
    let sent = body.at("name").text().map(str::to_owned);
    let of_file = |path: &str| {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        name.trim_end_matches(".zip").to_owned()
    };
    let name = match body.at("type").text() {
        Some("url") => {
            let url = body.at("url").text().unwrap_or_default();
            let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let parsed =
                parsed.ok_or_else(|| Problem::generic(format!("A plugin cannot be fetched from \"{url}\".")))?;
            sent.unwrap_or_else(|| of_file(parsed.path()))
        }
        Some("zip") => {
            let id = body.path(&["zip_file", "_id"]).number().map(FileId);
            let file = id.and_then(|id| state.files.get(id));
            let missing = || Problem::generic(format!("The zip file {} is not there.", body.at("zip_file")));
            let file = file.ok_or_else(missing)?;
            sent.unwrap_or_else(|| of_file(&file.name))
        }
        other => return Err(Problem::generic(format!("Plugins of type {other:?} cannot be installed."))),
    };
    if name.is_empty() { Err(Problem::generic("The plugin has no name.")) } else { Ok(name) }
}

/// `POST /plugin/manage/{id}`
pub(in crate::rehearsal) fn post_plugin(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.right("system.plugin")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let found = id.parse().ok().and_then(|id: u64| Some((id, state.plugins.get(id)?.doc.clone())));
    let (id, mut doc): (u64, Doc) = found.ok_or_else(|| {
        Problem::new(404, "PluginNotFound", "api", format!("Plugin {id} not found.")).with("id", id.to_owned())
    })?;
    for key in ["enabled", "update_policy", "url", "zip_file"] {
        if let Some(value) = body.get(key) {
            doc.set(key, value.to_doc());
        }
    }
    doc.set("updated_at", now());
    state.plugins.put(id, Item { version: 1, doc: doc.clone() });
    Ok(Answer::json(&doc))
}
