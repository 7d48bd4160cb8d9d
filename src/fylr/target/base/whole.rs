//! Tags and transitions, of which one request holds all: what is not in it is deleted on the target.

use std::collections::HashMap;

use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, Members, elements};
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::text_in;
use crate::fylr::target::site::{Place, Site, post, why};

/// Writes all tags. Those that only the target has stay; those of the same reference keep the id that they have there.
pub(crate) async fn tags(site: &Site, place: &Place<'_>, mut groups: Vec<Members<'_>>) -> Result<(), Error> {
    let there = site.list("tags", &[], false).await?;
    let there: Vec<Json<'_>> = there.iter().filter_map(|text| Json::parse(text).ok()).collect();
    let known = Known::of(&there);
    for group in &mut groups {
        settle(site, group, &known)?;
    }
    let names: Vec<String> =
        groups.iter().filter_map(|group| text_in(group.get("taggroup")?, &["reference"])).collect();
    let count = groups.len() as u64;
    let mut texts: Vec<Vec<u8>> = groups.into_iter().map(|group| Json::Object(group).to_bytes(None)).collect();
    for group in there {
        let name = group.get("taggroup").and_then(|group| text_in(group, &["reference"]));
        if !name.is_some_and(|name| names.contains(&name)) {
            texts.push(group.to_bytes(None));
        }
    }
    let request = post("tags", &texts).with("delete_policy", "remove_tags").with("background_invalid_acl", true);
    match site.client.ask(&request).await {
        Ok(_) => {
            if place.round == crate::fylr::target::round::Round::First {
                site.report.count(place.tally, |tally| tally.done += count);
            }
            Ok(())
        }
        Err(error) if crate::fylr::target::site::is_of_items(&error) => {
            site.aside(place, "all tags".to_owned(), why(&error))
        }
        Err(error) => Err(error),
    }
}

/// Tags and their groups on the target.
struct Known {
    groups: HashMap<String, u64>,
    tags: HashMap<String, u64>,
}

impl Known {
    fn of(groups: &[Json<'_>]) -> Self {
        let id = |json: &Json<'_>| Some((text_in(json, &["reference"])?, json.get("_id")?.as_id()?));
        let tags = groups.iter().flat_map(|group| group.get("_tags").map_or(&[][..], Json::items));
        Self {
            groups: groups.iter().filter_map(|group| id(group.get("taggroup")?)).collect(),
            tags: tags.filter_map(|tag| id(tag.get("tag").unwrap_or(tag))).collect(),
        }
    }
}

fn settle(site: &Site, group: &mut Members<'_>, known: &Known) -> Result<(), Error> {
    if let Some(block) = group.get_mut("taggroup").and_then(Json::members_mut) {
        let reference = block.get("reference").and_then(|name| Some(name.as_str()?.into_owned()));
        if let Some(id) = reference.and_then(|name| known.groups.get(&name)) {
            block.set("_id", Json::number(*id));
        }
    }
    let Some(Json::Array(tags)) = group.get_mut("_tags") else { return Ok(()) };
    for tag in tags.iter_mut().filter_map(Json::members_mut) {
        let Some(block) = tag.get_mut("tag").and_then(Json::members_mut) else { continue };
        let reference = block.get("reference").and_then(|name| Some(name.as_str()?.into_owned()));
        let source = block.get("_id").and_then(Json::as_id);
        if let Some(target) = reference.and_then(|name| known.tags.get(&name)).copied() {
            block.set("_id", Json::number(target));
            if let Some(source) = source.filter(|source| *source != target) {
                site.learn(Base::Tag, source, target)?;
            }
        } else if source.is_some_and(|source| known.tags.values().any(|id| *id == source)) {
            // The target has given this id to another tag: this one gets a new one.
            block.remove(&["_id"]);
        }
    }
    Ok(())
}

/// Writes all global transitions. One that the target refuses is set aside.
pub(crate) async fn transitions(site: &Site, items: Vec<(Place<'_>, Members<'_>)>) -> Result<(), Error> {
    let mut items: Vec<(Place<'_>, Vec<u8>)> =
        items.into_iter().map(|(place, item)| (place, Json::Object(item).to_bytes(None))).collect();
    let all = std::mem::take(&mut items);
    let texts: Vec<Vec<u8>> = all.iter().map(|(_, text)| text.clone()).collect();
    let Some(error) = write(site, &texts).await? else {
        let tally = all.first().map_or("transitions", |(place, _)| place.tally);
        site.report.count(tally, |tally| tally.done += all.len() as u64);
        return Ok(());
    };
    let _ = error;
    // One after the other joins those that are taken.
    let mut taken: Vec<Vec<u8>> = Vec::new();
    for (place, text) in all {
        taken.push(text);
        match write(site, &taken).await? {
            None => site.report.count(place.tally, |tally| tally.done += 1),
            Some(why) => {
                taken.pop();
                site.aside(&place, format!("transition number {}", place.at + 1), why)?;
            }
        }
    }
    write(site, &taken).await?;
    Ok(())
}

async fn write(site: &Site, texts: &[Vec<u8>]) -> Result<Option<String>, Error> {
    match site.client.ask(&post("transitions", texts)).await {
        Ok(answer) => {
            let count = serde_json::from_slice::<Vec<Value>>(&answer).map_or(0, |saved| saved.len());
            if count < texts.len() {
                tracing::warn!("{} transitions were sent, {count} came back", texts.len());
            }
            let _ = elements(&answer);
            Ok(None)
        }
        Err(error) if crate::fylr::target::site::is_of_items(&error) => Ok(Some(why(&error))),
        Err(error) => Err(error),
    }
}
