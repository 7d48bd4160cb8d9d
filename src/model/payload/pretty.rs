//! JSON laid out for people: a member on each line. Every token stays as it is written, numbers of any length among
//! them; what is no JSON stays readable, too.

/// What stands in the place of a value that is not shown.
const MASK: &[u8] = b"\"***\"";
const INDENT: &[u8] = b"  ";
/// Deeper levels are indented no further: a line would be longer than what it says.
const INDENT_MAX: usize = 64;

/// Lays JSON out. Values of members that `is_hidden` are masked, whatever they are.
#[must_use]
pub fn pretty(json: &[u8], is_hidden: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut out = Layout { out: Vec::with_capacity(json.len() * 2), depth: 0, is_fresh: false };
    let mut rest = json;
    let mut member = None;
    while let Some(first) = rest.first() {
        let length = token(rest);
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b':' => {
                out.out.extend_from_slice(b": ");
                let name = member.take().and_then(|name: &[u8]| serde_json::from_slice::<String>(name).ok());
                if name.is_some_and(|name| is_hidden(&name)) {
                    rest = &rest[value(rest)..];
                    out.out.extend_from_slice(MASK);
                }
            }
            b'{' | b'[' => out.open(token),
            b'}' | b']' => out.close(token),
            b',' => out.next(),
            b'"' => {
                member = Some(token);
                out.put(token);
            }
            _ => out.put(token),
        }
    }
    out.out
}

struct Layout {
    out: Vec<u8>,
    depth: usize,
    /// Something was opened, and nothing has been put into it yet.
    is_fresh: bool,
}

impl Layout {
    fn put(&mut self, token: &[u8]) {
        self.begin();
        self.out.extend_from_slice(token);
    }

    fn open(&mut self, token: &[u8]) {
        self.put(token);
        self.depth += 1;
        self.is_fresh = true;
    }

    fn close(&mut self, token: &[u8]) {
        self.depth = self.depth.saturating_sub(1);
        if !std::mem::take(&mut self.is_fresh) {
            self.line();
        }
        self.out.extend_from_slice(token);
    }

    fn next(&mut self) {
        self.out.push(b',');
        self.line();
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.is_fresh) {
            self.line();
        }
    }

    fn line(&mut self) {
        self.out.push(b'\n');
        for _ in 0..self.depth.min(INDENT_MAX) {
            self.out.extend_from_slice(INDENT);
        }
    }
}

/// The length of the token at the start.
fn token(text: &[u8]) -> usize {
    match text[0] {
        b'"' => string(text),
        b'{' | b'}' | b'[' | b']' | b':' | b',' | b' ' | b'\t' | b'\n' | b'\r' => 1,
        _ => memchr::memchr3(b',', b'}', b']', text)
            .unwrap_or(text.len())
            .min(text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len()))
            .max(1),
    }
}

/// The length of the string at the start, quotes included.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &text[at.min(text.len())..]) {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// The length of the value at the start, spaces before it included.
fn value(text: &[u8]) -> usize {
    let mut at = 0;
    let mut depth = 0_usize;
    while at < text.len() {
        let first = text[at];
        if depth == 0 && matches!(first, b',' | b'}' | b']') {
            return at;
        }
        at += token(&text[at..]);
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && !first.is_ascii_whitespace() {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(json: &str) -> String {
        String::from_utf8(pretty(json.as_bytes(), |name| name == "_password_hash")).unwrap()
    }

    #[test]
    fn json_is_laid_out_and_every_token_stays() {
        let json = r#" {"a":[1,{"b":null}],"c":[],"d":{},"n":9007199254740993.00e5,"s":"M\u00fcller \"x\": {,}"} "#;
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": [],\n  \"d\": {},\n  \
            \"n\": 9007199254740993.00e5,\n  \"s\": \"M\\u00fcller \\\"x\\\": {,}\"\n}";
        assert_eq!(laid_out(json), expected);
    }

    #[test]
    fn what_is_hidden_is_hidden_whatever_it_is() {
        for value in ["\"x\"", "17", "{\"a\":[1,\"}\"]}", "[[\"x\"]]", "null", " \"a\\\"b\" "] {
            let json = format!("{{\"_password_hash\":{value},\"b\":1}}");
            assert_eq!(laid_out(&json), "{\n  \"_password_hash\": \"***\",\n  \"b\": 1\n}", "{value}");
        }
        assert_eq!(laid_out(r#"{"_password\u005fhash":"x"}"#), "{\n  \"_password\\u005fhash\": \"***\"\n}");
    }

    #[test]
    fn what_is_no_json_ends_all_the_same() {
        for text in
            ["", "{", "\"", "\"\\", "]]]]", "{\"_password_hash\":", "{\"_password_hash\":\"x", "a b, c", "{]}[", ":"]
        {
            let _ = laid_out(text);
        }
    }
}
