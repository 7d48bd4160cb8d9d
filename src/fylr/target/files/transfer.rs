//! One file on its way: its bytes are sent, or its place is told.

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use serde_json::Value;
use url::Url;

use crate::fylr::error::{Error, Last};
use crate::fylr::request::{Request, Shape};
use crate::fylr::source::told;
use crate::fylr::target::files::url::{real_url, with_mime};
use crate::fylr::target::rewrite::Origin;
use crate::fylr::target::site::Site;
use crate::fylr::transport::Failure;

const DUPLICATE: &str = "EasDuplicateReference";
/// In front of the id of the file that has a reference already.
const WITH_ID: &str = "with file id ";

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
