//! The base config. There are the sections that the vendor's documentation lists, and those of plugins that are
//! installed; an unknown section is refused, an unknown name inside a section is kept. Sections are replaced whole.
//! Secrets come back as `***`, and a secret that is sent as `***` stays what it was. easydb5 has dotted names instead,
//! of which those that fylr takes over are played.

use std::borrow::Cow;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::{Problem, confirmation};
use crate::rehearsal::state::{FileId, State};

const SECTIONS: [&str; 41] = [
    "appearance",
    "colorprofiles",
    "custom_data_type_updater",
    "custom_version_presets",
    "deep_link_access",
    "detail_deep_link",
    "email",
    "email_server",
    "export",
    "export_scheduler",
    "file_url_expire",
    "indexer",
    "janitor",
    "languages",
    "ldap",
    "license",
    "loca",
    "location_defaults",
    "logging",
    "login",
    "name",
    "notification_scheduler",
    "oai_pmh",
    "oauth2",
    "objectstore",
    "openapi_spec_endpoint",
    "openid",
    "password",
    "produce_config",
    "publish",
    "purge",
    "readonly",
    "register",
    "saml",
    "transition_webhook",
    "two_factor",
    "user",
    "webdav",
    "client",
    "map",
    "session",
];
/// Names whose values are secrets, wherever they stand.
const SECRETS: [&str; 7] =
    ["bindpassword", "secret", "client_secret", "key", "password", "plain_auth_password", "token"];
const MASK: &str = "***";
/// Sections that only those who manage the config see.
const PUBLIC: [&str; 6] = ["appearance", "languages", "login", "name", "deep_link_access", "detail_deep_link"];
/// Values of `location_defaults` that are there: the names of storage locations.
const LOCATION: &str = "local";

/// `GET /config`
pub(super) fn get(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let may = call.right("system.config").is_ok();
    if call.shared.options.kind == Kind::Easydb5 {
        if !may {
            return Err(Problem::new(403, "error.user.no_system_right", "user", "No System Right"));
        }
        return Ok(Answer::json(&easydb5(&state.config)));
    }
    let mut config = state.config.clone();
    mask(&mut config);
    if !may && let Some(Node::Object(sections)) = config.get_mut("system").and_then(|system| system.get_mut("config")) {
        sections.retain(|(name, _)| PUBLIC.contains(&&**name));
    }
    Ok(Answer::json(&config))
}

/// `GET /config/{path}`
pub(super) fn get_path(call: &Call, path: &[&str]) -> Result<Answer, Problem> {
    call.right("system.config")?;
    let state = call.read();
    let mut config = state.config.clone();
    mask(&mut config);
    let found = path.iter().try_fold(&config, |node, name| node.get(name));
    Ok(Answer::json(found.ok_or_else(|| unknown_path(path))?))
}

fn unknown_path(path: &[&str]) -> Problem {
    let text = format!("There is no {} in the base config.", path.join("/"));
    Problem::new(404, "BaseConfigPathNotFound", "config", text).with("path", path.join("/"))
}

/// `POST /config`
pub(super) fn post(call: &Call) -> Result<Answer, Problem> {
    call.right("system.config")?;
    let body = call.request.json()?.into_owned();
    if let Some(asked) = asked(call) {
        return Ok(asked);
    }
    let mut state = call.write();
    let mut config = state.config.clone();
    for (name, part) in body.members() {
        match &**name {
            "system" => merge_system(call, &state, &mut config, part)?,
            "plugin" => merge_plugins(&state, &mut config, part)?,
            "__EASYDB_BASE_CONFIG__" => {}
            other => return Err(parse_error(&format!("there is no \"{other}\""))),
        }
    }
    state.config = config;
    drop(state);
    get(call)
}

/// `POST /config/{path}` with the value that stands there from now on
pub(super) fn post_path(call: &Call, path: &[&str]) -> Result<Answer, Problem> {
    call.right("system.config")?;
    let value = call.request.json()?.into_owned();
    if let Some(asked) = asked(call) {
        return Ok(asked);
    }
    let (["system", "config", section, ..], true) = (path, path.len() >= 3) else { return Err(unknown_path(path)) };
    if !SECTIONS.contains(section) {
        return Err(unknown_path(path));
    }
    let mut state = call.write();
    let mut node = &mut state.config;
    for name in path {
        if node.get(name).is_none() {
            node.set(Cow::Owned((*name).to_owned()), object([]));
        }
        match node.get_mut(name) {
            Some(next) => node = next,
            None => return Err(unknown_path(path)),
        }
    }
    *node = value;
    drop(state);
    get_path(call, path)
}

/// Without saying so beforehand a person would be asked, since 6.26.
fn asked(call: &Call) -> Option<Answer> {
    let options = &call.shared.options;
    let is_asked = options.confirm && options.release.has(6, 26, 0) && call.request.param("confirm").is_none();
    let message = "Changes of the base config need all records to be indexed.";
    is_asked.then(|| confirmation("Save base config", message, ("confirm", "yes")))
}

fn parse_error(what: &str) -> Problem {
    let text = format!("The base config cannot be read: {what}.");
    Problem::new(400, "BaseConfigParse", "config", text).with("msg", what.to_owned())
}

