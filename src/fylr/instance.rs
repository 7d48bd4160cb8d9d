//! Which of the two systems a server is, and which version: the first thing that is asked, without a login.

use std::fmt;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::fylr::error::{Error, Last};
use crate::fylr::problem;
use crate::fylr::sender::Sender;
use crate::fylr::transport::Failure;
use crate::fylr::version::Version;

/// The two systems.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InstanceKind {
    #[default]
    Fylr,
    Easydb5,
}

impl InstanceKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fylr => "fylr",
            Self::Easydb5 => "easydb5",
        }
    }
}

impl fmt::Display for InstanceKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// What a server says of itself (`GET /settings`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub kind: InstanceKind,
    /// What people call it.
    pub name: Option<String>,
    /// What stands behind the `@` of its global object ids.
    pub id: String,
    /// As the server words it.
    pub version_text: Option<String>,
    pub version: Option<Version>,
    pub external_url: Option<String>,
    /// Where easydb5 keeps its files.
    pub external_eas_url: Option<String>,
    /// Whether nothing can change while it is read.
    pub is_read_only: bool,
}

impl Instance {
    /// Whether it is a fylr of this version or a later one; unknown versions are taken for new.
    #[must_use]
    pub fn is_fylr(&self, from: Version) -> bool {
        self.kind == InstanceKind::Fylr && self.version.is_none_or(|version| version >= from)
    }

    /// Whether it is an easydb5 before this version.
    #[must_use]
    pub fn is_easydb5_before(&self, version: Version) -> bool {
        self.kind == InstanceKind::Easydb5 && self.version.is_some_and(|found| found < version)
    }
}

/// Asks the server what it is.
pub(super) async fn detect(sender: &Sender) -> Result<Instance, Error> {
    let url = sender.server().endpoint("settings")?;
    let server = sender.server().to_string();
    let no_instance = |why: String| Error::NotAnInstance { url: server.clone(), why };
    match sender.first_look(url).await {
        Ok((headers, body)) => read(&headers, &body).map_err(no_instance),
        Err(Failure::Problem(problem)) => Err(no_instance(problem.to_string())),
        Err(Failure::Passing { last: Last::Network(source), .. }) => Err(Error::Unreachable { server, source }),
        Err(Failure::Passing { last, .. }) => Err(no_instance(last.to_string())),
        Err(Failure::Slow(timeout)) => {
            let source = crate::fylr::error::Network(format!("no answer within {} s", timeout.as_secs()));
            Err(Error::Unreachable { server, source })
        }
        Err(Failure::Final(error)) => Err(error),
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Instance, String> {
    let Ok(Value::Object(settings)) = serde_json::from_slice::<Value>(body) else {
        let is_html = problem::looks_like_html(body);
        return Err(if is_html { "its answer is an HTML page" } else { "its answer is no JSON object" }.to_owned());
    };
    let text = |key: &str| settings.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let version_text = text("easydb_version").or_else(|| text("version"));
    let version: Option<Version> = version_text.as_deref().and_then(|text| text.parse().ok());
    let has = |keys: &[&str]| keys.iter().any(|key| settings.contains_key(*key));
    let is_easydb5 = has(&["easydb_version", "api"]) || version.is_some_and(|version| version.major == 5);
    let is_fylr = has(&["build_commit", "version_full", "capabilities"])
        || headers.contains_key("x-fylr-status")
        || version.is_some_and(|version| version.major >= 6);
    let kind = match (is_easydb5, is_fylr) {
        (true, _) => InstanceKind::Easydb5,
        (false, true) => InstanceKind::Fylr,
        (false, false) => return Err("its settings are those of something else".to_owned()),
    };
    let name = match kind {
        InstanceKind::Easydb5 => text("name"),
        InstanceKind::Fylr => text("instance").or_else(|| text("config_name")),
    };
    Ok(Instance {
        kind,
        name,
        id: text("name").unwrap_or_default(),
        version_text,
        version,
        external_url: text("external_url"),
        external_eas_url: text("external_eas_url"),
        is_read_only: headers.get("x-fylr-read-only-mode").is_some_and(|value| value == "true"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(settings: &str) -> Result<Instance, String> {
        read(&HeaderMap::new(), settings.as_bytes())
    }

    #[test]
    fn both_systems_are_told_apart() {
        let easydb = read_text(
            r#"{"name":"demo","api":"1","server_version":5,"easydb_version":"5.139.1","version":"v5.139.1"}"#,
        );
        let easydb = easydb.unwrap();
        assert_eq!((easydb.kind, easydb.version), (InstanceKind::Easydb5, Some(Version::new(5, 139, 1))));
        assert_eq!(easydb.name.as_deref(), Some("demo"));
        assert!(easydb.is_easydb5_before(Version::new(5, 153, 0)));
        let fylr =
            read_text(r#"{"name":"fa2c","instance":"apitest","version":"v6.34.2","build_commit":"b8"}"#).unwrap();
        assert_eq!((fylr.kind, fylr.id.as_str()), (InstanceKind::Fylr, "fa2c"));
        assert!(fylr.is_fylr(Version::new(6, 34, 0)) && !fylr.is_fylr(Version::new(6, 35, 0)));
        let old = read_text(r#"{"name":"demo","version":"v5.86.1"}"#).unwrap();
        assert_eq!(old.kind, InstanceKind::Easydb5);
    }

    #[test]
    fn what_is_neither_is_told() {
        assert_eq!(read_text("<!doctype html>"), Err("its answer is an HTML page".to_owned()));
        assert_eq!(read_text("[]"), Err("its answer is no JSON object".to_owned()));
        assert_eq!(read_text(r#"{"name":"x"}"#), Err("its settings are those of something else".to_owned()));
    }
}
