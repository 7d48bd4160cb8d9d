//! Volatile values: what differs in every backup though nothing changed. They are the values of the query parameters
//! `x-fylr-signature` and `access_token`, wherever they stand in a record. They are cut out before a record is
//! addressed and put back at the same places: `fill(strip(record)) == record` for every byte string.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, Match, MatchKind, Span, packed};

/// What stands in front of a volatile value.
const PARAMETERS: [&str; 2] = ["x-fylr-signature=", "access_token="];
/// The member that tells an older version of a record from its current one.
const LATEST_VERSION: &str = "\"_latest_version\"";

/// Looks for the three texts in one pass.
struct Scanner {
    /// With vector instructions, where the processor has them: ten times as fast.
    packed: Option<packed::Searcher>,
    any: AhoCorasick,
}

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let texts = [PARAMETERS[0], PARAMETERS[1], LATEST_VERSION];
    let any = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(texts);
    Scanner { packed: packed::Searcher::new(texts), any: any.expect("three short texts can be searched for") }
});

/// The first of the texts in `bytes` from `start` on.
fn find(bytes: &[u8], start: usize) -> Option<Match> {
    let span = Span { start, end: bytes.len() };
    match &SCANNER.packed {
        Some(packed) => packed.find_in(bytes, span),
        None => SCANNER.any.find(Input::new(bytes).span(span)),
    }
}

/// Where each parameter ends in `bytes`.
fn parameter_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let hits = std::iter::successors(find(bytes, 0), |hit| find(bytes, hit.end()));
    hits.filter(|hit| hit.pattern().as_usize() < PARAMETERS.len()).map(|hit| hit.end())
}

/// Bytes of which a value consists: those that RFC 3986 allows in a query, less what ends a parameter (`&`), a JSON
/// string or an escape. No byte of a parameter's name ends a value and every value ends before one of the others, so
/// cutting values can neither make nor hide a parameter.
static BYTES: [ByteClass; 256] = {
    let mut table = [ByteClass::End; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => ByteClass::Hex(digit - b'0'),
            digit @ b'a'..=b'f' => ByteClass::Hex(digit - b'a' + 10),
            b'A'..=b'Z' | b'g'..=b'z' => ByteClass::Value,
            b'-' | b'.' | b'_' | b'~' | b'%' | b'+' | b'=' | b'/' | b':' | b'@' => ByteClass::Value,
            _ => ByteClass::End,
        };
        byte += 1;
    }
    table
};

/// What a byte means in a value.
#[derive(Clone, Copy)]
enum ByteClass {
    /// It ends the value.
    End,
    Value,
    /// A lower-case hexadecimal digit, and its worth.
    Hex(u8),
}

/// What one pass over a record found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stripped {
    /// Bytes left of the record.
    pub len: usize,
    /// Volatile values cut out, empty ones included.
    pub values: u32,
    /// The record says that it is not the latest version of its object.
    pub older_version: bool,
}

/// Cuts the volatile values out of `record` in place; what is left is its first [`Stripped::len`] bytes. The values
/// are appended to `values` in the packed form that [`fill`] reads.
pub fn strip(record: &mut [u8], values: &mut Vec<u8>) -> Stripped {
    let mut found = Stripped { len: record.len(), ..Stripped::default() };
    let mut read = 0;
    let mut written = None;
    while let Some(hit) = find(record, read) {
        let end = hit.end();
        if hit.pattern().as_usize() == PARAMETERS.len() {
            found.older_version |= is_false(&record[end..]);
            written = written.map(|written| move_down(record, read..end, written));
            read = end;
            continue;
        }
        let length = pack(&record[end..], values);
        found.values += 1;
        written = Some(match written {
            Some(written) => move_down(record, read..end, written),
            None => end,
        });
        read = end + length;
    }
    if let Some(written) = written {
        let end = record.len();
        found.len = move_down(record, read..end, written);
    }
    found
}

fn move_down(record: &mut [u8], from: std::ops::Range<usize>, to: usize) -> usize {
    let length = from.len();
    record.copy_within(from, to);
    to + length
}

/// Whether the member that follows its name is `false`.
fn is_false(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    rest.strip_prefix(b":").is_some_and(|value| value.trim_ascii_start().starts_with(b"false"))
}

/// Values that cannot be the ones cut out of this record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("volatile values do not fit their record")]
pub struct Misfit;

/// Puts the packed `values` back into `stripped` and appends the record to `out`.
///
/// # Errors
/// When there are fewer or more values than places.
pub fn fill(stripped: &[u8], mut values: &[u8], out: &mut Vec<u8>) -> Result<(), Misfit> {
    let mut read = 0;
    for end in parameter_ends(stripped) {
        out.extend_from_slice(&stripped[read..end]);
        read = end;
        values = unpack(values, out)?;
    }
    out.extend_from_slice(&stripped[read..]);
    if values.is_empty() { Ok(()) } else { Err(Misfit) }
}

/// How many volatile values a stripped record has places for.
#[must_use]
pub fn places(stripped: &[u8]) -> u32 {
    parameter_ends(stripped).count() as u32
}

/// How many of the packed `values`' bytes belong to the next `count` values.
///
/// # Errors
/// When there are fewer values.
pub fn span(values: &[u8], count: u32) -> Result<usize, Misfit> {
    let mut at = 0;
    for _ in 0..count {
        let (head, width) = head(&values[at..])?;
        at += width + head.stored();
        if at > values.len() {
            return Err(Misfit);
        }
    }
    Ok(at)
}

