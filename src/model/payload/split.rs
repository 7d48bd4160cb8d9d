//! Takes a payload apart at its records, in one pass over bytes that arrive in pieces.
//!
//! The splitter only looks for structure and believes what it sees: of JSON it finds the elements of the top-level
//! array, or of each array that is a member of the top-level object. Whether the bytes are JSON at all is for
//! [`Validator`](super::validate::Validator) to say; on anything else the splitter's marks are harmless, for the bytes
//! between the marks and in them are all kept.

use memchr::memchr2;
use wide::u8x16;

use crate::model::payload::kind::PayloadKind;

/// The longest member name or type name that is looked at.
const NAME_MAX: usize = 256;
/// Arrays of the top-level object that are looked into; the payloads of every known kind have one.
const ARRAYS_MAX: usize = 64;

/// An element that has ended: places count from the first byte of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub start: u64,
    pub end: u64,
    /// Which of [`Outline::arrays`] it is an element of.
    pub array: usize,
}

/// An array that may hold the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrayOutline {
    /// Its member name; `None` for the top-level array.
    pub name: Option<String>,
    pub elements: u64,
    pub bytes: u64,
}

/// What the skeleton of a payload tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    pub import_type: Option<String>,
    pub objecttype: Option<String>,
    pub arrays: Vec<ArrayOutline>,
}

impl Outline {
    /// The payload's kind: its `import_type`, else what its array and file name say.
    #[must_use]
    pub fn kind(&self, file_name: &str) -> PayloadKind {
        match &self.import_type {
            Some(name) => PayloadKind::from_import_type(name),
            None => {
                let array = self.arrays.iter().max_by_key(|array| array.bytes);
                PayloadKind::guess(array.and_then(|array| array.name.as_deref()), file_name)
            }
        }
    }

    /// The place in [`Outline::arrays`] of the array that holds the records: the one that the kind names, else the
    /// largest.
    #[must_use]
    pub fn records(&self, kind: &PayloadKind) -> Option<usize> {
        let arrays = || self.arrays.iter().enumerate();
        arrays()
            .find(|(_, array)| kind.array().is_some() && array.name.as_deref() == kind.array())
            .or_else(|| arrays().max_by_key(|(at, array)| (array.bytes, std::cmp::Reverse(*at))))
            .map(|(at, _)| at)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the top-level value.
    Start,
    /// Before a member's name, or at the end of the top-level object.
    Member,
    /// In a member's name.
    Name,
    /// Between a name and its value.
    Colon,
    /// Before a member's value.
    Value,
    /// In a string value that is kept as a type name.
    Text,
    /// In an array, between elements.
    Between,
    /// In a container: an element, or a member's value.
    Container { element: bool },
    /// In a string: an element, or a member's value.
    String { element: bool },
    /// In a number or literal: an element, or a member's value.
    Scalar { element: bool },
    /// After the top-level value, or where there are no records.
    Done,
}

/// The state of one pass over one payload.
#[derive(Debug)]
pub struct Splitter {
    state: State,
    /// Bytes fed so far.
    offset: u64,
    /// Where the element begins that has not ended yet.
    element: u64,
    /// The top-level value is an object.
    in_object: bool,
    /// Containers open around the place, below the element or value.
    depth: u64,
    in_string: bool,
    escaped: bool,
    name: Vec<u8>,
    text: Vec<u8>,
    outline: Outline,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            state: State::Start,
            offset: 0,
            element: 0,
            in_object: false,
            depth: 0,
            in_string: false,
            escaped: false,
            name: Vec::new(),
            text: Vec::new(),
            outline: Outline::default(),
        }
    }
}

