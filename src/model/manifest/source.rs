//! Where a backup comes from, as far as its manifest tells. The keys are not fixed anywhere, so whatever is absent or
//! of another type is simply not known, and whatever could open a door is cut off.

use crate::model::manifest::text;

/// The instance that a backup was made of, for display only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    pub name: Option<String>,
    /// Without user info, query and fragment.
    pub url: Option<String>,
    /// `fylr` or `easydb5`.
    pub kind: Option<String>,
    pub version: Option<String>,
}

/// Reads `instance` of a manifest, and `source` where that is a URL and `instance` has none.
pub(super) fn read(manifest: &[u8]) -> Source {
    let text = text::without_comments(manifest);
    let [source, instance] = text::find(&text, ["source", "instance"]).unwrap_or_default();
    let members = instance.and_then(|instance| {
        let keys = ["name", "external_url", "url", "type", "version"];
        text::find(instance.get().as_bytes(), keys).ok()
    });
    let [name, external_url, url, kind, version] =
        members.unwrap_or_default().map(|value| text::string(value?.get()).filter(|text| !text.is_empty()));
    let source = source.and_then(|source| text::string(source.get())).filter(|source| source.contains("://"));
    Source { name, url: external_url.or(url).or(source).as_deref().map(without_secrets), kind, version }
}

/// A URL without what must not be shown: user info, query and fragment. Texts that are no URL stay as they are.
#[must_use]
pub fn without_secrets(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (&url[..scheme.len() + 3], rest),
        None if url.contains(char::is_whitespace) => return url.to_owned(),
        None => ("", url),
    };
    let place = rest.split(['?', '#']).next().unwrap_or_default();
    let authority = place.split('/').next().unwrap_or_default();
    let port_is_number = match authority.rsplit_once(':') {
        Some((_, port)) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    };
    // A password may hold a slash that should have been escaped; then what looks like a port is none.
    let searched = if port_is_number { authority } else { place };
    let host = searched.rfind('@').map_or(place, |at| &place[at + 1..]);
    format!("{scheme}{host}")
}
