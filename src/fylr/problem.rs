//! What a server says is wrong: its error document, made one type in one place. fylr, easydb5 and OAuth2 have one each.

use std::fmt;

use serde_json::Value;
use url::Url;

/// Bytes of an error document that are looked at; real ones have a few hundred.
pub const BODY_MAX: usize = 64 << 10;
/// Characters of a server's own words that are kept.
const WORDS_MAX: usize = 500;

/// An answer that is not the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub method: String,
    /// Path without query.
    pub path: String,
    pub status: u16,
    /// The server's code: `UserRequired`, `error.user.not_authenticated`, `invalid_grant`.
    pub code: Option<String>,
    /// The server's own words.
    pub message: String,
    pub request_id: Option<String>,
}

impl Problem {
    /// Reads an error document (fylr: `code`, `error`; easydb5: `code`, `description`; OAuth2: `error`,
    /// `error_description`); what is none gives a problem by its status alone.
    #[must_use]
    pub fn read(method: &str, url: &Url, status: u16, body: &[u8]) -> Self {
        let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let text = |key: &str| json.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let oauth_code = text("error").filter(|_| json.get("error_description").is_some());
        let code = text("code").or(oauth_code);
        let words = text("error_description")
            .or_else(|| text("description"))
            .or_else(|| text("error"))
            .or_else(|| json.pointer("/parameters/msg").and_then(Value::as_str));
        let message = words.map_or_else(|| unreadable(body), |words| words.chars().take(WORDS_MAX).collect());
        let id = text("uuid").map(str::to_owned);
        Self {
            method: method.to_owned(),
            path: url.path().to_owned(),
            status,
            code: code.map(str::to_owned),
            message,
            request_id: id,
        }
    }

    #[must_use]
    pub fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// Whether the request was sent without a token that is valid.
    #[must_use]
    pub fn wants_login(&self) -> bool {
        self.has_code(&[
            "UserRequired",
            "InvalidToken",
            "error.user.not_authenticated",
            "error.user.session_not_found",
            "error.user.session_invalid",
        ]) || self.status == 401
    }

    /// Whether the login may not do what was asked for.
    #[must_use]
    pub fn lacks_rights(&self) -> bool {
        self.has_code(&[
            "SystemRightRequired",
            "RightRequired",
            "InsufficientRights",
            "ObjectInsufficientRights",
            "error.user.no_system_right",
            "error.user.insufficient_rights",
        ]) || self.status == 403
    }
}

/// What can be said of a body that is no error document.
fn unreadable(body: &[u8]) -> String {
    if looks_like_html(body) { "the answer is an HTML page".to_owned() } else { String::new() }
}

/// Whether a whole answer is an error document of fylr, whatever its status was.
#[must_use]
pub(crate) fn is_document(body: &[u8]) -> bool {
    if body.len() > BODY_MAX || body.trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
    ["code", "error"].iter().all(|key| json.get(key).is_some_and(Value::is_string))
}

/// Whether these bytes begin an HTML page.
#[must_use]
pub fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} was answered with {}", self.method, self.path, self.status)?;
        if let Some(code) = &self.code {
            write!(out, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(out, " ({})", self.message)?;
        }
        match &self.request_id {
            Some(id) => write!(out, ", request {id}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Problem {
        Problem::read("GET", &Url::parse("https://h/api/v1/x?access_token=s").unwrap(), status, body.as_bytes())
    }

    #[test]
    fn the_error_documents_of_all_kinds_are_understood() {
        let fylr = read(
            400,
            r#"{"code":"UnknownObjecttype","error":"Unknown object type x.","realm":"api","statuscode":400}"#,
        );
        assert_eq!(fylr.to_string(), "GET /api/v1/x was answered with 400 UnknownObjecttype (Unknown object type x.)");
        let easydb = read(500, r#"{"realm":"server","code":"error.server.generic","description":"no","uuid":"a08"}"#);
        assert_eq!(easydb.to_string(), "GET /api/v1/x was answered with 500 error.server.generic (no), request a08");
        let oauth = read(400, r#"{"error":"invalid_grant","error_description":"wrong"}"#);
        assert_eq!((oauth.code.as_deref(), oauth.message.as_str()), (Some("invalid_grant"), "wrong"));
        assert_eq!(read(502, "<html>").to_string(), "GET /api/v1/x was answered with 502 (the answer is an HTML page)");
        assert_eq!(read(400, "[1]").to_string(), "GET /api/v1/x was answered with 400");
    }

    #[test]
    fn a_missing_login_is_told_apart_from_missing_rights() {
        assert!(read(401, r#"{"code":"UserRequired","error":"x"}"#).wants_login());
        assert!(read(400, r#"{"code":"InvalidToken","error":"x"}"#).wants_login());
        assert!(read(400, r#"{"code":"error.user.session_invalid"}"#).wants_login());
        assert!(read(403, r#"{"code":"SystemRightRequired","error":"x"}"#).lacks_rights());
        assert!(!read(400, r#"{"code":"UnknownObjecttype","error":"x"}"#).wants_login());
    }
}
