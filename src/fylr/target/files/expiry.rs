//! When the URL of a file ends to be good, as far as the URL says it. How fylr writes that into its signature is documented
//! nowhere, so that every form is read in which a time is usually told; a URL that tells none is not thought to have ended.

use url::Url;

/// Times before 2015 and after 2100 are no times of expiry but other numbers.
const TIMES: std::ops::Range<i64> = 1_420_070_400..4_102_444_800;
/// Parameters that hold the time itself, in seconds or as a date.
const ENDS: [&str; 5] = ["expires", "expire", "expiry", "exp", "x-fylr-expires"];
const SIGNATURE: &str = "x-fylr-signature";

/// Seconds since 1970 up to which a URL is good; `None`: it does not say.
pub(crate) fn expiry(text: &str) -> Option<i64> {
    // Most URLs end never, or are told of by another: they need not be taken apart.
    let (_, query) = text.split_once('?')?;
    if query.is_empty() {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let mut amazon = (None, None);
    let mut found = None;
    for (name, value) in url.query_pairs() {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            SIGNATURE => found = found.or_else(|| signed(&value)),
            "x-amz-date" => amazon.0 = compact(&value),
            "x-amz-expires" => amazon.1 = value.parse::<i64>().ok(),
            name if ENDS.contains(&name) => found = found.or_else(|| time(&value)),
            _ => {}
        }
    }
    found.or_else(|| Some(amazon.0? + amazon.1?))
}

/// The time in a signature: `v1-<hexadecimal>-…`, or seconds among its parts.
fn signed(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split(['-', '.', ':', '~', '|']).collect();
    if let ["v1", expires, _, ..] = parts[..] {
        let is_time = |seconds: &i64| TIMES.contains(seconds);
        return i64::from_str_radix(expires, 16).ok().filter(is_time).or_else(|| seconds(expires));
    }
    parts.into_iter().find_map(seconds)
}

fn time(text: &str) -> Option<i64> {
    seconds(text).or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.as_second()))
}

/// Seconds or milliseconds since 1970, in decimal digits and nothing else.
fn seconds(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    [number, number / 1000].into_iter().find(|seconds| TIMES.contains(seconds))
}

/// `20260101T080000Z`
fn compact(text: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_url_is_read_where_it_is_told() {
        let day = 1_767_225_600;
        for (query, expected) in [
            ("x-fylr-signature=v1-6955b900-17-00112233445566778899aabbccddeeff", Some(day)),
            ("x-fylr-signature=v1-1767225600-abc-ff", Some(day)),
            ("x-fylr-signature=1767225600.c2lnbmF0dXJl", Some(day)),
            ("w=1&expires=1767225600&x-fylr-signature=abc", Some(day)),
            ("Expires=1767225600000", Some(day)),
            ("expiry=2026-01-01T00%3A00%3A00Z&sig=x", Some(day)),
            ("X-Amz-Date=20251231T230000Z&X-Amz-Expires=3600&X-Amz-Signature=ab", Some(day)),
            ("x-fylr-signature=v1-dfafe115cf98268e2144483ddfad23d2", None),
            ("x-fylr-signature=", None),
            ("x-fylr-signature=v1-", None),
            ("access_token=1767225600", None),
            ("w=1767225600", None),
            ("", None),
        ] {
            assert_eq!(expiry(&format!("https://h/eas/1/o.png?{query}")), expected, "{query}");
        }
        assert_eq!(expiry("https://h/1767225600/o.png"), None);
        assert_eq!(expiry("no url?expires=1767225600"), None);
    }
}
