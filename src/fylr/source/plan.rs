//! What there is to read: the data model, the objecttypes that are wanted in their order, and how many records they seem
//! to have. Made before anything is written, so that what cannot be done is told at once.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::instance::{Instance, InstanceKind};
use crate::fylr::request::{Request, Shape};
use crate::fylr::server::Server;
use crate::fylr::source::datamodel::Datamodel;
use crate::fylr::source::looker::Looker;
use crate::fylr::source::options::ReadOptions;
use crate::fylr::source::read::SourceParts;
use crate::model::event::Observer;

/// An objecttype to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objecttype {
    pub name: String,
    /// Records that the search knows; `None` if it does not answer.
    pub total: Option<u64>,
}

/// An instance that is ready to be read.
pub struct Source {
    pub(crate) client: Client,
    pub(crate) options: ReadOptions,
    pub(crate) observer: Arc<dyn Observer + Send + Sync>,
    pub(crate) documents: Documents,
    pub(crate) model: Datamodel,
    objecttypes: Vec<Objecttype>,
    pub(crate) looker: Option<Looker>,
}

/// The parts of a data model as the API gives them.
pub(crate) struct Documents {
    pub schema: Bytes,
    pub mask: Bytes,
    pub l10n: Bytes,
}

impl Source {
    /// Looks at what there is.
    ///
    /// # Errors
    /// When the instance cannot be read, or nothing matches what is wanted.
    pub async fn plan(
        client: Client,
        options: ReadOptions,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Result<Self, Error> {
        let document = async |path: &str| {
            let request = Request::get(path, Shape::Object).with("format", "json");
            client.ask(&request).await
        };
        let documents = Documents {
            schema: document("schema/user/CURRENT").await?,
            mask: document("mask/CURRENT").await?,
            l10n: document("l10n/user/CURRENT").await?,
        };
        let schema: Value = serde_json::from_slice(&documents.schema).unwrap_or_default();
        let model = Datamodel::read(&schema);
        let names = wanted(&model, &options)?;
        let objecttypes = stream::iter(names.into_iter().map(|name| counted(&client, name)));
        let objecttypes = objecttypes.buffered(options.workers.max(1)).collect().await;
        Ok(Self { client, options, observer, documents, model, objecttypes, looker: None })
    }

    #[must_use]
    pub fn instance(&self) -> &Instance {
        self.client.instance()
    }

    #[must_use]
    pub fn server(&self) -> &Server {
        self.client.server()
    }

    /// The objecttypes that are read, in the order in which they are restored.
    #[must_use]
    pub fn objecttypes(&self) -> &[Objecttype] {
        &self.objecttypes
    }
}

impl Source {
    /// Records that need not come level by level are looked at, and not handed over.
    pub(crate) fn looked_at(mut self, looker: Looker) -> Self {
        self.looker = Some(looker);
        self
    }

    /// What reading needs, taken apart.
    pub(crate) fn into_parts(self) -> (Client, ReadOptions, Arc<dyn Observer + Send + Sync>, SourceParts) {
        let Self { client, options, observer, documents, model, objecttypes, looker: _ } = self;
        (client, options, observer, SourceParts { documents, model, objecttypes })
    }
}

fn wanted(model: &Datamodel, options: &ReadOptions) -> Result<Vec<String>, Error> {
    let Some(pattern) = &options.include else { return Ok(model.order.clone()) };
    let names: Vec<String> = model.order.iter().filter(|name| pattern.is_match(name)).cloned().collect();
    if names.is_empty() {
        let all = model.order.join(", ");
        return Err(Error::Options(format!("no objecttype matches \"{pattern}\"; there are {all}")));
    }
    Ok(names)
}

async fn counted(client: &Client, name: String) -> Objecttype {
    let mut body = serde_json::json!({ "objecttypes": [&name], "limit": 0 });
    if client.instance().kind == InstanceKind::Easydb5 {
        body["type"] = "object".into();
    }
    let request = Request::post("search", body.to_string(), Shape::Object);
    let answer = client.ask(&request).await.ok();
    let answer: Option<Value> = answer.and_then(|answer| serde_json::from_slice(&answer).ok());
    Objecttype { total: answer.and_then(|answer| answer["count"].as_u64()), name }
}
