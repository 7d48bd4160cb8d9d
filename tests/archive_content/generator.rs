//! Documents by chance: JSON as it must not be made prettier, JSON that is broken, and bytes that only look like it.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

/// A JSON value by its texts, so that nothing is normalised on the way.
#[derive(Debug, Clone)]
enum Json {
    Scalar(String),
    Array(Vec<Json>),
    /// Keys may come twice.
    Object(Vec<(String, Json)>),
}

/// What stands between the parts of a value.
#[derive(Debug, Clone, Copy)]
enum Style {
    Compact,
    Pretty,
    PrettyCrLf,
    /// Blanks wherever they may stand.
    Spread,
}

/// What stands at the top.
#[derive(Debug, Clone)]
enum Shape {
    Array(Vec<Json>),
    /// Members before the arrays, the arrays, members behind them.
    Object(Vec<(String, Json)>, Vec<(String, Vec<Json>)>, Vec<(String, Json)>),
    Any(Json),
}

/// What is broken in a document that was whole.
#[derive(Debug, Clone)]
enum Flaw {
    None,
    Cut(Index),
    Replaced(Index, u8),
    Inserted(Index, Vec<u8>),
}

/// Bytes of a payload, mostly of JSON.
pub fn document() -> impl Strategy<Value = Vec<u8>> {
    let document = (shape(), style(), any::<bool>(), select(&["", "\n", "\r\n", " \t", "\n\n{}"][..]));
    let document = document.prop_map(|(shape, style, has_bom, end): (Shape, Style, bool, &str)| {
        let mut out = if has_bom { "\u{feff}".to_owned() } else { String::new() };
        render(&shape.into_value(), style, 0, &mut out);
        out.push_str(end);
        out.into_bytes()
    });
    let document = document.boxed();
    prop_oneof![
        4 => document.clone(),
        2 => (document, flaw()).prop_map(|(bytes, flaw)| flaw.apply(bytes)),
        1 => vec(any::<u8>(), 0..600),
        1 => vec(select(&TOKENS[..]), 0..300).prop_map(|tokens| tokens.concat().into_bytes()),
    ]
}

/// A document that is like another one, as tomorrow's backup is like today's.
pub fn successor(bytes: &[u8], change: &Change) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match change {
        Change::None => {}
        Change::Signed(value) => {
            let text = b"x-fylr-signature=";
            let places: Vec<usize> =
                bytes.windows(text.len()).enumerate().filter(|(_, window)| window == text).map(|(at, _)| at).collect();
            for at in places.into_iter().rev() {
                let start = at + text.len();
                let end = start + bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                bytes.splice(start..end, value.bytes());
            }
        }
        Change::Removed(from, to) => {
            let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
            bytes.drain(from.min(to)..from.max(to));
        }
        Change::Doubled(from, to) => {
            let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.splice(to.min(from)..to.min(from), part);
        }
    }
    bytes
}

/// How a document becomes its successor.
#[derive(Debug, Clone)]
pub enum Change {
    None,
    Signed(String),
    Removed(Index, Index),
    Doubled(Index, Index),
}

pub fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::None),
        "[0-9a-f]{0,70}".prop_map(Change::Signed),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Removed(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Doubled(from, to)),
    ]
}

const TOKENS: [&str; 26] = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\n",
    " ",
    "1",
    "-",
    "e",
    "true",
    "null",
    "\"a\"",
    "\"objects\":[",
    "\u{feff}",
    "ü",
    "x-fylr-signature=",
    "access_token=",
    "x-fylr-signature=0af1&",
    "\"_latest_version\":false",
    "\0",
    "{\"a\":[1,2]},",
];

fn shape() -> impl Strategy<Value = Shape> {
    let members = || vec((key(), value()), 0..3);
    let arrays = vec((array_name(), vec(record(), 0..6)), 1..4);
    prop_oneof![
        1 => vec(record(), 0..8).prop_map(Shape::Array),
        4 => (members(), arrays, members()).prop_map(|(before, arrays, behind)| Shape::Object(before, arrays, behind)),
        1 => value().prop_map(Shape::Any),
    ]
}

impl Shape {
    fn into_value(self) -> Json {
        match self {
            Self::Array(records) => Json::Array(records),
            Self::Any(value) => value,
            Self::Object(before, arrays, behind) => {
                let arrays = arrays.into_iter().map(|(name, records)| (name, Json::Array(records)));
                Json::Object(before.into_iter().chain(arrays).chain(behind).collect())
            }
        }
    }
}

