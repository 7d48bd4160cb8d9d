//! Text as values. What is no JSON to the letter of RFC 8259 is refused, so that nobody needs to look at it before or
//! after.

use std::borrow::Cow;

use crate::fylr::json::{DEPTH_MAX, Json, Members, Unreadable};

/// Room for members: records have about twenty, the rest few.
const MEMBERS: usize = 24;
/// Where records and their blocks stand.
const OUTER: usize = 2;

impl<'t> Json<'t> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// When it is no JSON, or nested too deeply.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Unreadable> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.end()?;
        Ok(value)
    }
}

/// The elements of an array, each as its text and taken apart, one after the other. After an error there are no more;
/// without one the text was JSON from its beginning to its end.
pub(crate) struct Elements<'t> {
    reader: Reader<'t>,
    next: Next,
}

/// What is to be looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Bracket,
    CommaOrBracket,
    Nothing,
}

impl<'t> Elements<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { reader: Reader { text, at: 0 }, next: Next::Bracket }
    }

    /// Goes to where an element begins; whether there is one.
    fn go(&mut self) -> Result<bool, Unreadable> {
        let is_there = match self.next {
            Next::Nothing => return Ok(false),
            Next::Bracket if self.reader.peek()? != b'[' => return Err(Unreadable::NotJson),
            Next::Bracket => {
                self.reader.at += 1;
                let is_empty = self.reader.peek()? == b']';
                self.reader.at += usize::from(is_empty);
                !is_empty
            }
            Next::CommaOrBracket => !self.reader.is_last(b']')?,
        };
        if is_there {
            self.reader.peek()?;
        } else {
            self.reader.end()?;
        }
        Ok(is_there)
    }
}

impl<'t> Iterator for Elements<'t> {
    type Item = Result<(&'t str, Json<'t>), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = match self.go() {
            Ok(false) => {
                self.next = Next::Nothing;
                return None;
            }
            Ok(true) => {
                let start = self.reader.at;
                self.reader.value(1).map(|json| (&self.reader.text[start..self.reader.at], json))
            }
            Err(error) => Err(error),
        };
        self.next = if element.is_ok() { Next::CommaOrBracket } else { Next::Nothing };
        Some(element)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        if depth > DEPTH_MAX {
            return Err(Unreadable::TooDeep);
        }
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => Ok(Json::Scalar(Cow::Borrowed(self.string()?))),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Json::Object(Members::default()));
        }
        let mut members = Vec::with_capacity(if depth <= OUTER { MEMBERS } else { 0 });
        loop {
            self.peek()?;
            let key = self.string()?;
            if self.peek()? != b':' {
                return Err(Unreadable::NotJson);
            }
            self.at += 1;
            members.push((Cow::Borrowed(&key[1..key.len() - 1]), self.value(depth + 1)?));
            if self.is_last(b'}')? {
                return Ok(Json::Object(Members(members)));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        self.at += 1;
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Json::Array(Vec::new()));
        }
        let mut items = Vec::new();
        loop {
            items.push(self.value(depth + 1)?);
            if self.is_last(b']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    /// Behind an element: whether the bracket follows, or a comma and thus another one.
    fn is_last(&mut self, bracket: u8) -> Result<bool, Unreadable> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Ok(false),
            next if next == bracket => Ok(true),
            _ => Err(Unreadable::NotJson),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<Json<'t>, Unreadable> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Unreadable::NotJson);
        }
        self.at += word.len();
        Ok(Json::Scalar(Cow::Borrowed(word)))
    }

    fn number(&mut self) -> Result<Json<'t>, Unreadable> {
        let start = self.at;
        self.take(|byte| byte == b'-', 1);
        let first = self.text.as_bytes().get(self.at).copied();
        if self.digits()? > 1 && first == Some(b'0') {
            return Err(Unreadable::NotJson);
        }
        if self.take(|byte| byte == b'.', 1) > 0 {
            self.digits()?;
        }
        if self.take(|byte| matches!(byte, b'e' | b'E'), 1) > 0 {
            self.take(|byte| matches!(byte, b'+' | b'-'), 1);
            self.digits()?;
        }
        Ok(Json::Scalar(Cow::Borrowed(&self.text[start..self.at])))
    }

    /// How many digits there were, at least one.
    fn digits(&mut self) -> Result<usize, Unreadable> {
        match self.take(|byte| byte.is_ascii_digit(), usize::MAX) {
            0 => Err(Unreadable::NotJson),
            count => Ok(count),
        }
    }

    /// Goes over so many bytes of a kind at most; how many there were.
    fn take(&mut self, is_one: impl Fn(u8) -> bool, most: usize) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take(most).take_while(|byte| is_one(**byte)).count();
        self.at += count;
        count
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Result<u8, Unreadable> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(Unreadable::NotJson)
    }

    /// Nothing but blanks may follow.
    fn end(&mut self) -> Result<(), Unreadable> {
        if self.peek().is_ok() { Err(Unreadable::NotJson) } else { Ok(()) }
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> Result<&'t str, Unreadable> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if bytes.get(start) != Some(&b'"') {
            return Err(Unreadable::NotJson);
        }
        let mut at = start + 1;
        loop {
            at = special(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(&self.text[start..=at]);
                }
                Some(b'\\') => at += 1 + escaped(&bytes[at + 1..])?,
                _ => return Err(Unreadable::NotJson),
            }
        }
    }
}

/// How many bytes belong to the backslash in front of them.
fn escaped(rest: &[u8]) -> Result<usize, Unreadable> {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(1),
        [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => Ok(5),
        _ => Err(Unreadable::NotJson),
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

/// From `at` on the next byte that is not simply text: a quote, a backslash, or what must not stand there. Eight at a
/// time; the lowest byte that is marked is marked rightly, those above it may not be.
fn special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let (quote, backslash) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
        let quotes = quote.wrapping_sub(ONES) & !quote;
        let backslashes = backslash.wrapping_sub(ONES) & !backslash;
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let marked = (quotes | backslashes | controls) & HIGHS;
        if marked != 0 {
            return at + (marked.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}
