//! JSON text read in place: values are found in it, cut out of it and put into it, never built. Whatever is not asked
//! for is skipped without recursion, so no nesting can exhaust the stack.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text with blanks for a byte order mark and for `//` comments outside of strings, so that all offsets stay.
pub(super) fn without_comments(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(bytes);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        text.to_mut()[..BYTE_ORDER_MARK.len()].fill(b' ');
    }
    let mut in_string = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'/' if !in_string && bytes.get(at + 1) == Some(&b'/') => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
                text.to_mut()[at..end].fill(b' ');
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    text
}

/// The values of `keys` in a JSON object, the last one where a key is given twice.
///
/// # Errors
/// When `object` is not JSON, or not an object (then the error is one of data).
pub(super) fn find<'t, const N: usize>(
    object: &'t [u8],
    keys: [&str; N],
) -> Result<[Option<&'t RawValue>; N], serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(object);
    let found = json.deserialize_map(Find(keys))?;
    json.end()?;
    Ok(found)
}

struct Find<'k, const N: usize>([&'k str; N]);

impl<'t, const N: usize> Visitor<'t> for Find<'_, N> {
    type Value = [Option<&'t RawValue>; N];

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = [None; N];
        // Keys are taken raw as well: one that is no Unicode is none of ours, but no reason to refuse the object.
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let key = string(key.get());
            if let Some(at) = self.0.iter().position(|wanted| key.as_deref() == Some(*wanted)) {
                found[at] = Some(value);
            }
        }
        Ok(found)
    }
}

/// The text of a JSON string; `None` for other values and for what is no Unicode.
pub(super) fn string(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Where `part` stands in the `text` it was found in.
pub(super) fn span(text: &[u8], part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + part.get().len()
}

/// The bytes with other text at the given spans, which are sorted and do not overlap.
pub(super) fn splice(bytes: &[u8], changes: &[(Range<usize>, String)]) -> Vec<u8> {
    let mut spliced = Vec::with_capacity(bytes.len() + changes.iter().map(|(_, text)| text.len()).sum::<usize>());
    let mut at = 0;
    for (span, text) in changes {
        spliced.extend_from_slice(&bytes[at..span.start]);
        spliced.extend_from_slice(text.as_bytes());
        at = span.end;
    }
    spliced.extend_from_slice(&bytes[at..]);
    spliced
}
