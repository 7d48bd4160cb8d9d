//! Says whether bytes that arrive in pieces are JSON (RFC 8259), with bounded memory at any depth and size. Strings
//! are taken as bytes (invalid UTF-8 and lone surrogates pass), numbers at any size: what a backup holds is kept, not
//! interpreted. A byte order mark at the start is accepted.

use crate::model::payload::flaw::{Flaw, Reason};

/// Open containers that are remembered, one bit each.
const DEPTH_MAX: usize = 1 << 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value must follow.
    Value,
    /// After `[`: a value or `]`.
    FirstElement,
    /// After `{`: a name or `}`.
    FirstMember,
    /// After a member's `,`: a name.
    Member,
    Colon,
    /// After a value: `,` or the end of the container.
    After,
    String {
        name: bool,
    },
    Escape {
        name: bool,
    },
    /// In `\u`, with so many digits to come.
    Hex {
        name: bool,
        left: u8,
    },
    Number(Number),
    /// In a literal: the bytes still to come.
    Literal(&'static [u8]),
}

/// The places of a number's grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// The state of one pass over one text.
#[derive(Debug)]
pub struct Validator {
    state: State,
    /// One bit a container, `true` for an object.
    open: Vec<u64>,
    depth: usize,
    /// Something other than white space was seen.
    begun: bool,
    offset: u64,
}

impl Default for Validator {
    fn default() -> Self {
        Self { state: State::Value, open: Vec::new(), depth: 0, begun: false, offset: 0 }
    }
}

