//! Publications. They have no reference: record, collector and address tell whether one is there.

use std::collections::HashSet;

use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, Members};
use crate::fylr::target::rewrite::text_in;
use crate::fylr::target::site::{Place, Site, Written, post, why};

pub(crate) async fn publish(site: &Site, items: Vec<(Place<'_>, Json<'_>)>) -> Result<(), Error> {
    let mut there = stored(site).await?;
    for (place, json) in items {
        let Json::Object(mut members) = json else { continue };
        let key = key(&members);
        if there.contains(&key) {
            site.report.count(place.tally, |tally| tally.there += 1);
            continue;
        }
        if let Some(publish) = members.get_mut("publish").and_then(Json::members_mut) {
            publish.remove(&["_id"]);
            let id = publish.get("system_object_id").and_then(Json::as_id);
            if let Some((id, version)) = id.zip(publish.get("version").and_then(Json::as_id)) {
                publish.set("version", Json::number(site.context.numbering.of(id, version)));
            }
        }
        let text = Json::Object(members).to_bytes(None);
        loop {
            match site.write(&post("publish", std::slice::from_ref(&text))).await? {
                Written::Answer(_) => {
                    there.insert(key.clone());
                    site.report.count(place.tally, |tally| tally.done += 1);
                    if site.went_on() {
                        site.redeem(&place)?;
                    }
                }
                Written::Unsure => {
                    there = stored(site).await?;
                    if !there.contains(&key) {
                        continue;
                    }
                    site.report.count(place.tally, |tally| tally.done += 1);
                }
                Written::Refused(error) => {
                    let what = format!("the publication of record {} in {}", key.0, key.1);
                    site.aside(&place, what, why(&error))?;
                }
            }
            break;
        }
    }
    Ok(())
}

type Key = (u64, String, String);

fn key(members: &Members<'_>) -> Key {
    let publish = members.get("publish");
    let text = |name: &str| publish.and_then(|publish| text_in(publish, &[name])).unwrap_or_default();
    let id = publish.and_then(|publish| publish.get("system_object_id")?.as_id()).unwrap_or_default();
    (id, text("collector"), text("publish_uri"))
}

async fn stored(site: &Site) -> Result<HashSet<Key>, Error> {
    let texts = site.list("publish", &[], true).await?;
    let keys = texts.iter().filter_map(|text| {
        let item: Value = serde_json::from_str(text).ok()?;
        let publish = &item["publish"];
        let text = |name: &str| publish[name].as_str().unwrap_or_default().to_owned();
        Some((publish["system_object_id"].as_u64()?, text("collector"), text("publish_uri")))
    });
    Ok(keys.collect())
}
