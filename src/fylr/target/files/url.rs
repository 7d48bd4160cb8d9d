//! URLs of files, as they are asked for.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::source::told;
use crate::fylr::target::site::Site;
use crate::fylr::transport::Failure;

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
pub(super) fn real_url(site: &Site, text: &str, stays: bool) -> (String, Option<String>) {
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

pub(super) fn with_mime(mut metadata: Value, mime: Option<&str>) -> Value {
    if let Some(mime) = mime {
        if metadata.is_null() {
            metadata = serde_json::json!({});
        }
        metadata["_technical_metadata"]["mime_type"] = mime.into();
    }
    metadata
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
}