impl Validator {
    /// Looks at the next bytes.
    ///
    /// # Errors
    /// The first place that cannot be JSON, counted in fed bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let mut at = 0;
        while at < bytes.len() {
            if let State::String { .. } = self.state {
                let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
                at += bytes[at..].iter().take_while(|byte| plain(byte)).count();
                if at == bytes.len() {
                    break;
                }
            }
            let offset = self.offset + at as u64;
            if self.byte(bytes[at], offset).is_none() {
                return Err(Flaw { offset, reason: Reason::Syntax });
            }
            at += 1;
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Steps over one whole value that was validated elsewhere and is not fed.
    ///
    /// # Errors
    /// When no value may stand here.
    pub fn skip_value(&mut self, length: u64) -> Result<(), Flaw> {
        let flaw = Flaw { offset: self.offset, reason: Reason::Syntax };
        self.finish_number();
        if !matches!(self.state, State::Value | State::FirstElement) {
            return Err(flaw);
        }
        self.begun = true;
        self.state = State::After;
        self.offset += length;
        Ok(())
    }

    /// Nothing follows.
    ///
    /// # Errors
    /// When the text is empty or ends in the middle of a value.
    pub fn finish(mut self) -> Result<(), Flaw> {
        self.finish_number();
        let reason = match (self.begun, self.state == State::After && self.depth == 0) {
            (_, true) => return Ok(()),
            (false, _) => Reason::Empty,
            (true, _) => Reason::Truncated,
        };
        Err(Flaw { offset: self.offset, reason })
    }

    fn byte(&mut self, byte: u8, offset: u64) -> Option<()> {
        if let State::Number(place) = self.state {
            if let Some(next) = number(place, byte) {
                self.state = State::Number(next);
                return Some(());
            }
            self.finish_number();
        }
        self.state = match self.state {
            State::String { name } => match byte {
                b'"' => {
                    if name {
                        State::Colon
                    } else {
                        State::After
                    }
                }
                b'\\' => State::Escape { name },
                _ => return None,
            },
            State::Escape { name } => match byte {
                b'u' => State::Hex { name, left: 4 },
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => State::String { name },
                _ => return None,
            },
            State::Hex { name, left } if byte.is_ascii_hexdigit() => match left {
                1 => State::String { name },
                left => State::Hex { name, left: left - 1 },
            },
            State::Literal(rest) => match rest.split_first() {
                Some((next, [])) if *next == byte => State::After,
                Some((next, rest)) if *next == byte => State::Literal(rest),
                _ => return None,
            },
            State::Hex { .. } | State::Number(_) => return None,
            _ if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => return Some(()),
            _ if offset < 3 && !self.begun && byte == [0xef, 0xbb, 0xbf][offset as usize] => return Some(()),
            _ => self.structure(byte)?,
        };
        Some(())
    }

    fn structure(&mut self, byte: u8) -> Option<State> {
        self.begun = true;
        Some(match (self.state, byte) {
            (State::FirstElement, b']') | (State::FirstMember, b'}') => self.close(byte)?,
            (State::Value | State::FirstElement, _) => self.value(byte)?,
            (State::FirstMember | State::Member, b'"') => State::String { name: true },
            (State::Colon, b':') => State::Value,
            (State::After, b',') if self.depth > 0 => {
                if self.in_object() {
                    State::Member
                } else {
                    State::Value
                }
            }
            (State::After, b']' | b'}') => self.close(byte)?,
            _ => return None,
        })
    }

    fn value(&mut self, byte: u8) -> Option<State> {
        Some(match byte {
            b'{' => self.enter(true, State::FirstMember)?,
            b'[' => self.enter(false, State::FirstElement)?,
            b'"' => State::String { name: false },
            b't' => State::Literal(b"rue"),
            b'f' => State::Literal(b"alse"),
            b'n' => State::Literal(b"ull"),
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            b'1'..=b'9' => State::Number(Number::Integer),
            _ => return None,
        })
    }

    fn enter(&mut self, object: bool, state: State) -> Option<State> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.open.len() {
            self.open.push(0);
        }
        self.open[word] = self.open[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
        Some(state)
    }

    fn close(&mut self, byte: u8) -> Option<State> {
        if self.depth == 0 || self.in_object() != (byte == b'}') {
            return None;
        }
        self.depth -= 1;
        Some(State::After)
    }

    /// Whether the innermost open container is an object; there must be one.
    fn in_object(&self) -> bool {
        let innermost = self.depth - 1;
        self.open[innermost / 64] >> (innermost % 64) & 1 == 1
    }

    /// A number ends where something else begins.
    fn finish_number(&mut self) {
        if let State::Number(Number::Zero | Number::Integer | Number::Fraction | Number::ExponentDigits) = self.state {
            self.state = State::After;
        }
    }
}

/// The next place in a number, if `byte` may stand there.
fn number(place: Number, byte: u8) -> Option<Number> {
    Some(match (place, byte) {
        (Number::Minus, b'0') => Number::Zero,
        (Number::Minus | Number::Integer, b'0'..=b'9') => Number::Integer,
        (Number::Zero | Number::Integer, b'.') => Number::Point,
        (Number::Point | Number::Fraction, b'0'..=b'9') => Number::Fraction,
        (Number::Zero | Number::Integer | Number::Fraction, b'e' | b'E') => Number::Exponent,
        (Number::Exponent, b'+' | b'-') => Number::ExponentSign,
        (Number::Exponent | Number::ExponentSign | Number::ExponentDigits, b'0'..=b'9') => Number::ExponentDigits,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop, prop_assert_eq, proptest};
    use serde::de::IgnoredAny;

    fn validate(text: &[u8], piece: usize) -> Result<(), Flaw> {
        let mut validator = Validator::default();
        for bytes in text.chunks(piece.max(1)) {
            validator.feed(bytes)?;
        }
        validator.finish()
    }

    #[test]
    fn odd_but_legal_texts_pass() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        for text in [
            "1e400",
            "9007199254740993",
            r#""\ud800""#,
            "\u{feff}{}",
            " [ ] ",
            "-0.5E+7",
            r#"{"a":{"a":[]},"a":1}"#,
            &deep,
        ] {
            assert_eq!(validate(text.as_bytes(), 3), Ok(()));
        }
        assert_eq!(validate(b"\"\xff\"", 9), Ok(()));
    }

    #[test]
    fn the_place_of_a_flaw_is_told() {
        for (text, offset, reason) in [
            ("", 0, Reason::Empty),
            (" \n", 2, Reason::Empty),
            ("[1,2", 4, Reason::Truncated),
            ("[1,]", 3, Reason::Syntax),
            ("{\"a\":tru}", 8, Reason::Syntax),
            ("[}", 1, Reason::Syntax),
            ("01", 1, Reason::Syntax),
            ("[1] x", 4, Reason::Syntax),
            ("\"\n\"", 1, Reason::Syntax),
        ] {
            assert_eq!(validate(text.as_bytes(), 2), Err(Flaw { offset, reason }), "{text:?}");
        }
    }

    #[test]
    fn values_validated_elsewhere_are_stepped_over() {
        let mut validator = Validator::default();
        validator.feed(b"{\"objects\":[").and_then(|()| validator.skip_value(10)).expect("an element may stand here");
        validator.feed(b",").and_then(|()| validator.skip_value(10)).expect("another may follow");
        assert!(validator.skip_value(10).is_err());
        validator.feed(b"]}").expect("the skeleton closes");
        assert_eq!(validator.finish(), Ok(()));
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_json(text in prop::collection::vec(prop::sample::select(b"[]{}\",:a1 0.e-\\untrfls".to_vec()), 0..24), piece in 1_usize..5) {
            prop_assert_eq!(validate(&text, piece).is_ok(), serde_json::from_slice::<IgnoredAny>(&text).is_ok());
        }
    }
}