fn merge_system(call: &Call, state: &State, config: &mut Doc, part: &Doc) -> Result<(), Problem> {
    for (name, _) in part.members() {
        if name != "config" {
            return Err(parse_error(&format!("there is no \"system.{name}\"")));
        }
    }
    for (section, value) in part.at("config").members() {
        if !SECTIONS.contains(&&**section) {
            return Err(parse_error(&format!("there is no section \"{section}\"")));
        }
        if !value.is_object() {
            return Err(parse_error(&format!("the section \"{section}\" is {}", value.kind())));
        }
        check_section(call, state, section, value)?;
        let mut value = value.clone();
        let sections = config.get_mut("system").and_then(|system| system.get_mut("config"));
        let Some(sections) = sections else { continue };
        unmask(&mut value, sections.at(section));
        sections.set(section.clone(), value);
    }
    Ok(())
}

/// What can be checked: files are there, locations are known, languages and collectors have their form.
fn check_section(call: &Call, state: &State, section: &str, value: &Doc) -> Result<(), Problem> {
    let saves_anyway = call.request.param("save") == Some("ignore_errors");
    if section == "location_defaults"
        && let Some((_, name)) =
            value.members().iter().find(|(_, name)| name.text().is_none_or(|name| name != LOCATION))
    {
        return Err(parse_error(&format!("there is no storage location {name}")));
    }
    if section == "languages"
        && value.at("database").list().iter().any(|language| language.at("value").text().is_none())
    {
        return Err(parse_error("a language has no value"));
    }
    if section == "ldap" && !saves_anyway && !value.at("connections").list().is_empty() {
        let text = "The LDAP server cannot be reached.";
        return Err(Problem::new(400, "BaseConfigLDAPDial", "config", text));
    }
    if section == "license" && value.at("license").is_object() {
        let text = "The license is invalid.";
        return Err(Problem::new(400, "BaseConfigInvalidLicense", "config", text));
    }
    if section == "appearance" {
        for (name, value) in value.members().iter().filter(|(_, value)| value.is_object()) {
            let is_file = matches!(&**name, "logo" | "favicon" | "login_background");
            let id = value.at("_id").number().map(FileId);
            if is_file && id.and_then(|id| state.files.get(id)).is_none() {
                return Err(parse_error(&format!("the file of \"{name}\" is not there")));
            }
        }
    }
    Ok(())
}

fn merge_plugins(state: &State, config: &mut Doc, part: &Doc) -> Result<(), Problem> {
    for (name, value) in part.members() {
        if !state.plugins.iter().any(|(_, item)| item.doc.at("name").text() == Some(name)) {
            return Err(parse_error(&format!("there is no plugin \"{name}\"")));
        }
        if let Some(plugins) = config.get_mut("plugin") {
            let mut value = value.clone();
            unmask(&mut value, plugins.at(name));
            plugins.set(name.clone(), value);
        }
    }
    Ok(())
}

/// Secrets are never told.
fn mask(node: &mut Doc) {
    match node {
        Node::Object(members) => {
            for (name, value) in members {
                let is_secret = SECRETS.contains(&&**name) && value.text().is_some_and(|text| !text.is_empty());
                if is_secret {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Node::List(elements) => elements.iter_mut().for_each(mask),
        _ => {}
    }
}

/// A placeholder keeps the secret that was there; what it does in a real server is not documented.
fn unmask(node: &mut Doc, before: &Doc) {
    match node {
        Node::Object(members) => {
            for (name, value) in members {
                let is_placeholder = matches!(value.text(), Some("***" | "*****")) && SECRETS.contains(&&**name);
                if is_placeholder {
                    *value = before.at(name).clone();
                } else {
                    unmask(value, before.at(name));
                }
            }
        }
        Node::List(elements) => {
            for (at, element) in elements.iter_mut().enumerate() {
                unmask(element, before.list().get(at).unwrap_or(&Node::Null));
            }
        }
        _ => {}
    }
}

/// The settings that easydb5 has under other names.
fn easydb5(config: &Doc) -> Doc {
    let section = |path: &[&str]| config.path(&["system", "config"]).path(path).clone();
    let mut system = object([]);
    let logo = section(&["appearance", "logo"]);
    if !logo.is_null() {
        system.set("logo", logo);
    }
    system.set("login.internet", object([("value", section(&["login", "guest"]))]));
    system.set("login.welcome_info", object([("message", section(&["login", "info"]))]));
    system.set("login.welcome_text", object([("value", section(&["login", "label"]))]));
    let forgotten = object([("show_in_login_dialog", section(&["password", "showforgot"]))]);
    system.set("login.forgotten_password_process", forgotten);
    let checks = section(&["password", "check"]);
    let policy = checks.list().iter().map(|check| object([("expression", check.at("regexp").clone())])).collect();
    let policy = object([("policy", Node::List(policy)), ("hint", section(&["password", "hint"]))]);
    system.set("login.password_policy", policy);
    system.set("languages", object([("database", section(&["languages", "database"]))]));
    object([("system", system)])
}
