//! Text as values. What is no JSON to the letter of RFC 8259 is refused, so that nobody needs to look at it before or
//! after.

use std::borrow::Cow;

use wide::u8x16;

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
        let mut reader = Reader::new(text);
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
        Self { reader: Reader::new(text), next: Next::Bracket }
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

/// A place in a text, from which values are read one after the other.
pub(crate) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The last string has a backslash in it.
    is_escaped: bool,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, is_escaped: false }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether the string or the name that was read last is written otherwise than it reads.
    pub(crate) fn is_escaped(&self) -> bool {
        self.is_escaped
    }

    /// Goes back to a place where it was before.
    pub(crate) fn go_back(&mut self, at: usize) {
        self.at = at;
    }

    /// The text from a place on to here.
    pub(crate) fn since(&self, at: usize) -> &'t str {
        &self.text[at..self.at]
    }

    /// Goes into the array or object that begins here; whether there is anything in it.
    pub(crate) fn enter(&mut self, end: u8) -> Result<bool, Unreadable> {
        self.at += 1;
        let is_empty = self.peek()? == end;
        self.at += usize::from(is_empty);
        Ok(!is_empty)
    }

    /// The name of the member that begins here, without its quotes; its value follows.
    pub(crate) fn name(&mut self) -> Result<&'t str, Unreadable> {
        self.peek()?;
        let name = self.string()?;
        if self.peek()? != b':' {
            return Err(Unreadable::NotJson);
        }
        self.at += 1;
        self.peek()?;
        Ok(&name[1..name.len() - 1])
    }

    /// Goes over a value without keeping it, as strict as who keeps it.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), Unreadable> {
        if depth > DEPTH_MAX {
            return Err(Unreadable::TooDeep);
        }
        let first = self.peek()?;
        if !matches!(first, b'{' | b'[') {
            return self.scalar(first).map(drop);
        }
        let end = if first == b'{' { b'}' } else { b']' };
        let mut is_over = !self.enter(end)?;
        while !is_over {
            if first == b'{' {
                self.name()?;
            }
            self.skip(depth + 1)?;
            is_over = self.is_last(end)?;
        }
        Ok(())
    }

    pub(crate) fn value(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        if depth > DEPTH_MAX {
            return Err(Unreadable::TooDeep);
        }
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            first => Ok(Json::Scalar(Cow::Borrowed(self.scalar(first)?))),
        }
    }

    /// A value that begins so and holds no others, as it stands there.
    pub(crate) fn scalar(&mut self, first: u8) -> Result<&'t str, Unreadable> {
        match first {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        if !self.enter(b'}')? {
            return Ok(Json::Object(Members::default()));
        }
        let mut members = Vec::with_capacity(if depth <= OUTER { MEMBERS } else { 0 });
        loop {
            let name = self.name()?;
            members.push((Cow::Borrowed(name), self.value(depth + 1)?));
            if self.is_last(b'}')? {
                return Ok(Json::Object(Members(members)));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        if !self.enter(b']')? {
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
    pub(crate) fn is_last(&mut self, bracket: u8) -> Result<bool, Unreadable> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Ok(false),
            next if next == bracket => Ok(true),
            _ => Err(Unreadable::NotJson),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<&'t str, Unreadable> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Unreadable::NotJson);
        }
        self.at += word.len();
        Ok(word)
    }

    fn number(&mut self) -> Result<&'t str, Unreadable> {
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
        Ok(&self.text[start..self.at])
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
    pub(crate) fn peek(&mut self) -> Result<u8, Unreadable> {
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
    pub(crate) fn end(&mut self) -> Result<(), Unreadable> {
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
        self.is_escaped = false;
        loop {
            at = special(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(&self.text[start..=at]);
                }
                Some(b'\\') => {
                    self.is_escaped = true;
                    at += 1 + escaped(&bytes[at + 1..])?;
                }
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

/// From `at` on the next byte that is not simply text: a quote, a backslash, or what must not stand there. Most of a
/// record is long texts: they are gone over in large steps.
fn special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<STEP>) {
        let marked = marked(block);
        if marked != 0 {
            return at + marked.trailing_zeros() as usize;
        }
        at += STEP;
        while let Some(stride) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ 4 * STEP }>) {
            let [one, two, three, four] = stride.as_chunks::<STEP>().0 else { break };
            let (front, back) = (special_in(one) | special_in(two), special_in(three) | special_in(four));
            if (front | back).any() {
                break;
            }
            at += 4 * STEP;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// Bytes that are looked at at once.
const STEP: usize = 16;

#[inline]
fn special_in(block: &[u8; STEP]) -> u8x16 {
    let block = u8x16::new(*block);
    let control = block.min(u8x16::splat(0x1f)).simd_eq(block);
    block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\')) | control
}

/// A bit for each byte that is not simply text.
#[inline]
fn marked(block: &[u8; STEP]) -> u32 {
    special_in(block).to_bitmask()
}
