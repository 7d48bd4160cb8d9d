//! Where an instance is: the base of its API, and what belongs to the same origin.

use std::fmt;

use secrecy::SecretString;
use url::{Origin, Url};

use crate::fylr::error::Error;
use crate::fylr::secrets;

/// The path that every API stands below.
const API: &str = "/api/v1";

/// The server of an instance, as `--server` names it.
#[derive(Clone)]
pub struct Server {
    /// Ends with `/api/v1/`; has no user info.
    api: Url,
    token_url: Url,
    /// User and password for a proxy in front, out of the URL.
    basic: Option<(String, SecretString)>,
}

impl Server {
    /// Reads an URL: `https://host/api/v1`, with or without the slash at the end; `/api/v1` is added when it is not
    /// there. Basic credentials for a proxy in front may stand in it.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL.
    pub fn parse(text: &str, token_url: Option<&str>) -> Result<Self, Error> {
        let bad =
            |why: &str| Error::BadServer { url: crate::model::manifest::without_secrets(text), why: why.to_owned() };
        let mut api = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
        if !matches!(api.scheme(), "http" | "https") {
            return Err(bad("it does not start with https:// or http://"));
        }
        if !api.has_host() {
            return Err(bad("it names no host"));
        }
        let basic = basic_credentials(&api);
        // A URL with a host has a place for user info.
        let _ = api.set_username("");
        let _ = api.set_password(None);
        api.set_query(None);
        api.set_fragment(None);
        let path = api.path().trim_end_matches('/').to_owned();
        let base = path.strip_suffix(API).unwrap_or(&path).to_owned();
        api.set_path(&format!("{base}{API}/"));
        let token_url = match token_url.filter(|url| !url.is_empty()) {
            Some(url) => Url::parse(url).map_err(|error| bad(&format!("its token URL is none: {error}")))?,
            None => {
                let mut url = api.clone();
                url.set_path(&format!("{base}/api/oauth2/token"));
                url
            }
        };
        Ok(Self { api, token_url, basic })
    }

    /// The URL of an end point, `path` being relative to the API (`db/objekt/_all_fields/list`).
    ///
    /// # Errors
    /// When `path` leads out of the API.
    pub(crate) fn endpoint(&self, path: &str) -> Result<Url, Error> {
        let bad = || Error::BadServer { url: format!("{}{path}", self.api), why: "it leaves the API".to_owned() };
        let url = self.api.join(path.trim_start_matches('/')).map_err(|_| bad())?;
        if url.as_str().starts_with(self.api.as_str()) { Ok(url) } else { Err(bad()) }
    }

    /// Where tokens are to be had.
    pub(crate) fn token_url(&self) -> &Url {
        &self.token_url
    }

    pub(crate) fn basic(&self) -> Option<&(String, SecretString)> {
        self.basic.as_ref()
    }

    /// Scheme, host and port: credentials never leave it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.api.origin()
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.api.host_str().unwrap_or_default()
    }

    /// Whether the server is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.api.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

fn basic_credentials(url: &Url) -> Option<(String, SecretString)> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| percent_decoded(text);
    Some((decoded(url.username()), SecretString::from(decoded(url.password().unwrap_or_default()))))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The base of the API, without secrets: `https://dam.museum.example/api/v1`.
impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(secrets::shown(&self.api).trim_end_matches('/'))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_api_is_found_however_the_server_is_written() {
        for (text, api, token) in [
            ("https://h/api/v1", "https://h/api/v1", "https://h/api/oauth2/token"),
            ("https://h/api/v1/", "https://h/api/v1", "https://h/api/oauth2/token"),
            ("https://h", "https://h/api/v1", "https://h/api/oauth2/token"),
            ("http://h:81/sub/api/v1/", "http://h:81/sub/api/v1", "http://h:81/sub/api/oauth2/token"),
        ] {
            let server = Server::parse(text, None).unwrap();
            assert_eq!(server.to_string(), api);
            assert_eq!(server.token_url().as_str(), token);
        }
        assert_eq!(Server::parse("https://h/api/v1", Some("https://t/x")).unwrap().token_url().as_str(), "https://t/x");
    }

    #[test]
    fn credentials_in_the_url_are_taken_out_of_it() {
        let server = Server::parse("https://me:p%40w@h/api/v1", None).unwrap();
        assert_eq!(server.to_string(), "https://h/api/v1");
        let (user, password) = server.basic().unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("me", "p@w"));
        assert!(!format!("{server:?}").contains("p@w"));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for bad in ["", "dam.example", "ftp://h/api/v1", "https://"] {
            assert!(Server::parse(bad, None).is_err(), "{bad}");
        }
        let error = Server::parse("ftp://me:secret@h/", None).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn no_path_leads_out_of_the_api() {
        let server = Server::parse("https://h/api/v1", None).unwrap();
        assert_eq!(server.endpoint("/tags").unwrap().as_str(), "https://h/api/v1/tags");
        assert!(server.endpoint("../../x").is_err());
    }
}
