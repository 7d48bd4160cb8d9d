//! The base config. fylr's is taken as it is; of easydb5's, what fylr has a place for.

use std::borrow::Cow;

use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, Members};
use crate::fylr::masked::without_placeholders;
use crate::fylr::source::turn::{Context, files};

/// What marks a file as a base config.
const MARK: &str = "__EASYDB_BASE_CONFIG__";

/// easydb5's settings that fylr has a place for: under which key of `system` and which member in it, and where they go.
const OF_EASYDB5: [(&str, &[&str], [&str; 2]); 7] = [
    ("logo", &[], ["appearance", "logo"]),
    ("login.internet", &["value"], ["login", "guest"]),
    ("login.welcome_info", &["message"], ["login", "info"]),
    ("login.welcome_text", &["value"], ["login", "label"]),
    ("login.forgotten_password_process", &["show_in_login_dialog"], ["password", "showforgot"]),
    ("login.password_policy", &["hint"], ["password", "hint"]),
    ("languages", &["database"], ["languages", "database"]),
];

/// The base config as a target takes it.
pub(crate) fn base_config<'t>(json: Json<'t>, context: &Context) -> Json<'t> {
    let mut turned = match (context.kind, json) {
        (InstanceKind::Easydb5, json) => translated(&json),
        (InstanceKind::Fylr, Json::Object(members)) => members,
        (InstanceKind::Fylr, _) => Members::default(),
    };
    turned.iter_mut().for_each(|(_, value)| without_placeholders(value));
    turned.remove(&[MARK]);
    turned.put_first(vec![(Cow::Borrowed(MARK), Json::bool(true))]);
    let mut turned = Json::from(turned);
    files::everywhere(&mut turned, context);
    turned
}

fn translated<'t>(json: &Json<'_>) -> Members<'t> {
    let mut sections: Vec<(&'static str, Members<'t>)> = Vec::new();
    let mut put = |[section, key]: [&'static str; 2], value: Json<'t>| {
        let at = sections.iter().position(|(name, _)| *name == section).unwrap_or_else(|| {
            sections.push((section, Members::default()));
            sections.len() - 1
        });
        sections[at].1.set(key, value);
    };
    let system = json.get("system");
    let find = |key: &str, path: &[&str]| {
        let setting = system?.get(key)?;
        path.iter().try_fold(setting, |value, key| value.get(key)).filter(|value| !value.is_null())
    };
    for (key, path, target) in OF_EASYDB5 {
        if let Some(value) = find(key, path) {
            put(target, value.detached());
        }
    }
    if let Some(languages) = find("languages.database", &[]) {
        put(["languages", "database"], languages.get("value").unwrap_or(languages).detached());
    }
    if let Some(Json::Array(rules)) = find("login.password_policy", &["policy"]) {
        let checks = rules.iter().filter_map(|rule| rule.get("expression"));
        let checks = checks.map(|expression| Json::from(Members::of([("regexp", expression.detached())])));
        put(["password", "check"], Json::Array(checks.collect()));
    }
    let mut config = Members::default();
    for (name, members) in sections {
        config.set(name, members.into());
    }
    Members::of([("system", Members::of([("config", config.into())]).into())])
}
