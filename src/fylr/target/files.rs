//! Files on their way to a target: each goes once, however many records have it, the original first and its renditions
//! behind it. What goes wrong with a file is told of the file, and never ends the work.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::fylr::client::Client;
use crate::fylr::error::{Error, Last};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::told;
use crate::fylr::target::options::{FileApi, WriteOptions};
use crate::fylr::target::rewrite::{FileOrder, Origin, Rendition, Saved};
use crate::fylr::target::site::{Place, Site, is_of_items, why};
use crate::fylr::transport::Failure;

/// Files that are known to be there without a look into the ledger: 64 bytes each.
const KNOWN_MAX: usize = 200_000;
/// Files of one request in bulk.
const BULK_MAX: usize = 100;
const DUPLICATE: &str = "EasDuplicateReference";
/// In front of the id of the file that has a reference already.
const WITH_ID: &str = "with file id ";

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
                let path = crate::model::path::EntryPath::new("files").expect("a clean name");
                let round = crate::fylr::target::round::Round::First;
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

    /// Announces many at once; what is refused is halved down to the file that is to blame.
    async fn bulk(
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
                        let Some(id) = ids.get(&order.reference).copied() else {
                            let why = "the target does not say which file it is".to_owned();
                            trouble.push(FileTrouble { key: order.key, why });
                            continue;
                        };
                        for rendition in &order.renditions {
                            self.rendition(site, &order, rendition, id).await?;
                        }
                        self.keep(site, &order, id)?;
                        saved.insert(order.key, Some(id));
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

/// One transfer.
struct One<'a> {
    origin: &'a Origin,
    reference: &'a str,
    name: &'a str,
    stays: bool,
    produces: bool,
    bytes: Option<u64>,
    metadata: Option<&'a str>,
    /// The original on the target, and the name of the version.
    rendition_of: Option<(u64, &'a str)>,
}

/// Why a transfer ended.
enum Stop {
    /// The bytes cannot be had.
    File(String),
    Target(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Target(error)
    }
}

fn note_key(key: &str) -> String {
    format!("file/{key}")
}

/// Reads the bytes, packed or from where they are, and sends them. A second one with the same reference is refused, so
/// that it may be sent again.
async fn put(site: &Site, one: &One<'_>) -> Result<u64, Stop> {
    let mut attempts = site.client.attempts(format!("POST eas/put of {}", one.reference));
    let list = |value: Value| Value::Array(vec![value]).to_string();
    let mut request = Request::write(Method::POST, "eas/put", Bytes::new(), Shape::Array)
        .with("references", list(one.reference.into()))
        .with("filenames", list(one.name.into()))
        .with("produce_versions", list(one.produces.into()));
    if let Some((original, version)) = one.rendition_of {
        request = request.with("id_parents", list(original.into())).with("version_names", list(version.into()));
    }
    loop {
        let (body, length) = match bytes_of(site, one).await {
            Ok(found) => found,
            Err(Read::Failed(why)) => return Err(Stop::File(why)),
            Err(Read::Again(failure)) => {
                attempts.failed(failure).await.map_err(|error| Stop::File(told(&error)))?;
                continue;
            }
        };
        let part = match length {
            Some(length) => Part::stream_with_length(body, length),
            None => Part::stream(body),
        };
        let form = Form::new().part("file", part.file_name(one.name.to_owned()));
        match site.client.upload(&request, form).await {
            Ok(answer) => match first_id(&answer) {
                Some(id) => {
                    site.report.sent(length.or(one.bytes).unwrap_or(0));
                    return Ok(id);
                }
                // Half an answer: the reference tells next time whether it is there.
                None => attempts.failed(Failure::passing(Last::Answer("the answer names no file".to_owned()))).await?,
            },
            // Not the API's own words: what stands before it was cut off in the middle.
            Err(Failure::Final(Error::Refused { source })) if source.code.is_none() => {
                attempts.failed(Failure::passing(Last::Problem(source))).await?;
            }
            Err(failure) => attempts.failed(failure).await?,
        }
    }
}

/// Why there are no bytes.
enum Read {
    Again(Failure),
    Failed(String),
}

/// The bytes of a file, and how many there are.
async fn bytes_of(site: &Site, one: &One<'_>) -> Result<(Body, Option<u64>), Read> {
    match one.origin {
        Origin::Packed(path) => {
            let file = site.backup.file(path).map_err(|error| Read::Failed(error.to_string()))?;
            let parts = stream::unfold(file.parts, async |mut parts| Some((parts.recv().await?, parts)));
            Ok((Body::wrap_stream(parts), Some(file.bytes)))
        }
        Origin::Url(url) => {
            let (url, _) = real_url(site, url, one.stays);
            let url = Url::parse(&url).map_err(|_| Read::Failed("its URL is none".to_owned()))?;
            match site.client.open(&url, 0).await {
                Ok(response) => {
                    let length = response.content_length();
                    let parts = response.bytes_stream().map_err(reqwest::Error::without_url);
                    Ok((Body::wrap_stream(parts), length))
                }
                Err(Failure::Problem(problem)) => Err(Read::Failed(format!("{problem}"))),
                Err(Failure::Final(error)) => Err(Read::Failed(told(&error))),
                Err(failure @ (Failure::Passing { last: Last::Problem(_), .. } | Failure::Slow(_))) => {
                    Err(Read::Again(failure))
                }
                Err(failure) => Err(Read::Again(failure)),
            }
        }
    }
}

/// Lets the target fetch the bytes, or only note where they are.
async fn rput(site: &Site, one: &One<'_>, url: &str, leaves: bool) -> Result<u64, Stop> {
    let (url, mime) = real_url(site, url, one.stays);
    let metadata = one.metadata.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let metadata = with_mime(metadata, mime.as_deref());
    let body = if metadata.is_null() { Bytes::new() } else { metadata.to_string().into() };
    let mut request = Request::write(Method::POST, "eas/rput", body, Shape::Array)
        .with("url", url)
        .with("filename", one.name)
        .with("reference", one.reference)
        .with("skip_duplicate_reference", 1)
        .with("skip_head_request", 1)
        .with("produce_versions", u8::from(one.produces));
    if leaves {
        request = request.with("leave", 1);
    }
    if let Some((original, version)) = one.rendition_of {
        request = request.with("id_parent", original).with("version_name", version);
    }
    let answer = site.client.ask(&request).await?;
    first_id(&answer).ok_or_else(|| Stop::File("the target gives no id for it".to_owned()))
}

/// Whether the bytes behind a URL are to be had; why not, if they are not.
///
/// # Errors
/// When the client's own login ends.
pub async fn try_url(client: &Client, token: Option<&SecretString>, url: &str) -> Result<Option<String>, Error> {
    let (url, _) = url_with(token, url);
    let Ok(url) = Url::parse(&url) else { return Ok(Some("it is no URL".to_owned())) };
    match client.open(&url, 0).await {
        Ok(_) => Ok(None),
        Err(Failure::Problem(problem)) => Ok(Some(problem.to_string())),
        Err(Failure::Passing { last, .. }) => Ok(Some(last.to_string())),
        Err(Failure::Slow(time)) => Ok(Some(format!("no answer within {} s", time.as_secs()))),
        Err(Failure::Final(error @ Error::Login { .. })) => Err(error),
        Err(Failure::Final(error)) => Ok(Some(told(&error))),
    }
}

/// The URL as it is asked for: with the token that was given in the place of a signature, and without easydb5's mime type
/// at the end, which is told beside it. Other servers than the source get no token.
fn real_url(site: &Site, text: &str, stays: bool) -> (String, Option<String>) {
    url_with(site.context.options.file_token.as_ref().filter(|_| !stays), text)
}

fn url_with(token: Option<&SecretString>, text: &str) -> (String, Option<String>) {
    let Ok(mut url) = Url::parse(text) else { return (text.to_owned(), None) };
    let mime = cut_mime(&mut url);
    if let Some(token) = token {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !matches!(&**name, "x-fylr-signature" | "access_token"))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair("access_token", token.expose_secret());
    }
    (url.to_string(), mime)
}

