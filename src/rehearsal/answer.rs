//! An answer before it is sent.

use std::path::PathBuf;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::rehearsal::json::Node;

/// What is sent.
#[derive(Debug, Clone)]
pub enum Body {
    Empty,
    Text {
        mime: &'static str,
        text: String,
    },
    /// A file of the instance, streamed.
    File {
        path: PathBuf,
        mime: String,
        bytes: u64,
    },
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Body,
}

impl Answer {
    /// JSON that is written already.
    #[must_use]
    pub fn json_text(status: u16, text: String) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::Text { mime: "application/json; charset=utf-8", text } }
    }

    #[must_use]
    pub fn json(node: &Node<'_>) -> Self {
        Self::json_text(200, node.to_string())
    }

    /// A list of one thing, as most calls for a single thing answer.
    #[must_use]
    pub fn one(node: &Node<'_>) -> Self {
        Self::json_text(200, format!("[{node}]"))
    }

    /// `{"status":"ok"}`
    #[must_use]
    pub fn ok() -> Self {
        Self::json_text(200, r#"{"status":"ok"}"#.to_owned())
    }

    #[must_use]
    pub fn text(status: u16, mime: &'static str, text: String) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::Text { mime, text } }
    }

    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::Empty }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// How many bytes the body has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.body {
            Body::Empty => 0,
            Body::Text { text, .. } => text.len() as u64,
            Body::File { bytes, .. } => *bytes,
        }
    }
}
