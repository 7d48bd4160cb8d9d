//! Which hosts and origins are ours, and how our cookies look.

use std::net::SocketAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use crate::web::error::Error;
use crate::web::options::Options;

/// How long browsers keep the cookie; the session may end before.
const COOKIE_SECONDS: u64 = 12 * 60 * 60;

/// Which requests are for us.
pub(in crate::web) struct Rules {
    port: u16,
    /// Names of this machine that work with our port only.
    own: Vec<String>,
    /// Names that were allowed; with the port, if they name one.
    allowed: Vec<(String, Option<u16>)>,
    is_tls: bool,
    is_behind_proxy: bool,
}

impl Rules {
    /// # Errors
    /// When a host that is to be allowed is none.
    pub fn new(options: &Options, listening: SocketAddr) -> Result<Self, Error> {
        let mut own = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        if !listening.ip().is_unspecified() {
            let ip = listening.ip();
            own.push(if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() });
        }
        let allowed =
            options.hosts.iter().map(|host| parsed(host).ok_or_else(|| Error::BadHost { host: host.clone() }));
        Ok(Self {
            port: listening.port(),
            own,
            allowed: allowed.collect::<Result<_, _>>()?,
            is_tls: options.tls.is_some(),
            is_behind_proxy: options.is_behind_proxy,
        })
    }

    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether `Host: …` means us. Another name that leads to our address is how a foreign page gets behind the browser's
    /// rules.
    pub fn is_ours(&self, host: &str) -> bool {
        let Some((name, port)) = parsed(host) else { return false };
        let is_own = self.own.contains(&name) && port.unwrap_or(self.default_port()) == self.port;
        is_own || self.allowed.iter().any(|(allowed, at)| *allowed == name && (at.is_none() || *at == port))
    }

    /// Whether a page with this origin is one of ours, asked for by this host.
    pub fn is_same_origin(&self, origin: &str, host: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let is_scheme = match scheme {
            "https" => self.is_tls || self.is_behind_proxy,
            "http" => !self.is_tls,
            _ => false,
        };
        // A proxy may ask us by another name than it was asked by.
        let is_named = authority.eq_ignore_ascii_case(host) || (self.is_behind_proxy && self.is_ours(authority));
        is_scheme && is_named && parsed(authority).is_some()
    }

    /// `Set-Cookie` that begins a session.
    pub fn cookie(&self, session: &str, headers: &HeaderMap) -> String {
        let name = self.cookie_name(headers);
        format!("{name}={session}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{}", self.secure(headers))
    }

    /// `Set-Cookie` that ends it.
    pub fn no_cookie(&self, headers: &HeaderMap) -> String {
        let name = self.cookie_name(headers);
        format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{}", self.secure(headers))
    }

    /// The sessions that a request names; a foreign page beside us can add some, and ours is one of them all the same.
    pub fn sessions_of(&self, headers: &HeaderMap) -> Vec<String> {
        let name = self.cookie_name(headers);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect()
    }

    /// Cookies know no ports: two servers on one machine must not take each other's.
    fn cookie_name(&self, headers: &HeaderMap) -> String {
        let prefix = if self.is_secure(headers) { "__Host-" } else { "" };
        format!("{prefix}fonds-{}", self.port)
    }

    fn secure(&self, headers: &HeaderMap) -> &'static str {
        if self.is_secure(headers) { "; Secure" } else { "" }
    }

    fn is_secure(&self, headers: &HeaderMap) -> bool {
        self.is_tls || (self.is_behind_proxy && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https"))
    }

    fn default_port(&self) -> u16 {
        if self.is_tls { 443 } else { 80 }
    }
}

/// Host name in lower case, and port. What has more to it, user info or a path, is none.
fn parsed(host: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = host.parse().ok()?;
    let name = authority.host().to_ascii_lowercase();
    let rest = host.get(name.len()..)?;
    let is_whole = authority.as_str().len() == host.len() && !host.contains('@') && !name.is_empty();
    match rest.strip_prefix(':') {
        _ if !is_whole => None,
        None => rest.is_empty().then_some((name, None)),
        Some(port) if port.bytes().all(|sign| sign.is_ascii_digit()) => Some((name, Some(port.parse().ok()?))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_what_they_say_and_nothing_more() {
        assert_eq!(parsed("LocalHost:80"), Some(("localhost".to_owned(), Some(80))));
        assert_eq!(parsed("[::1]:8666"), Some(("[::1]".to_owned(), Some(8666))));
        assert_eq!(parsed("dam.example"), Some(("dam.example".to_owned(), None)));
        for wrong in ["", "a@localhost", "localhost:", "localhost:x", "localhost:99999", "localhost/x", "local host"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
