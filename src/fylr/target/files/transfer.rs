//! One file on its way: its bytes are sent, or its place is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use url::Url;

use crate::fylr::error::{Error, Last};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::told;
use crate::fylr::target::files::url::{real_url, with_mime};
use crate::fylr::target::rewrite::Origin;
use crate::fylr::target::site::Site;
use crate::fylr::transport::Failure;
use crate::model::ledger::Failed;
use crate::model::path::EntryPath;

const DUPLICATE: &str = "EasDuplicateReference";
/// In front of the id of the file that has a reference already.
const WITH_ID: &str = "with file id ";
/// In front of the hash in a reference.
const SHA256: &str = ":sha256:";
const OTHER_BYTES: &str = "its bytes are others than the backup says";

/// One transfer.
pub(super) struct One<'a> {
    pub origin: &'a Origin,
    pub reference: &'a str,
    pub name: &'a str,
    pub stays: bool,
    pub produces: bool,
    pub bytes: Option<u64>,
    pub metadata: Option<&'a str>,
    /// The original on the target, and the name of the version.
    pub rendition_of: Option<(u64, &'a str)>,
}

/// A file that the target has, or has taken on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    pub id: u64,
    /// The target fetches it by itself, and may not have it yet.
    pub is_coming: bool,
}

/// Why a transfer ended.
pub(super) enum Stop {
    /// The bytes cannot be had.
    File(String),
    Target(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Target(error)
    }
}

/// Reads the bytes, packed or from where they are, and sends them. A second one with the same reference is refused, so
/// that it may be sent again.
pub(super) async fn put(site: &Site, one: &One<'_>) -> Result<Arrived, Stop> {
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
        let Content { body, length, is_other } = match bytes_of(site, one).await {
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
        let sent = site.client.upload(&request, form).await;
        if is_other.load(Ordering::Relaxed) {
            return Err(Stop::File(OTHER_BYTES.to_owned()));
        }
        match sent {
            Ok(answer) => match first(&answer) {
                Some(arrived) => {
                    site.report.sent(length.or(one.bytes).unwrap_or(0));
                    return Ok(Arrived { is_coming: false, ..arrived });
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
struct Content {
    body: Body,
    length: Option<u64>,
    /// They turned out to be others than the backup says.
    is_other: Arc<AtomicBool>,
}

/// The bytes of a packed file. If they are others than the backup says the last ones are never sent.
fn packed(site: &Site, one: &One<'_>, path: &EntryPath) -> Result<Content, Read> {
    let file = site.backup.file(path).map_err(|error| Read::Failed(error.to_string()))?;
    if let Some(told) = one.bytes.filter(|told| *told != file.bytes) {
        return Err(Read::Failed(format!("it has {} bytes and should have {told}", file.bytes)));
    }
    let (length, is_other) = (Some(file.bytes), Arc::new(AtomicBool::new(false)));
    let wanted = one.reference.rsplit_once(SHA256).map(|(_, hash)| hash.to_owned()).filter(|_| !file.is_sealed);
    let Some(wanted) = wanted else {
        let parts = stream::unfold(file.parts, async |mut parts| Some((parts.recv().await?, parts)));
        return Ok(Content { body: Body::wrap_stream(parts), length, is_other });
    };
    let proof =
        Proof { parts: file.parts, hash: Sha256::new(), left: file.bytes, wanted, is_other: Arc::clone(&is_other) };
    let parts = stream::unfold(proof, async |mut proof| Some((proof.next().await?, proof)));
    Ok(Content { body: Body::wrap_stream(parts), length, is_other })
}

/// Whether hexadecimal digits say these bytes.
pub(crate) fn is_hash(bytes: &[u8], digits: &str) -> bool {
    let mut pairs =
        digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    digits.len() == 2 * bytes.len() && bytes.iter().all(|byte| pairs.next().flatten() == Some(*byte))
}

/// Bytes on their way that are proved by their hash.
struct Proof {
    parts: mpsc::Receiver<Result<Bytes, Failed>>,
    hash: Sha256,
    left: u64,
    wanted: String,
    is_other: Arc<AtomicBool>,
}

impl Proof {
    async fn next(&mut self) -> Option<Result<Bytes, Failed>> {
        let part = match self.parts.recv().await? {
            Ok(part) => part,
            failed => return Some(failed),
        };
        self.hash.update(&part);
        self.left = self.left.saturating_sub(part.len() as u64);
        if self.left == 0 && !is_hash(&self.hash.finalize_reset(), &self.wanted) {
            self.is_other.store(true, Ordering::Relaxed);
            return Some(Err(OTHER_BYTES.into()));
        }
        Some(Ok(part))
    }
}

async fn bytes_of(site: &Site, one: &One<'_>) -> Result<Content, Read> {
    match one.origin {
        Origin::Packed(path) => packed(site, one, path),
        Origin::Url(url) => {
            let (url, _) = real_url(site, url, one.stays);
            let url = Url::parse(&url).map_err(|_| Read::Failed("its URL is none".to_owned()))?;
            match site.client.open(&url, 0).await {
                Ok(response) => {
                    let length = response.content_length();
                    let parts = response.bytes_stream().map_err(reqwest::Error::without_url);
                    Ok(Content { body: Body::wrap_stream(parts), length, is_other: Arc::default() })
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
pub(super) async fn rput(site: &Site, one: &One<'_>, url: &str, leaves: bool) -> Result<Arrived, Stop> {
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
    let arrived = first(&answer).ok_or_else(|| Stop::File("the target gives no id for it".to_owned()))?;
    Ok(Arrived { is_coming: arrived.is_coming && !leaves, ..arrived })
}

/// The first file of an answer.
fn first(answer: &[u8]) -> Option<Arrived> {
    let files: Vec<Value> = serde_json::from_slice(answer).ok()?;
    arrived(files.first()?)
}

/// A file of an answer.
pub(super) fn arrived(file: &Value) -> Option<Arrived> {
    let is_coming = !matches!(file["status"].as_str(), Some("done" | "sync"));
    Some(Arrived { id: file["_id"].as_u64()?, is_coming })
}

/// The id of the file that has the reference already.
pub(super) fn duplicate(error: &Error) -> Option<u64> {
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
