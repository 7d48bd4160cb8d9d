//! What must not be seen: URLs and bodies as they may stand in logs and errors.

use url::Url;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Query parameters and form fields whose values open doors. Other parameters are shown.
const SECRET_NAMES: [&str; 9] = [
    "access_token",
    "token",
    "x-fylr-signature",
    "password",
    "client_secret",
    "refresh_token",
    "set_password",
    "x-amz-signature",
    "x-amz-security-token",
];
/// Headers whose values open doors, in lower case.
const SECRET_HEADERS: [&str; 7] = [
    "authorization",
    "x-fylr-authorization",
    "x-easydb-token",
    "x-fylr-signature",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Whether a parameter or field of this name holds a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Whether a member of JSON with this name holds a secret.
#[must_use]
pub fn is_secret_member(name: &str) -> bool {
    is_secret(name) || SECRET_MEMBERS.contains(&name)
}

/// Whether a header of this name holds a secret.
#[must_use]
pub fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// The URL without user info, its secret parameters masked.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // A URL that has no place for user info has none.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    if url.query().is_some() {
        let pairs = url.query_pairs().map(|(name, value)| {
            // A URL can be the value of a parameter: files are named so.
            let inner = || Url::parse(&value).ok().filter(Url::has_host).map(|url| self::shown(&url));
            let value = if is_secret(&name) { MASK.to_owned() } else { inner().unwrap_or_else(|| value.into_owned()) };
            (name.into_owned(), value)
        });
        let pairs = pairs.collect::<Vec<_>>();
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown.to_string()
}

/// The start of a body with the values of secret members masked, for `--log-network`.
#[must_use]
pub fn shown_body(bytes: &[u8], length_max: usize) -> String {
    // A secret that is cut off at the end must not lose its closing quote and so its mask: mask first, cut then.
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(length_max + SLACK)]);
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, name, after)) = next_member(rest) {
        out.push_str(before);
        let value_end = if is_secret_member(name) { string_end(after) } else { 0 };
        if value_end > 0 {
            out.push('"');
            out.push_str(MASK);
            out.push('"');
        }
        rest = &after[value_end..];
    }
    out.push_str(rest);
    out.truncate(out.floor_char_boundary(length_max));
    masked_parameters(&out)
}

/// Bytes beyond the cut that are looked at for the end of a secret.
const SLACK: usize = 4096;
/// Members of JSON that hold secrets, beside those of [`SECRET_NAMES`].
const SECRET_MEMBERS: [&str; 6] =
    ["_password_hash", "_password_insecure_hash", "_password_insecure_hash_salt", "pin_code", "id_token", "_password"];

/// What stands before the next `"name":`'s value (the colon included), the name, and what follows.
fn next_member(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let colon = from + text[from..].find(':')?;
        from = colon + 1;
        let Some(name) = text[..colon].trim_end().strip_suffix('"') else { continue };
        let value = text.len() - text[from..].trim_start().len();
        if text[value..].starts_with('"') {
            let name = &name[name.rfind('"').map_or(0, |at| at + 1)..];
            return Some((&text[..value], name, &text[value..]));
        }
    }
}

/// Where the JSON string at the start of `text` ends.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The text with the values of secret parameters of URLs in it masked.
fn masked_parameters(text: &str) -> String {
    let mut out = text.to_owned();
    for name in SECRET_NAMES {
        let wanted = format!("{name}=");
        let mut from = 0;
        while let Some(found) = out[from..].to_ascii_lowercase().find(&wanted) {
            let start = from + found + wanted.len();
            let length = out[start..].find(['&', '"', '\\', ' ', '#']).unwrap_or(out.len() - start);
            out.replace_range(start..start + length, MASK);
            from = start + MASK.len();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_what_opens_doors() {
        let url = Url::parse("https://me:pw@h/api/v1/x?limit=5&access_token=s3&Token=s4#f").unwrap();
        assert_eq!(shown(&url), "https://h/api/v1/x?limit=5&access_token=***&Token=***");
    }

    #[test]
    fn bodies_are_shown_without_what_opens_doors() {
        let body =
            br#"{"access_token":"s3","n":1,"a":"b","url":"https://h/x?x-fylr-signature=ab&v=1","password" : "p\"w"}"#;
        let shown = shown_body(body, 500);
        assert_eq!(
            shown,
            r#"{"access_token":"***","n":1,"a":"b","url":"https://h/x?x-fylr-signature=***&v=1","password" : "***"}"#
        );
        assert!(!shown_body(br#"{"access_token":"s3cr3t"}"#, 20).contains("s3cr3t"));
    }
}