impl Splitter {
    /// Looks at the next bytes and appends a mark for each element that ends in them.
    pub fn feed(&mut self, bytes: &[u8], marks: &mut Vec<Mark>) {
        let mut at = 0;
        while at < bytes.len() {
            at = match self.state {
                State::Container { element } => self.container(bytes, at, element, marks),
                State::String { element } => self.string(bytes, at, element, marks),
                State::Name => self.name(bytes, at),
                State::Text => self.text(bytes, at),
                State::Done => bytes.len(),
                _ => self.structure(bytes, at, marks),
            };
        }
        self.offset += bytes.len() as u64;
    }

    /// Where the element begins that the bytes fed so far leave unfinished.
    #[must_use]
    pub fn open_element(&self) -> Option<u64> {
        match self.state {
            State::Container { element: true } | State::String { element: true } | State::Scalar { element: true } => {
                Some(self.element)
            }
            _ => None,
        }
    }

    /// What has been seen so far.
    #[must_use]
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// What has been seen.
    #[must_use]
    pub fn finish(self) -> Outline {
        self.outline
    }

    /// One byte of structure outside of containers and strings.
    fn structure(&mut self, bytes: &[u8], at: usize, marks: &mut Vec<Mark>) -> usize {
        let byte = bytes[at];
        if let State::Scalar { element } = self.state {
            if !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n') {
                return at + 1;
            }
            self.leave(at, element, marks);
            return at;
        }
        if byte.is_ascii_whitespace() {
            return at + 1;
        }
        match (self.state, byte) {
            (State::Start, 0xef | 0xbb | 0xbf) if self.offset + (at as u64) < 3 => {}
            (State::Start, b'[') => self.enter_array(None),
            (State::Start, b'{') => {
                self.in_object = true;
                self.state = State::Member;
            }
            (State::Member, b',') => {}
            (State::Member, b'"') => {
                self.name.clear();
                self.state = State::Name;
            }
            (State::Colon, b':') => self.state = State::Value,
            (State::Value, b'[') if self.outline.arrays.len() < ARRAYS_MAX => {
                let name = String::from_utf8_lossy(&self.name).into_owned();
                self.enter_array(Some(name));
            }
            (State::Value, b'"') if matches!(self.name.as_slice(), b"import_type" | b"objecttype") => {
                self.text.clear();
                self.state = State::Text;
            }
            (State::Value, _) => return self.enter_value(bytes, at, false),
            (State::Between, b',') => {}
            (State::Between, b']') => self.state = if self.in_object { State::Member } else { State::Done },
            (State::Between, _) => {
                self.element = self.offset + at as u64;
                return self.enter_value(bytes, at, true);
            }
            _ => self.state = State::Done,
        }
        at + 1
    }

    fn enter_array(&mut self, name: Option<String>) {
        self.outline.arrays.push(ArrayOutline { name, ..ArrayOutline::default() });
        self.state = State::Between;
    }

    fn enter_value(&mut self, bytes: &[u8], at: usize, element: bool) -> usize {
        self.state = match bytes[at] {
            b'{' | b'[' => {
                self.depth = 1;
                self.in_string = false;
                State::Container { element }
            }
            b'"' => State::String { element },
            _ => State::Scalar { element },
        };
        self.escaped = false;
        at + 1
    }

    /// The value before `end` is over.
    fn leave(&mut self, end: usize, element: bool, marks: &mut Vec<Mark>) {
        if !element {
            self.state = State::Member;
            return;
        }
        let mark = Mark { start: self.element, end: self.offset + end as u64, array: self.outline.arrays.len() - 1 };
        let array = &mut self.outline.arrays[mark.array];
        array.elements += 1;
        array.bytes += mark.end - mark.start;
        marks.push(mark);
        self.state = State::Between;
    }

    fn container(&mut self, bytes: &[u8], mut at: usize, element: bool, marks: &mut Vec<Mark>) -> usize {
        while let Some(block) = bytes[at..].first_chunk::<BLOCK>() {
            let masks = Masks::of(block);
            let end = if masks.backslash != 0 || self.escaped {
                self.slowly(block).map(|end| at + end)
            } else {
                self.quickly(&masks).map(|end| at + end)
            };
            if let Some(end) = end {
                self.leave(end, element, marks);
                return end;
            }
            at += BLOCK;
        }
        match self.slowly(&bytes[at..]) {
            Some(end) => {
                self.leave(at + end, element, marks);
                at + end
            }
            None => bytes.len(),
        }
    }

    /// Goes through a block without backslashes; where the container ends in it.
    fn quickly(&mut self, masks: &Masks) -> Option<usize> {
        let in_string = prefix_xor(masks.quote) ^ if self.in_string { u64::MAX } else { 0 };
        self.in_string = in_string >> 63 == 1;
        let (opens, closes) = (masks.open & !in_string, masks.close & !in_string);
        if u64::from(closes.count_ones()) < self.depth {
            self.depth = self.depth + u64::from(opens.count_ones()) - u64::from(closes.count_ones());
            return None;
        }
        let mut rest = opens | closes;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            if opens & bit != 0 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(bit.trailing_zeros() as usize + 1);
                }
            }
        }
        None
    }

    /// Goes through any bytes; where the container ends in them.
    fn slowly(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at = skip_string(bytes, at, &mut self.escaped)?;
                self.in_string = false;
            }
            while let Some(byte) = bytes.get(at) {
                at += 1;
                match byte {
                    b'"' => {
                        self.in_string = true;
                        self.escaped = false;
                        break;
                    }
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some(at);
                        }
                    }
                    _ => {}
                }
            }
        }
        None
    }

    fn string(&mut self, bytes: &[u8], at: usize, element: bool, marks: &mut Vec<Mark>) -> usize {
        match skip_string(bytes, at, &mut self.escaped) {
            None => bytes.len(),
            Some(after) => {
                self.leave(after, element, marks);
                after
            }
        }
    }

    fn name(&mut self, bytes: &[u8], at: usize) -> usize {
        let end = skip_string(bytes, at, &mut self.escaped);
        keep(&mut self.name, &bytes[at..end.map_or(bytes.len(), |end| end - 1)]);
        if end.is_some() {
            self.state = State::Colon;
        }
        end.unwrap_or(bytes.len())
    }

    fn text(&mut self, bytes: &[u8], at: usize) -> usize {
        let end = skip_string(bytes, at, &mut self.escaped);
        keep(&mut self.text, &bytes[at..end.map_or(bytes.len(), |end| end - 1)]);
        let Some(end) = end else { return bytes.len() };
        let text = unescape(&self.text);
        if self.name == b"import_type" {
            self.outline.import_type = text;
        } else {
            self.outline.objecttype = text;
        }
        self.state = State::Member;
        end
    }
}

