//! Files on their way to a target: each goes once, however many records have it, the original first and its renditions
//! behind it. What goes wrong with a file is told of the file, and never ends the work.

mod bulk;
mod expiry;
mod transfer;
mod url;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use tokio::sync::OnceCell;

use crate::fylr::error::Error;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::fetched::{failed_key, fetching};
use crate::fylr::target::files::transfer::{Arrived, One, Stop, duplicate, put, rput};
use crate::fylr::target::lost::Lost;
use crate::fylr::target::options::{FileApi, WriteOptions};
use crate::fylr::target::rewrite::{FileOrder, Origin, Rendition, Saved};
use crate::fylr::target::site::{Site, is_of_items, why};

pub(crate) use expiry::expiry;
pub(crate) use transfer::is_hash;
pub use url::try_url;

/// Files that are known to be there without a look into the ledger: 64 bytes each.
const KNOWN_MAX: usize = 200_000;

/// A file that is not to be had.
#[derive(Debug, Clone)]
pub(crate) struct FileTrouble {
    pub key: String,
    pub why: String,
}

/// All files of a target.
pub(crate) struct Uploads {
    api: FileApi,
    at_a_time: usize,
    known: Mutex<HashMap<String, u64>>,
    /// On their way: whoever wants one of them waits for it.
    under_way: Mutex<HashMap<String, Arc<OnceCell<Result<u64, String>>>>>,
    told: Mutex<HashSet<String>>,
}

