//! Reads JSON (RFC 8259) into a tree that borrows what it can.

use std::borrow::Cow;

use crate::rehearsal::json::Node;
use crate::rehearsal::json::write::HOLE;

/// The deepest nesting that is read: records nest about ten levels, and the stack bears far more than this.
const DEPTH_MAX: usize = 128;

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct ParseError {
    pub what: &'static str,
    pub at: usize,
}

/// Reads one JSON value and nothing after it but white space.
///
/// # Errors
/// When the text is not JSON, not UTF-8, or nests too deep.
pub fn parse(text: &[u8]) -> Result<Node<'_>, ParseError> {
    read(text, false)
}

/// Reads a value that was stored with holes in it; these come back as they were written.
///
/// # Errors
/// As [`parse`].
pub fn parse_stored(text: &str) -> Result<Node<'_>, ParseError> {
    read(text.as_bytes(), true)
}

fn read(text: &[u8], holes: bool) -> Result<Node<'_>, ParseError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => return Err(ParseError { what: "bytes that are not UTF-8", at: error.valid_up_to() }),
    };
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, depth: 0, holes };
    parser.space();
    let node = parser.value()?;
    parser.space();
    if parser.at < parser.bytes.len() { Err(parser.error("something after the end")) } else { Ok(node) }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    holes: bool,
}

impl<'a> Parser<'a> {
    fn error(&self, what: &'static str) -> ParseError {
        ParseError { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node<'a>, ParseError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Node::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Node::Bool(true)),
            Some(b'f') => self.literal("false", Node::Bool(false)),
            Some(b'n') => self.literal("null", Node::Null),
            Some(byte) if byte == HOLE as u8 && self.holes => self.hole(),
            Some(_) => Err(self.error("no JSON value")),
            None => Err(self.error("an unexpected end")),
        }
    }

    fn nested(&mut self, read: impl Fn(&mut Self) -> Result<Node<'a>, ParseError>) -> Result<Node<'a>, ParseError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("too many levels"));
        }
        self.at += 1;
        self.space();
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn object(&mut self) -> Result<Node<'a>, ParseError> {
        let mut members = Vec::new();
        if self.skip(b'}') {
            return Ok(Node::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("no member name"));
            }
            let name = self.string()?;
            self.space();
            if !self.skip(b':') {
                return Err(self.error("no colon"));
            }
            self.space();
            members.push((name, self.value()?));
            self.space();
            if self.skip(b'}') {
                return Ok(Node::Object(members));
            }
            self.comma()?;
        }
    }

    fn list(&mut self) -> Result<Node<'a>, ParseError> {
        let mut elements = Vec::new();
        if self.skip(b']') {
            return Ok(Node::List(elements));
        }
        loop {
            elements.push(self.value()?);
            self.space();
            if self.skip(b']') {
                return Ok(Node::List(elements));
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Result<(), ParseError> {
        if !self.skip(b',') {
            return Err(self.error("no comma"));
        }
        self.space();
        Ok(())
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn literal(&mut self, text: &str, node: Node<'a>) -> Result<Node<'a>, ParseError> {
        if !self.text[self.at..].starts_with(text) {
            return Err(self.error("no JSON value"));
        }
        self.at += text.len();
        Ok(node)
    }

    fn number(&mut self) -> Result<Node<'a>, ParseError> {
        let start = self.at;
        self.skip(b'-');
        let is_zero = self.peek() == Some(b'0');
        if self.digits() == 0
            || (is_zero && self.bytes[start..self.at].iter().filter(|b| b.is_ascii_digit()).count() > 1)
        {
            return Err(self.error("no number"));
        }
        if self.skip(b'.') && self.digits() == 0 {
            return Err(self.error("no digit after the point"));
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.error("no exponent"));
            }
        }
        Ok(Node::Number(Cow::Borrowed(&self.text[start..self.at])))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn hole(&mut self) -> Result<Node<'a>, ParseError> {
        let rest = &self.text[self.at + 1..];
        let end = rest.find(HOLE).ok_or_else(|| self.error("a hole without an end"))?;
        let start = self.at;
        self.at += end + 2;
        Ok(Node::Raw(Cow::Borrowed(&self.text[start..self.at])))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ParseError> {
        self.at += 1;
        let start = self.at;
        let end = self.plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        let mut text = self.text[start..end].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escaped()?),
                Some(_) => return Err(self.error("a control character in a text")),
                None => return Err(self.error("an unexpected end")),
            }
            let start = self.at;
            let end = self.plain();
            text.push_str(&self.text[start..end]);
        }
    }

    /// Goes over what stands for itself.
    fn plain(&mut self) -> usize {
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                break;
            }
            self.at += 1;
        }
        self.at
    }

    fn escaped(&mut self) -> Result<char, ParseError> {
        self.at += 2;
        Ok(match self.bytes.get(self.at - 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.error("an unknown escape")),
        })
    }

    /// Half of a pair without the other half becomes U+FFFD, as Go does it.
    fn unicode(&mut self) -> Result<char, ParseError> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, ParseError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.ok_or_else(|| self.error("no four hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            r#"{"a":[1,2.50,-0,1e5,9007199254740993,123456789012345678901234567890],"b":{"ü":null,"c":true}}"#,
            r#"["\"\\\n\u0001","🏺",{},[],""]"#,
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "01", "1.", "\"\u{1}\"", "nul", "1 2", "\"\\x\"", "\u{1}L1\u{1}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse("[".repeat(1000).as_bytes()).is_err());
    }

    #[test]
    fn escapes_mean_their_characters() {
        let node = parse(br#""\u00fc\ud83c\udffa\ud800x""#).unwrap();
        assert_eq!(node.text(), Some("ü🏺\u{fffd}x"));
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_json(text in prop::collection::vec(prop::sample::select(br#"[]{}",\:a1 u0e.-"#.to_vec()), 0..24)) {
            let ours = parse(&text).is_ok();
            let theirs = serde_json::from_slice::<serde_json::Value>(&text);
            // Out of range for a float is no fault of the text.
            let theirs_is_range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            let surrogate = theirs.as_ref().is_err_and(|error| error.to_string().contains("surrogate") || error.to_string().contains("hex escape"));
            if !theirs_is_range && !surrogate {
                prop_assert_eq!(ours, theirs.is_ok());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&text);
        }
    }
}