/// The place behind the string's closing quote, if it is in `bytes`; `escaped` says that the byte at `at` follows a
/// backslash, and is kept for the next bytes.
fn skip_string(bytes: &[u8], mut at: usize, escaped: &mut bool) -> Option<usize> {
    if *escaped && at < bytes.len() {
        *escaped = false;
        at += 1;
    }
    loop {
        let found = at + memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[found] == b'"' {
            return Some(found + 1);
        }
        at = found + 2;
        if at > bytes.len() {
            *escaped = true;
            return None;
        }
    }
}

/// Appends to a name that is being read, up to [`NAME_MAX`].
fn keep(name: &mut Vec<u8>, bytes: &[u8]) {
    let room = NAME_MAX.saturating_sub(name.len());
    name.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// The text of a JSON string without its quotes.
fn unescape(text: &[u8]) -> Option<String> {
    serde_json::from_slice(&[b"\"", text, b"\""].concat()).ok()
}

/// Bytes that are looked at in one step.
const BLOCK: usize = 64;

/// Where the bytes that matter stand in a block, a bit each.
struct Masks {
    quote: u64,
    backslash: u64,
    open: u64,
    close: u64,
}

impl Masks {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self { quote: 0, backslash: 0, open: 0, close: 0 };
        for (part, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            // `[` and `{`, and `]` and `}`, differ in this bit alone.
            let folded = bytes | u8x16::splat(0x20);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << (16 * part);
            masks.quote |= bits(bytes.simd_eq(u8x16::splat(b'"')));
            masks.backslash |= bits(bytes.simd_eq(u8x16::splat(b'\\')));
            masks.open |= bits(folded.simd_eq(u8x16::splat(b'{')));
            masks.close |= bits(folded.simd_eq(u8x16::splat(b'}')));
        }
        masks
    }
}

