//! What is wrong with a request: one type, told in the envelope of fylr or in that of easydb5. Codes, packages and
//! status codes are those of the vendor's documentation.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;

/// A refusal. `code` is fylr's; for easydb5 it is translated, unless it begins with `error.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    pub code: &'static str,
    pub package: &'static str,
    pub text: String,
    pub parameters: Vec<(&'static str, Doc)>,
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, code: &'static str, package: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, package, text: text.into(), parameters: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Doc>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// An error that has no code of its own.
    #[must_use]
    pub fn generic(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(400, "ServerGeneric", "ferrors", format!("Server error occurred: {text}")).with("msg", text)
    }

    /// A parameter of the query that cannot be.
    #[must_use]
    pub fn parameter(name: &str, value: &str) -> Self {
        Self::generic(format!("Invalid value \"{value}\" for the query parameter \"{name}\"."))
    }

    #[must_use]
    pub fn user_required() -> Self {
        Self::new(401, "UserRequired", "ferrors", "The API call requires an authenticated user.")
    }

    #[must_use]
    pub fn system_right(right: &str) -> Self {
        let text = format!(
            "You do not have sufficient permissions. One of the following system rights is required: [\"{right}, system.root\"]."
        );
        Self::new(403, "SystemRightRequired", "acl", text).with("rights", right.to_owned())
    }

    #[must_use]
    pub fn unknown_endpoint(method: &str, path: &str) -> Self {
        let text = format!("Unknown endpoint {method} {path}.");
        let problem = Self::new(400, "UnknownEndpointMethod", "api", text);
        problem.with("endpoint", path.to_owned()).with("method", method.to_owned())
    }

    #[must_use]
    pub fn read_only() -> Self {
        Self::new(400, "ReadOnlyMode", "ferrors", "Read-only mode is enabled.")
    }

    #[must_use]
    pub fn lookup_not_found(key: &str, value: &str) -> Self {
        let text = format!("Lookup \"{key}\" with value {value} found nothing.");
        let problem = Self::new(400, "LookupNotFound", "ferrors", text);
        problem.with("key", key.to_owned()).with("value", value.to_owned())
    }

    #[must_use]
    pub fn lookup_found_too_many(count: usize, value: &str) -> Self {
        let text = format!("Lookup with value {value} found {count} records.");
        let problem = Self::new(400, "LookupFoundTooMany", "ferrors", text);
        problem.with("count", count).with("value", value.to_owned())
    }

    /// A version of something other than a record that does not follow.
    #[must_use]
    pub fn version(got: u64, expected: u64) -> Self {
        let text = format!("Version mismatch: got {got}, expected {expected}.");
        Self::new(400, "VersionMismatch", "ferrors", text).with("got", got).with("expected", expected)
    }

    #[must_use]
    pub fn unique(name: &str) -> Self {
        let text = format!("Duplicate value for the unique key \"{name}\".");
        Self::new(400, "DatabaseUniqueKeyViolation", "ferrors", text).with("name", name.to_owned())
    }

    /// A record that does not fit the data model.
    #[must_use]
    pub fn inconsistent(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(400, "SchemaInconsistent", "ferrors", format!("Schema inconsistent: {text}")).with("msg", text)
    }

    #[must_use]
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(404, "ResourceNotFound", "api", format!("Resource {what} {id} not found."))
            .with("resource", format!("{what} {id}"))
    }

    /// The answer that tells of it.
    #[must_use]
    pub fn answer(&self, kind: Kind) -> Answer {
        match kind {
            Kind::Fylr => Answer::json_text(self.status, self.fylr().to_string()),
            Kind::Easydb5 => {
                let (status, body) = self.easydb5();
                Answer::json_text(status, body.to_string())
            }
        }
    }

    /// `realm` and `statuscode` are told twice, as fylr does it.
    fn fylr(&self) -> Node<'_> {
        let status = u64::from(self.status);
        let mut parameters = object([]);
        for (name, value) in &self.parameters {
            parameters.set(*name, value.clone());
        }
        parameters.set("realm", "api");
        parameters.set("statuscode", status);
        object([
            ("code", self.code.into()),
            ("error", self.text.as_str().into()),
            ("package", self.package.into()),
            ("parameters", parameters),
            ("realm", "api".into()),
            ("statuscode", status.into()),
        ])
    }

    fn easydb5(&self) -> (u16, Node<'_>) {
        let (status, code) = match self.code {
            code if code.starts_with("error.") => (self.status, code),
            "UserRequired" => (400, "error.user.not_authenticated"),
            "SystemRightRequired" => (self.status.max(400), "error.user.no_system_right"),
            "InsufficientRights" | "RightRequired" => (400, "error.user.insufficient_rights"),
            "UnknownObjecttype" => (400, "error.user.objecttype_not_found"),
            "DatamodelVersionNotFound" => (404, "error.user.schema_not_found"),
            "ResourceNotFound" | "ObjectNotFound" => (404, "error.user.object_not_found"),
            "UnknownEndpointMethod" => (400, "error.api.invalid_api"),
            "VersionMismatch" => (400, "error.user.version_mismatch"),
            _ => (500, "error.server.generic"),
        };
        let realm = code.split('.').nth(1).unwrap_or("server").to_owned();
        let mut body = object([("realm", realm.into()), ("code", code.into())]);
        if !self.text.is_empty() {
            body.set("description", self.text.as_str());
        }
        if !self.parameters.is_empty() {
            let members = self.parameters.iter().map(|(name, value)| ((*name).into(), value.clone()));
            body.set("parameters", Node::Object(members.collect()));
        }
        (status, body)
    }
}

/// The answer 202: what a person would be asked. The parameter that says yes is the button's.
#[must_use]
pub fn confirmation(title: &str, message: &str, button: (&str, &str)) -> Answer {
    let button = object([
        ("text", "Save".into()),
        ("name", button.0.into()),
        ("value", button.1.into()),
        ("hidden", false.into()),
    ]);
    let task = object([
        ("title", title.into()),
        ("message", message.into()),
        ("form", Node::List(Vec::new())),
        ("buttons", Node::List(vec![button])),
    ]);
    Answer::json_text(202, object([("tasks", Node::List(vec![task]))]).to_string())
}
