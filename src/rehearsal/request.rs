//! A request, taken apart: method, path, query, what stands in the headers that matter, and the body.

use std::path::PathBuf;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;

use crate::rehearsal::json::{self, Node};
use crate::rehearsal::problem::Problem;

/// A request whose body is there.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    /// The parts of the path, decoded one by one.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The files of a multipart body; they lie in the instance's directory and are its own.
    pub uploads: Vec<Upload>,
}

/// A file that has arrived.
#[derive(Debug, Clone)]
pub struct Upload {
    pub path: PathBuf,
    pub file_name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Request {
    #[must_use]
    pub fn new(method: Method, uri: &Uri, headers: HeaderMap) -> Self {
        let path = uri.path().to_owned();
        let segments = path.split('/').skip(1).map(decoded).collect();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { method, path, segments, query, headers, body: Bytes::new(), uploads: Vec::new() }
    }

    /// A parameter of the query; of one given twice the first.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on. Both systems name `1`, `y`, `yes` and `true`.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        matches!(self.param(name), Some("1" | "y" | "yes" | "true"))
    }

    /// Whether a switch that is on by default is off.
    #[must_use]
    pub fn is_off(&self, name: &str) -> bool {
        matches!(self.param(name), Some("0" | "n" | "no" | "false"))
    }

    /// A number of the query.
    ///
    /// # Errors
    /// When there is something else.
    pub fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.param(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let number = text.parse().map_err(|_| Problem::parameter(name, text))?;
        Ok(Some(number))
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not.
    pub fn json(&self) -> Result<Node<'_>, Problem> {
        json::parse(&self.body).map_err(|error| Problem::generic(format!("The request body is not JSON: {error}.")))
    }

    /// The fields of a form, in the body or, as easydb5 allows it, in the query.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        let body = url::form_urlencoded::parse(&self.body).into_owned();
        body.chain(self.query.iter().cloned()).collect()
    }
}

/// A part of a path with its `%xx` decoded; what is not UTF-8 then becomes U+FFFD.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_part_by_part() {
        let uri: Uri = "/api/v1/db/gr%C3%B6%C3%9Fe/a+b/c%2Fd/x=1&y%20z?limit=3&q=%C3%BC+x".parse().unwrap();
        let request = Request::new(Method::GET, &uri, HeaderMap::new());
        assert_eq!(request.segments, ["api", "v1", "db", "größe", "a+b", "c/d", "x=1&y z"]);
        assert_eq!(request.param("q"), Some("ü x"));
        assert_eq!(request.number("limit").unwrap(), Some(3));
    }
}
