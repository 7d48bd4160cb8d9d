//! Files on their way to a target: each goes once, however many records have it, the original first and its renditions
//! behind it. What goes wrong with a file is told of the file, and never ends the work.

mod bulk;
mod transfer;
mod url;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt as _, stream};
use tokio::sync::OnceCell;

use crate::fylr::error::Error;
use crate::fylr::target::files::transfer::{One, Stop, duplicate, put, rput};
use crate::fylr::target::options::{FileApi, WriteOptions};
use crate::fylr::target::rewrite::{FileOrder, Origin, Rendition, Saved};
use crate::fylr::target::round::Round;
use crate::fylr::target::site::{Place, Site, is_of_items, why};
use crate::model::path::EntryPath;

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
    pub fn missing(&self, site: &Site, place: &Place<'_>, name: &str, trouble: &FileTrouble) -> Result<(), Error> {
        let is_new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(trouble.key.clone());
        if !is_new {
            return Ok(());
        }
        site.aside(&Place { tally: "file", ..*place }, format!("file {} of {name}", trouble.key), trouble.why.clone())
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
        let id = match self.transfer(site, &original).await? {
            Ok(id) => id,
            Err(why) => return Ok(Err(why)),
        };
        for rendition in &order.renditions {
            self.rendition(site, order, rendition, id).await?;
        }
        self.keep(site, order, id)?;
        Ok(Ok(id))
    }

    async fn rendition(&self, site: &Site, order: &FileOrder, rendition: &Rendition, id: u64) -> Result<(), Error> {
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
        match self.transfer(site, &one).await? {
            Ok(_) => site.report.count("rendition", |tally| tally.done += 1),
            Err(why) => {
                let path = EntryPath::new("files").expect("a clean name");
                let round = Round::First;
                let at = order.source_id.unwrap_or_default();
                let place = Place { tally: "rendition", path: &path, round, at };
                site.aside(&place, format!("version {} of file {}", rendition.version, order.key), why)?;
            }
        }
        Ok(())
    }

    fn keep(&self, site: &Site, order: &FileOrder, id: u64) -> Result<(), Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(order.key.clone(), id);
        drop(known);
        site.report.count("file", |tally| tally.done += 1);
        site.note(vec![(note_key(&order.key), Some(id.to_string()))])
    }

    /// By the way that was chosen: packed bytes can only be sent, what stays elsewhere only be named.
    async fn transfer(&self, site: &Site, one: &One<'_>) -> Result<Result<u64, String>, Error> {
        let sent = match one.origin {
            Origin::Packed(_) => put(site, one).await,
            Origin::Url(_) if self.api == FileApi::Put && !one.stays => put(site, one).await,
            Origin::Url(url) => rput(site, one, url, one.stays || self.api.leaves()).await,
        };
        match sent {
            Ok(id) => Ok(Ok(id)),
            Err(Stop::File(why)) => Ok(Err(why)),
            Err(Stop::Target(error)) if is_of_items(&error) => Ok(duplicate(&error).ok_or_else(|| why(&error))),
            Err(Stop::Target(error)) => Err(error),
        }
    }
}

fn note_key(key: &str) -> String {
    format!("file/{key}")
}