/// `…/eas/partitions-inline/1/0/1000/1270/acda0f/image/jpeg`
fn cut_mime(url: &mut Url) -> Option<String> {
    if !url.path().contains("/eas/partitions") {
        return None;
    }
    let parts: Vec<&str> = url.path().rsplitn(3, '/').collect();
    let [kind, class, rest] = parts[..] else { return None };
    let is_class = ["image", "video", "audio", "application", "text", "model", "font"].contains(&class);
    if !is_class {
        return None;
    }
    let (mime, rest) = (format!("{class}/{kind}"), rest.to_owned());
    url.set_path(&rest);
    Some(mime)
}

fn with_mime(mut metadata: Value, mime: Option<&str>) -> Value {
    if let Some(mime) = mime {
        if metadata.is_null() {
            metadata = serde_json::json!({});
        }
        metadata["_technical_metadata"]["mime_type"] = mime.into();
    }
    metadata
}

/// The id of the first file of an answer.
fn first_id(answer: &[u8]) -> Option<u64> {
    let files: Vec<Value> = serde_json::from_slice(answer).ok()?;
    files.first()?["_id"].as_u64()
}

fn by_reference(answer: &[u8]) -> HashMap<String, u64> {
    let files: Vec<Value> = serde_json::from_slice(answer).unwrap_or_default();
    let files = files.iter().filter_map(|file| Some((file["reference"].as_str()?.to_owned(), file["_id"].as_u64()?)));
    files.collect()
}

/// The id of the file that has the reference already.
fn duplicate(error: &Error) -> Option<u64> {
    let Error::Refused { source } = error else { return None };
    if !source.has_code(&[DUPLICATE]) {
        return None;
    }
    let id = source.message.split(WITH_ID).nth(1)?;
    id.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easydb5_says_the_mime_type_in_the_url() {
        for (text, path, mime) in [
            (
                "https://e/eas/partitions-inline/1/0/1000/1270/acda/image/jpeg",
                "/eas/partitions-inline/1/0/1000/1270/acda",
                Some("image/jpeg"),
            ),
            ("https://e/eas/partitions-inline/1/0/1000/1270/acda", "/eas/partitions-inline/1/0/1000/1270/acda", None),
            ("https://f/api/v1/eas/download/1/image/original", "/api/v1/eas/download/1/image/original", None),
        ] {
            let mut url = Url::parse(text).unwrap();
            assert_eq!(cut_mime(&mut url).as_deref(), mime, "{text}");
            assert_eq!(url.path(), path);
        }
    }

    #[test]
    fn the_file_that_has_the_reference_is_told_in_words() {
        let source = |code: &str| {
            Box::new(crate::fylr::Problem {
                method: "POST".to_owned(),
                path: "/eas/put".to_owned(),
                status: 400,
                code: Some(code.to_owned()),
                message: "Duplicate file reference provided: h:eas:1:original with file id 67890".to_owned(),
                request_id: None,
            })
        };
        assert_eq!(duplicate(&Error::Refused { source: source(DUPLICATE) }), Some(67890));
        assert_eq!(duplicate(&Error::Refused { source: source("UploadError") }), None);
    }
}
