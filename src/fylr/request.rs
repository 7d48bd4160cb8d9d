//! One request to an API: what is asked, and what shape of answer will do.

use bytes::Bytes;
use reqwest::Method;

/// The largest answer that is held in memory when nothing smaller was asked for: data models of real instances take a
/// few MB.
pub const BYTES_MAX: u64 = 64 << 20;

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Array,
    Object,
    /// Any JSON.
    Any,
}

/// A request below `/api/v1`.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) shape: Shape,
    pub(crate) bytes_max: u64,
    /// A smaller request can take its place, so it is not repeated where that would help more.
    pub(crate) is_divisible: bool,
    /// A question of the server is taken as a refusal, and not asked for again.
    pub(crate) refuses_questions: bool,
    /// Who asks finds out whether the answer is whole JSON.
    pub(crate) is_taken_apart: bool,
}

impl Request {
    /// Asks for JSON of this shape.
    #[must_use]
    pub fn get(path: impl Into<String>, shape: Shape) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            shape,
            bytes_max: BYTES_MAX,
            is_divisible: false,
            refuses_questions: false,
            is_taken_apart: false,
        }
    }

    /// Asks with a JSON document. For requests that change nothing: they are repeated as others are.
    #[must_use]
    pub fn post(path: impl Into<String>, body: impl Into<Bytes>, shape: Shape) -> Self {
        Self { method: Method::POST, body: Some(body.into()), ..Self::get(path, shape) }
    }

    /// Writes with a JSON document.
    #[must_use]
    pub(crate) fn write(method: Method, path: impl Into<String>, body: impl Into<Bytes>, shape: Shape) -> Self {
        Self { method, body: Some(body.into()), ..Self::get(path, shape) }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Gives up at once, with an error, on answers that are longer than this.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.bytes_max = bytes;
        self
    }

    #[must_use]
    pub fn divisible(mut self, is_divisible: bool) -> Self {
        self.is_divisible = is_divisible;
        self
    }

    /// For writes that a server may ask back about, and that are not wanted then.
    #[must_use]
    pub(crate) fn without_questions(mut self) -> Self {
        self.refuses_questions = true;
        self
    }

    /// Who asks takes every byte of the answer apart, and asks again when that fails: here only its ends are looked at.
    #[must_use]
    pub(crate) fn taken_apart(mut self) -> Self {
        self.is_taken_apart = true;
        self
    }

    /// For errors: `GET db/objekt/_all_fields/list?offset=100`.
    pub(crate) fn name(&self) -> String {
        let at = self.query.iter().find(|(name, _)| *name == "offset");
        let offset = at.map_or_else(String::new, |(_, offset)| format!("?offset={offset}"));
        format!("{} {}{offset}", self.method, self.path)
    }
}
