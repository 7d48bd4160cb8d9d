//! The log of requests: in memory for tests, and as JSON lines in a file. Secrets are masked.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::rehearsal::error::Error;
use crate::rehearsal::json::{Node, object};

/// The most requests that are kept in memory: a restore of a million records in batches of ten.
const KEPT_MAX: usize = 200_000;
/// Parameters that are secrets.
const SECRETS: [&str; 9] = [
    "token",
    "access_token",
    "password",
    "set_password",
    "x-fylr-signature",
    "client_secret",
    "refresh_token",
    "login_password",
    "x-amz-signature",
];

/// One request with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub method: String,
    pub path: String,
    /// Secrets are `***`.
    pub query: String,
    pub request_bytes: u64,
    pub answer_bytes: u64,
    /// 0: the connection was cut before there was one.
    pub status: u16,
    /// The faults that were injected.
    pub faults: Vec<String>,
}

pub(in crate::rehearsal) struct Journal {
    kept: Mutex<Vec<Logged>>,
    file: Option<Mutex<File>>,
}

impl Journal {
    /// A log that appends to a file, too.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: Option<&Path>) -> Result<Self, Error> {
        let failed = |path: &Path, source| Error::RequestLog { path: path.to_owned(), source };
        let open = |path: &Path| File::options().create(true).append(true).open(path).map_err(|e| failed(path, e));
        let file = path.map(open).transpose()?.map(Mutex::new);
        Ok(Self { kept: Mutex::default(), file })
    }

    pub fn add(&self, logged: Logged) {
        if let Some(file) = &self.file {
            let line = line(&logged);
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A log that cannot be written must not fail the request.
            if let Err(error) = file.write_all(line.as_bytes()) {
                tracing::warn!("cannot write the request log: {error}");
            }
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(logged);
        }
    }

    pub fn all(&self) -> Vec<Logged> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn line(logged: &Logged) -> String {
    let faults = logged.faults.iter().map(|fault| fault.as_str().into()).collect();
    let line = object([
        ("method", logged.method.as_str().into()),
        ("path", logged.path.as_str().into()),
        ("query", logged.query.as_str().into()),
        ("request_bytes", logged.request_bytes.into()),
        ("answer_bytes", logged.answer_bytes.into()),
        ("status", u64::from(logged.status).into()),
        ("faults", Node::List(faults)),
    ]);
    format!("{line}\n")
}

/// A query with its secrets masked, those in URLs that are values, too.
pub(in crate::rehearsal) fn masked(query: &[(String, String)]) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        if SECRETS.contains(&name.to_ascii_lowercase().as_str()) {
            out.append_pair(name, "***");
            continue;
        }
        match url::Url::parse(value).ok().filter(url::Url::has_host) {
            Some(mut url) => {
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                let inner = masked(&pairs);
                url.set_query(Some(&inner).filter(|inner| !inner.is_empty()).map(String::as_str));
                // Names in front of a host are login data; a URL with a host takes their removal.
                let _ = url.set_username("");
                let _ = url.set_password(None);
                out.append_pair(name, url.as_str());
            }
            None => {
                out.append_pair(name, value);
            }
        }
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = [
            pair("token", "abc"),
            pair("limit", "5"),
            pair("url", "https://user:pw@host/eas/1?x-fylr-signature=v1-abc&w=1"),
        ];
        let text = masked(&query);
        assert!(!text.contains("abc") && !text.contains("pw") && text.contains("limit=5"), "{text}");
    }
}