impl Uploads {
    pub fn new(options: &WriteOptions) -> Self {
        // A dry run needs no file: it looks whether records would go in.
        let api = if options.is_dry_run { FileApi::None } else { options.file_api };
        Self {
            api,
            at_a_time: options.uploads.max(1),
            known: Mutex::default(),
            under_way: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Whether records come without files.
    pub fn are_off(&self) -> bool {
        self.api == FileApi::None
    }

    /// Gets all of these to the target; the ids that they have there.
    pub async fn all(
        &self,
        site: &Site,
        orders: Vec<FileOrder>,
        trouble: &mut Vec<FileTrouble>,
    ) -> Result<Saved, Error> {
        let mut saved = Saved::new();
        let mut wanted: HashMap<String, FileOrder> = HashMap::new();
        for order in orders {
            match self.there(site, &order.key)? {
                Some(id) => drop(saved.insert(order.key, Some(id))),
                // The first one that is seen gives the name.
                None => drop(wanted.entry(order.key.clone()).or_insert(order)),
            }
        }
        let mut wanted: Vec<FileOrder> = wanted.into_values().collect();
        wanted.sort_by(|one, other| one.reference.cmp(&other.reference));
        if self.api.is_bulk() {
            let (remote, rest) = wanted.into_iter().partition(|order| matches!(order.origin, Origin::Url(_)));
            self.bulk(site, remote, &mut saved, trouble).await?;
            wanted = rest;
        }
        let sent = stream::iter(wanted.into_iter().map(|order| async move {
            let id = self.one(site, &order).await;
            (order.key, id)
        }));
        let mut sent = sent.buffer_unordered(self.at_a_time);
        while let Some((key, id)) = sent.next().await {
            match id? {
                Ok(id) => drop(saved.insert(key, Some(id))),
                Err(why) => trouble.push(FileTrouble { key, why }),
            }
        }
        Ok(saved)
    }

    /// The id of a file that is on the target, as far as this restore knows.
    pub fn there(&self, site: &Site, key: &str) -> Result<Option<u64>, Error> {
        if let Some(id) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(Some(*id));
        }
        let noted = site.noted(&note_key(key))?;
        Ok(noted.and_then(|id| id.parse().ok()))
    }

    /// Says once of a file that records go in without it.
    pub fn missing(&self, site: &Site, name: &str, trouble: &FileTrouble) -> Result<(), Error> {
        let is_new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(trouble.key.clone());
        if !is_new {
            return Ok(());
        }
        site.lose(&Lost::file(&trouble.key), format!("file {} of {name}", trouble.key), trouble.why.clone())
    }

    async fn one(&self, site: &Site, order: &FileOrder) -> Result<Result<u64, String>, Error> {
        let cell = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(under_way.entry(order.key.clone()).or_default())
        };
        let sent = cell
            .get_or_try_init(|| async {
                match self.there(site, &order.key)? {
                    Some(id) => Ok(Ok(id)),
                    None => self.send(site, order).await,
                }
            })
            .await
            .cloned();
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&order.key);
        sent
    }

    /// The original, then its renditions.
    async fn send(&self, site: &Site, order: &FileOrder) -> Result<Result<u64, String>, Error> {
        let original = One {
            origin: &order.origin,
            reference: &order.reference,
            name: &order.name,
            stays: order.stays,
            produces: order.produces,
            bytes: order.bytes,
            metadata: order.metadata.as_deref(),
            rendition_of: None,
        };
        let arrived = match self.transfer(site, &original).await? {
            Ok(arrived) => arrived,
            Err(why) => return Ok(Err(why)),
        };
        for rendition in &order.renditions {
            self.rendition(site, order, rendition, arrived.id).await?;
        }
        self.keep(site, order, arrived)?;
        Ok(Ok(arrived.id))
    }

    /// Gets a rendition to its original; whether it is there.
    pub async fn rendition(
        &self,
        site: &Site,
        order: &FileOrder,
        rendition: &Rendition,
        id: u64,
    ) -> Result<bool, Error> {
        let one = One {
            origin: &rendition.origin,
            reference: &rendition.reference,
            name: &rendition.name,
            stays: rendition.stays,
            produces: false,
            bytes: rendition.bytes,
            metadata: None,
            rendition_of: Some((id, &rendition.version)),
        };
        let lost = Lost::rendition(&order.key, &rendition.version);
        match self.transfer(site, &one).await? {
            Ok(arrived) => {
                site.report.count("rendition", |tally| tally.done += 1);
                if arrived.is_coming {
                    site.note(vec![fetching(arrived.id, &lost)])?;
                }
                Ok(true)
            }
            Err(why) => {
                site.lose(&lost, lost.name(), why)?;
                Ok(false)
            }
        }
    }

    fn keep(&self, site: &Site, order: &FileOrder, Arrived { id, is_coming }: Arrived) -> Result<(), Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(order.key.clone(), id);
        drop(known);
        site.report.count("file", |tally| tally.done += 1);
        let mut notes = vec![(note_key(&order.key), Some(id.to_string())), (failed_key(&order.key), None)];
        notes.extend(is_coming.then(|| fetching(id, &Lost::file(&order.key))));
        site.note(notes)
    }

    /// A file is not on the target after all.
    pub fn forget(&self, key: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Takes the reference from a file that the target could not fetch, so that another one can have it.
    /// Its renditions keep theirs, so that those of the other one get new ones.
    pub async fn make_way(&self, site: &Site, order: &mut FileOrder) -> Result<(), Error> {
        let Some(id) = site.noted(&failed_key(&order.key))?.and_then(|id| id.parse::<u64>().ok()) else {
            return Ok(());
        };
        for rendition in &mut order.renditions {
            rendition.reference = format!("{}:instead:{id}", rendition.reference);
        }
        let body = serde_json::json!({ "reference": format!("{}:failed:{id}", order.reference) }).to_string();
        match site.client.ask(&Request::write(Method::POST, format!("eas/{id}"), body, Shape::Any)).await {
            Ok(_) => Ok(()),
            Err(error) if is_of_items(&error) => {
                tracing::info!("file {id} of the target keeps its reference: {}", why(&error));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// By the way that was chosen: packed bytes can only be sent, what stays elsewhere only be named.
    async fn transfer(&self, site: &Site, one: &One<'_>) -> Result<Result<Arrived, String>, Error> {
        let sent = match one.origin {
            Origin::Packed(_) => put(site, one).await,
            Origin::Url(_) if self.api == FileApi::Put && !one.stays => put(site, one).await,
            Origin::Url(url) => rput(site, one, url, one.stays || self.api.leaves()).await,
        };
        match sent {
            Ok(arrived) => Ok(Ok(arrived)),
            Err(Stop::File(why)) => Ok(Err(why)),
            // The one that has the reference may be one that the target has yet to fetch.
            Err(Stop::Target(error)) if is_of_items(&error) => {
                let there = duplicate(&error).map(|id| Arrived { id, is_coming: true });
                Ok(there.ok_or_else(|| why(&error)))
            }
            Err(Stop::Target(error)) => Err(error),
        }
    }
}

fn note_key(key: &str) -> String {
    format!("file/{key}")
}
