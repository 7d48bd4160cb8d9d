//! The records of collections. The first part replaces what is in a collection, further parts are appended; how many are
//! in it tells whether a part without an answer has arrived.

use reqwest::Method;
use serde_json::Value;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, Members};
use crate::fylr::request::{Request, Shape};
use crate::fylr::target::base::known;
use crate::fylr::target::rewrite::{global_id, text_in};
use crate::fylr::target::site::{Place, Site, Written, array, is_of_items, why};
use crate::model::payload::PayloadKind;

/// Records of one request.
const PART: usize = 1000;

/// Fills a collection with what an item says: `{"collection": {"lookup:_id": …}, "objects": […]}`.
pub(crate) async fn fill(site: &Site, place: &Place<'_>, json: Json<'_>) -> Result<(), Error> {
    let reference = json.get("collection").and_then(|collection| text_in(collection, &["lookup:_id", "reference"]));
    let Some(reference) = reference else {
        return site.aside(place, format!("collection number {}", place.at + 1), "it names no collection".to_owned());
    };
    known::load(site, &PayloadKind::Collections, false).await?;
    let id = site
        .known
        .lock()
        .await
        .get(&PayloadKind::Collections)
        .and_then(|known| known.get(&reference))
        .map(|item| item.id);
    let what = format!("the records of collection {reference}");
    let Some(id) = id else {
        return site.aside(place, what, "the collection is not on the target".to_owned());
    };
    let Json::Object(mut members) = json else { return Ok(()) };
    let objects = members.take("objects").or_else(|| members.take("_objects"));
    let Some(Json::Array(objects)) = objects else { return Ok(()) };
    // Several items may be about one collection: only the first one replaces. An item that was here before is here for
    // what was refused then.
    let key = format!("filled/{reference}");
    let before = Filled::read(site.noted(&key)?.as_deref());
    let again = before.is_of(place).then_some(before.refused);
    let texts = objects.into_iter().enumerate().filter(|(at, _)| again.as_ref().is_none_or(|again| again.contains(at)));
    let texts: Vec<(usize, Vec<u8>)> = texts.map(|(at, object)| (at, entry(object, site).to_bytes(None))).collect();
    let mut filling = Filling { site, place, what, id, count: before.count, refused: Vec::new() };
    for part in texts.chunks(PART) {
        filling.part(part).await?;
    }
    let (count, refused) = (texts.len(), filling.refused.len());
    let filled = Filled { count: filling.count, place: Filled::name(place), refused: filling.refused };
    site.note(vec![(key, Some(filled.text()))])?;
    if refused == 0 && site.went_on() {
        site.redeem(place)?;
    }
    site.report.count(place.tally, |tally| tally.done += u64::from(count > refused));
    Ok(())
}

/// What is noted of a collection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filled {
    /// Records in it.
    count: usize,
    /// The item that brought the last of them, and those of its records that were refused.
    place: String,
    refused: Vec<usize>,
}

impl Filled {
    fn name(place: &Place<'_>) -> String {
        format!("{}/{}", place.path, place.at)
    }

    fn is_of(&self, place: &Place<'_>) -> bool {
        self.place == Self::name(place)
    }

    fn read(noted: Option<&str>) -> Self {
        let noted: Value = noted.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let refused = noted["refused"].as_array().into_iter().flatten().filter_map(Value::as_u64);
        Self {
            count: noted["count"].as_u64().unwrap_or(0) as usize,
            place: noted["place"].as_str().unwrap_or_default().to_owned(),
            refused: refused.map(|at| at as usize).collect(),
        }
    }

    fn text(&self) -> String {
        serde_json::json!({ "count": self.count, "place": self.place, "refused": self.refused }).to_string()
    }
}

fn entry<'t>(object: Json<'t>, site: &Site) -> Json<'t> {
    let Json::Object(mut members) = object else { return object };
    members.rename("_webfrontend_props", "webfrontend_props");
    let own = members.get("_global_object_id").and_then(|id| global_id(&id.as_str()?, &site.context));
    if let Some(own) = own {
        members.set("_global_object_id", Json::string(&own));
    }
    if let Some(lookup) = members.get_mut("lookup:_global_object_id").and_then(Json::members_mut) {
        let _: &mut Members<'_> = lookup;
        lookup.remove(&["_latest_version_deleted_at"]);
    }
    members.into()
}

struct Filling<'a> {
    site: &'a Site,
    place: &'a Place<'a>,
    what: String,
    id: u64,
    /// What is in the collection.
    count: usize,
    /// Places of records in the item.
    refused: Vec<usize>,
}

impl Filling<'_> {
    async fn part(&mut self, texts: &[(usize, Vec<u8>)]) -> Result<(), Error> {
        let there = self.there(texts.len()).await?;
        self.count += there;
        let mut parts = vec![&texts[there..]];
        parts.retain(|part| !part.is_empty());
        while let Some(part) = parts.pop() {
            match self.write(part).await? {
                None => self.count += part.len(),
                Some(_) if part.len() > 1 => {
                    let (front, back) = part.split_at(part.len() / 2);
                    parts.push(back);
                    parts.push(front);
                }
                Some(why) => {
                    self.refused.push(part[0].0);
                    let record = String::from_utf8_lossy(&part[0].1).chars().take(200).collect::<String>();
                    let what = format!("{}: {record}", self.what);
                    self.site.aside(self.place, what, why)?;
                }
            }
        }
        Ok(())
    }

    /// Why a part is refused, if it is.
    async fn write(&self, part: &[(usize, Vec<u8>)]) -> Result<Option<String>, Error> {
        let mut body = b"{\"objects\":".to_vec();
        let texts: Vec<Vec<u8>> = part.iter().map(|(_, text)| text.clone()).collect();
        body.extend(array(&texts));
        body.push(b'}');
        // What replaces can be said twice, what is appended can not.
        let verb = if self.count == 0 { "objects" } else { "push" };
        let path = format!("collection/{verb}/{}", self.id);
        let mut request = Request::write(Method::POST, path, body, Shape::Any)
            .with("allow_invalid_acl", true)
            .with("background_invalid_acl", true);
        if self.site.context.abilities.collection_skip_index {
            request = request.with("skip_index", 1);
        }
        if verb == "objects" {
            return match self.site.client.ask(&request).await {
                Ok(_) => Ok(None),
                Err(error) if is_of_items(&error) => Ok(Some(why(&error))),
                Err(error) => Err(error),
            };
        }
        loop {
            match self.site.write(&request).await? {
                Written::Answer(_) => return Ok(None),
                Written::Refused(error) => return Ok(Some(why(&error))),
                Written::Unsure if self.stored().await? > self.count => return Ok(None),
                Written::Unsure => {}
            }
        }
    }

    /// How many of the next records an earlier run has appended, of which it could note nothing any more.
    async fn there(&self, next: usize) -> Result<usize, Error> {
        if self.count == 0 || !self.site.went_on() {
            return Ok(0);
        }
        Ok(self.stored().await?.saturating_sub(self.count).min(next))
    }

    /// How many records are in the collection.
    async fn stored(&self) -> Result<usize, Error> {
        let request = Request::get(format!("collection/objects/{}", self.id), Shape::Object).with("limit", 1);
        let answer = self.site.client.ask(&request).await?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        Ok(answer["count"].as_u64().unwrap_or(0) as usize)
    }
}
