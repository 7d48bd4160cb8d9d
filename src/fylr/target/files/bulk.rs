//! Many files that are announced at once.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::files::transfer::{Arrived, arrived};
use crate::fylr::target::files::url::{real_url, with_mime};
use crate::fylr::target::files::{FileTrouble, Uploads};
use crate::fylr::target::rewrite::{FileOrder, Origin, Saved};
use crate::fylr::target::site::{Site, is_of_items, why};

/// Files of one request in bulk.
const BULK_MAX: usize = 100;

impl Uploads {
    /// Announces many at once; what is refused is halved down to the file that is to blame.
    pub(super) async fn bulk(
        &self,
        site: &Site,
        orders: Vec<FileOrder>,
        saved: &mut Saved,
        trouble: &mut Vec<FileTrouble>,
    ) -> Result<(), Error> {
        let mut parts: Vec<Vec<FileOrder>> = orders.chunks(BULK_MAX).rev().map(<[FileOrder]>::to_vec).collect();
        while let Some(mut part) = parts.pop() {
            match site.client.ask(&self.bulk_request(site, &part)).await {
                Ok(answer) => {
                    let ids = by_reference(&answer);
                    for order in part {
                        let Some(arrived) = ids.get(&order.reference).copied() else {
                            let why = "the target does not say which file it is".to_owned();
                            trouble.push(FileTrouble { key: order.key, why });
                            continue;
                        };
                        for rendition in &order.renditions {
                            self.rendition(site, &order, rendition, arrived.id).await?;
                        }
                        let is_coming = arrived.is_coming && !order.stays && !self.api.leaves();
                        self.keep(site, &order, Arrived { is_coming, ..arrived })?;
                        saved.insert(order.key, Some(arrived.id));
                    }
                }
                Err(error) if is_of_items(&error) && part.len() > 1 => {
                    let back = part.split_off(part.len() / 2);
                    parts.push(back);
                    parts.push(part);
                }
                Err(error) if is_of_items(&error) => {
                    let why = why(&error);
                    trouble.extend(part.into_iter().map(|order| FileTrouble { key: order.key, why: why.clone() }));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn bulk_request(&self, site: &Site, orders: &[FileOrder]) -> Request {
        let items = orders.iter().map(|order| {
            let Origin::Url(url) = &order.origin else { return Value::Null };
            let metadata = order.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let (url, mime) = real_url(site, url, order.stays);
            serde_json::json!({
                "url": url,
                "filename": order.name,
                "reference": order.reference,
                "skip_head_request": true,
                "leave": order.stays || self.api.leaves(),
                "produce_versions": order.produces,
                "metadata": with_mime(metadata.unwrap_or(Value::Null), mime.as_deref()),
            })
        });
        let body = Value::Array(items.collect()).to_string();
        Request::write(Method::POST, "eas/rput/bulk", body, Shape::Array).with("skip_duplicate_reference", 1)
    }
}

fn by_reference(answer: &[u8]) -> HashMap<String, Arrived> {
    let files: Vec<Value> = serde_json::from_slice(answer).unwrap_or_default();
    let files = files.iter().filter_map(|file| Some((file["reference"].as_str()?.to_owned(), arrived(file)?)));
    files.collect()
}
