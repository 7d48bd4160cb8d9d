//! Posts to the instance, as root, without a network in between.

use std::sync::Arc;

use axum::http::{HeaderMap, Method};
use bytes::Bytes;

use crate::rehearsal::answer::{Answer, Body};
use crate::rehearsal::json::{self, Doc, Node};
use crate::rehearsal::load::error::Stop;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::request::{Request, Upload};
use crate::rehearsal::shared::Shared;
use crate::rehearsal::{system, wire};

pub(super) struct Poster<'s> {
    pub shared: &'s Arc<Shared>,
}

impl Poster<'_> {
    /// Sends a body; what comes back is read.
    pub fn send(&self, method: &Method, path: &str, query: &[(&str, &str)], body: &Node<'_>) -> Result<Doc, Stop> {
        let answer = self.raw(method, path, query, body.to_string().into_bytes(), Vec::new())?;
        read(answer)
    }

    /// Sends files.
    pub fn upload(&self, query: &[(&str, &str)], upload: Upload) -> Result<Doc, Stop> {
        read(self.raw(&Method::POST, "/eas/put", query, Vec::new(), vec![upload])?)
    }

    /// Sends bytes; the answer is 200.
    pub fn raw(
        &self,
        method: &Method,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
        uploads: Vec<Upload>,
    ) -> Result<Answer, Stop> {
        let path = format!("/api/v1{path}");
        let request = Request {
            method: method.clone(),
            segments: path.split('/').skip(1).map(str::to_owned).collect(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            headers: HeaderMap::new(),
            body: Bytes::from(body),
            uploads,
            path,
        };
        let mut fetches = Vec::new();
        let told = || format!("{} {}", request.method, request.path);
        let answer = system::answer_root(self.shared, &request, &mut fetches);
        wire::run_inline(self.shared, fetches);
        match answer {
            Ok(answer) if answer.status == 200 => Ok(answer),
            Ok(answer) => {
                let text = "the instance asks for a confirmation";
                let problem = Problem::new(answer.status, "ConfirmationNeeded", "api", text);
                Err(Stop::Refused { request: told(), problem: Box::new(problem) })
            }
            Err(problem) => Err(Stop::Refused { request: told(), problem: Box::new(problem) }),
        }
    }
}

fn read(answer: Answer) -> Result<Doc, Stop> {
    match answer.body {
        Body::Text { text, .. } => {
            let node = json::parse(text.as_bytes()).map(Node::into_owned);
            node.map_err(|error| Stop::Wrong(format!("the instance answered no JSON: {error}")))
        }
        _ => Ok(Node::Null),
    }
}
