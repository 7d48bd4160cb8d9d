//! Asking the source, which is not asked twice for what it has answered before an interruption.

use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::request::Request;
use crate::fylr::source::kept::Kept;
use crate::model::event::Observer;

#[derive(Clone)]
pub(crate) struct Asker {
    pub client: Client,
    pub observer: Arc<dyn Observer + Send + Sync>,
    kept: Arc<Kept>,
}

impl Asker {
    pub fn new(client: Client, observer: Arc<dyn Observer + Send + Sync>, kept: Arc<Kept>) -> Self {
        Self { client, observer, kept }
    }

    /// Asks, and keeps the answer.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn ask(&self, request: &Request) -> Result<Bytes, Error> {
        if let Some(answer) = self.kept(request) {
            return Ok(answer);
        }
        let answer = self.client.ask(request).await?;
        self.keep(request, &answer);
        Ok(answer)
    }

    /// What was answered before.
    pub fn kept(&self, request: &Request) -> Option<Bytes> {
        self.kept.answer(request)
    }

    pub fn keep(&self, request: &Request, answer: &[u8]) {
        self.kept.keep(request, answer);
    }
}