/// An element of an array: mostly long enough to be kept as a record.
fn record() -> impl Strategy<Value = Json> {
    let long = "[a-zäöü ]{90,400}".prop_map(|text| Json::Scalar(format!("{text:?}")));
    prop_oneof![
        3 => (vec((key(), value()), 0..5), long).prop_map(|(mut members, long)| {
            members.push(("\"text\"".to_owned(), long));
            Json::Object(members)
        }),
        1 => value(),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![number(), string(), select(&["true", "false", "null"][..]).prop_map(str::to_owned)];
    scalar.prop_map(Json::Scalar).prop_recursive(5, 40, 6, |inner| {
        prop_oneof![vec(inner.clone(), 0..6).prop_map(Json::Array), vec((key(), inner), 0..6).prop_map(Json::Object),]
    })
}

fn number() -> impl Strategy<Value = String> {
    let odd = [
        "9007199254740993",
        "1e400",
        "-0",
        "-0.0e-0",
        "0.10",
        "1E+2",
        "1.0000000000000000000001",
        "123456789012345678901234567890",
    ];
    prop_oneof![select(odd.to_vec()).prop_map(str::to_owned), "[1-9][0-9]{399}", "-?[1-9][0-9]{0,4}"]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        select(
            &["\"a\"", "\"a\"", "\"import_type\"", "\"objecttype\"", "\"_latest_version\"", "\"\"", "\"\\u0061\""][..]
        )
        .prop_map(str::to_owned),
        string(),
    ]
}

fn array_name() -> impl Strategy<Value = String> {
    select(&["\"objects\"", "\"users\"", "\"a\"", "\"objekte\\\"\""][..]).prop_map(str::to_owned)
}

/// A string with its quotes.
fn string() -> impl Strategy<Value = String> {
    let odd = [
        "\\ud800",
        "\\udc00\\ud83d",
        "\\u0000",
        "\\\"",
        "\\\\",
        "\\/",
        "\\n",
        "ä",
        "🏺",
        "\u{7f}",
        "\u{2028}",
        "[",
        "}",
        ",",
        "x-fylr-signature",
        "access_token",
        "x-fylr-signature=",
        "&access_token=",
        "access_token=x-fylr-signature=abc",
        "=\\u0041",
    ];
    let part = prop_oneof![
        2 => select(odd.to_vec()).prop_map(str::to_owned),
        1 => "[ -!#-\\[\\]-~]{0,30}",
        1 => "https://museum\\.example/eas\\?x-fylr-signature=[0-9a-f]{0,70}&y=1",
        1 => "[?&]access_token=[A-Za-z0-9%+=/._~:@-]{0,60}[ &#]",
    ];
    vec(part, 0..4).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn style() -> impl Strategy<Value = Style> {
    select(&[Style::Compact, Style::Pretty, Style::PrettyCrLf, Style::Spread][..])
}

fn render(value: &Json, style: Style, depth: usize, out: &mut String) {
    let members: Vec<(Option<&String>, &Json)> = match value {
        Json::Scalar(text) => return out.push_str(text),
        Json::Array(elements) => elements.iter().map(|element| (None, element)).collect(),
        Json::Object(members) => members.iter().map(|(key, value)| (Some(key), value)).collect(),
    };
    let (open, close) = if matches!(value, Json::Array(_)) { ("[", "]") } else { ("{", "}") };
    out.push_str(open);
    for (at, (key, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        style.gap(depth + 1, out);
        if let Some(key) = key {
            out.push_str(key);
            out.push_str(if matches!(style, Style::Compact) { ":" } else { " : " });
        }
        render(value, style, depth + 1, out);
    }
    if !members.is_empty() {
        style.gap(depth, out);
    }
    out.push_str(close);
}

impl Style {
    fn gap(self, depth: usize, out: &mut String) {
        match self {
            Self::Compact => {}
            Self::Pretty => out.extend(["\n", &"  ".repeat(depth)]),
            Self::PrettyCrLf => out.extend(["\r\n", &"\t".repeat(depth)]),
            Self::Spread => out.push_str(if depth.is_multiple_of(2) { " \n\t " } else { "" }),
        }
    }
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        Just(Flaw::None),
        any::<Index>().prop_map(Flaw::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Flaw::Replaced(at, byte)),
        (any::<Index>(), vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Flaw::Inserted(at, bytes)),
    ]
}

impl Flaw {
    fn apply(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Self::Inserted(at, more) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, more);
            }
            Self::Replaced(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Self::None | Self::Replaced(..) => {}
        }
        bytes
    }
}