/// In front of each packed value: its length, and whether it is hex with two digits a byte. As LEB128 of
/// `length * 2 + hex`.
struct Head {
    length: usize,
    hex: bool,
}

impl Head {
    fn stored(&self) -> usize {
        if self.hex { self.length / 2 } else { self.length }
    }
}

/// Packs the value that begins `bytes`; its length.
fn pack(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let class = |byte: &u8| BYTES[usize::from(*byte)];
    let digits = bytes.iter().take_while(|byte| matches!(class(byte), ByteClass::Hex(_))).count();
    let others = bytes[digits..].iter().take_while(|byte| !matches!(class(byte), ByteClass::End)).count();
    let length = digits + others;
    let hex = others == 0 && length > 0 && length % 2 == 0;
    let mut head = length * 2 + usize::from(hex);
    while head >= 0x80 {
        out.push(head as u8 | 0x80);
        head >>= 7;
    }
    out.push(head as u8);
    if hex {
        let worth = |byte: u8| if let ByteClass::Hex(worth) = BYTES[usize::from(byte)] { worth } else { 0 };
        out.extend(bytes[..length].as_chunks::<2>().0.iter().map(|[high, low]| worth(*high) << 4 | worth(*low)));
    } else {
        out.extend_from_slice(&bytes[..length]);
    }
    length
}

fn head(bytes: &[u8]) -> Result<(Head, usize), Misfit> {
    let mut value = 0usize;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok((Head { length: value >> 1, hex: value & 1 == 1 }, at + 1));
        }
    }
    Err(Misfit)
}

fn unpack<'a>(values: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Misfit> {
    let (head, width) = head(values)?;
    let (stored, rest) = values[width..].split_at_checked(head.stored()).ok_or(Misfit)?;
    if head.hex {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        out.extend(stored.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
    } else {
        out.extend_from_slice(stored);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

    fn round_trip(record: &[u8]) -> (Vec<u8>, Stripped) {
        let mut stripped = record.to_vec();
        let mut values = Vec::new();
        let found = strip(&mut stripped, &mut values);
        stripped.truncate(found.len);
        let mut filled = Vec::new();
        fill(&stripped, &values, &mut filled).expect("values fit the record they were cut from");
        assert_eq!(filled, record);
        assert_eq!(span(&values, found.values), Ok(values.len()));
        (stripped, found)
    }

    #[test]
    fn signatures_and_tokens_are_cut_out() {
        let (stripped, found) = round_trip(
            br#"{"url":"https://x/y?access_token=Zm9v&x-fylr-signature=00ff","o":"a?x-fylr-signature=&b","p":"\u0026access_token=\""}"#,
        );
        assert_eq!(
            stripped,
            br#"{"url":"https://x/y?access_token=&x-fylr-signature=","o":"a?x-fylr-signature=&b","p":"\u0026access_token=\""}"#
        );
        assert_eq!(found.values, 4);
    }

    #[test]
    fn both_ways_of_looking_find_the_same() {
        let text =
            br#"access_token=1&x-fylr-signature=2 "_latest_version":false access_tokenaccess_token=x-fylr-signature="#
                .repeat(9);
        let any: Vec<Match> = SCANNER.any.find_iter(&text).collect();
        let found = std::iter::successors(find(&text, 0), |hit| find(&text, hit.end()));
        assert_eq!(found.collect::<Vec<_>>(), any);
    }

    #[test]
    fn a_fresh_signature_leaves_the_same_record() {
        let with = |signature: &str| round_trip(format!("{{\"u\":\"?x-fylr-signature={signature}\"}}").as_bytes()).0;
        assert_eq!(with(&"ab".repeat(64)), with(&"12".repeat(64)));
    }

    #[test]
    fn older_versions_are_seen() {
        for (record, older) in [
            (r#"{"_latest_version":false}"#, true),
            ("{\"_latest_version\" :\n false}", true),
            (r#"{"_latest_version":true}"#, false),
            (r#"{"_latest_version_deleted_at":false}"#, false),
            (r#"{"a":1}"#, false),
        ] {
            assert_eq!(round_trip(record.as_bytes()).1.older_version, older, "{record}");
        }
    }

    #[test]
    fn values_of_another_record_are_refused() {
        let mut out = Vec::new();
        assert_eq!(fill(b"?access_token=", b"", &mut out), Err(Misfit));
        assert_eq!(fill(b"nothing", b"\x00", &mut out), Err(Misfit));
        assert_eq!(fill(b"?access_token=", b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", &mut out), Err(Misfit));
    }

    fn odd_record() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"x-fylr-signature=".to_vec()),
            Just(b"access_token=".to_vec()),
            Just(b"access_token".to_vec()),
            Just(b"x-fylr-".to_vec()),
            Just(b"\"_latest_version\":false".to_vec()),
            Just(b"0123456789abcdef".to_vec()),
            Just(b"&".to_vec()),
            Just(b"\"".to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn filling_undoes_stripping(record in odd_record()) {
            let (stripped, _) = round_trip(&record);
            let (again, _) = round_trip(&stripped);
            prop_assert_eq!(again, stripped);
        }
    }
}