/// Sets every bit from an odd one to the next.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    fn split(text: &[u8], piece: usize) -> (Vec<String>, Outline) {
        let mut splitter = Splitter::default();
        let mut marks = Vec::new();
        for bytes in text.chunks(piece) {
            splitter.feed(bytes, &mut marks);
        }
        let records = marks
            .iter()
            .map(|mark| String::from_utf8_lossy(&text[mark.start as usize..mark.end as usize]).into_owned())
            .collect();
        (records, splitter.finish())
    }

    #[test]
    fn elements_are_found_wherever_the_array_stands() {
        for (text, expected) in [
            (r#"[{"a":1},{"b":"]}"}]"#, vec![r#"{"a":1}"#, r#"{"b":"]}"}"#]),
            (
                r#"{"import_type":"db","objects":[{"x":"\\\""} , {}],"objecttype":"bild"}"#,
                vec![r#"{"x":"\\\""}"#, "{}"],
            ),
            ("\u{feff}[ 1,\r\n\"zwei\", null ,[3,[4]]]\n", vec!["1", "\"zwei\"", "null", "[3,[4]]"]),
            ("[]", vec![]),
            ("{}", vec![]),
            ("17", vec![]),
            (r#"{"n":{"objects":[1]},"a":[2]}"#, vec!["2"]),
        ] {
            for piece in [1, 2, 3, 7, 4096] {
                assert_eq!(split(text.as_bytes(), piece).0, expected, "{text} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn the_objecttype_may_stand_after_the_array() {
        let (_, outline) = split(br#"{"import_type":"db","x":[1,2,3,4,5],"objects":[{}],"objecttype":"b\u00e4r"}"#, 5);
        let kind = outline.kind("x.json");
        assert_eq!(kind, PayloadKind::Records);
        assert_eq!(outline.objecttype.as_deref(), Some("bär"));
        assert_eq!(outline.records(&kind), Some(1));
    }

    #[test]
    fn without_a_known_name_the_largest_array_holds_the_records() {
        let (_, outline) = split(br#"{"import_type":"odd","few":[1],"many":[{"a":1}],"none":[]}"#, 64);
        assert_eq!(outline.records(&outline.kind("odd.json")), Some(1));
    }

    #[test]
    fn long_records_end_where_they_end() {
        for pad in 0..200 {
            let record = format!(r#"{{"a":["{}","}}\"]{{"],"b":{{"c":[[]]}}}}"#, "ä".repeat(pad));
            let text = format!("[{record},{record} ,{record}]");
            for piece in [1, 63, 64, 65, 4096] {
                assert_eq!(split(text.as_bytes(), piece).0, vec![record.clone(); 3], "pad {pad}, pieces of {piece}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in prop::collection::vec(prop::sample::select(b"[]{}\",\\:a1 ".to_vec()), 0..400), piece in 1_usize..9) {
            prop_assert_eq!(split(&text, piece), split(&text, 400));
        }

        #[test]
        fn any_bytes_give_ordered_marks_inside(text in prop::collection::vec(any::<u8>(), 0..128)) {
            let mut splitter = Splitter::default();
            let mut marks = Vec::new();
            splitter.feed(&text, &mut marks);
            let mut last = 0;
            for mark in marks {
                assert!(last <= mark.start && mark.start < mark.end && mark.end <= text.len() as u64);
                last = mark.end;
            }
        }
    }
}
