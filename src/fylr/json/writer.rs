//! Values as text: without blanks, or over many lines as everybody else writes it.

use crate::fylr::json::Json;

/// An indentation step.
const STEP: usize = 2;

impl Json<'_> {
    /// Writes the value without blanks, or, with `indent`, over many lines.
    pub(crate) fn write(&self, out: &mut Vec<u8>, indent: Option<usize>) {
        match self {
            Self::Scalar(text) => out.extend_from_slice(text.as_bytes()),
            Self::Array(items) => {
                let mut list = List::begin(out, b'[', indent);
                for item in items {
                    let inner = list.next(out);
                    item.write(out, inner);
                }
                list.end(out, b']');
            }
            Self::Object(members) => {
                let mut list = List::begin(out, b'{', indent);
                for (key, value) in &members.0 {
                    let inner = list.next(out);
                    out.push(b'"');
                    out.extend_from_slice(key.as_bytes());
                    out.extend_from_slice(if indent.is_some() { b"\": " } else { b"\":" });
                    value.write(out, inner);
                }
                list.end(out, b'}');
            }
        }
    }

    pub(crate) fn to_bytes(&self, indent: Option<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, indent);
        out
    }
}

/// The brackets and commas of what is being written.
struct List {
    indent: Option<usize>,
    is_empty: bool,
}

impl List {
    fn begin(out: &mut Vec<u8>, bracket: u8, indent: Option<usize>) -> Self {
        out.push(bracket);
        Self { indent, is_empty: true }
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        if !std::mem::replace(&mut self.is_empty, false) {
            out.push(b',');
        }
        let inner = self.indent.map(|indent| indent + STEP);
        line(out, inner);
        inner
    }

    fn end(self, out: &mut Vec<u8>, bracket: u8) {
        if !self.is_empty {
            line(out, self.indent);
        }
        out.push(bracket);
    }
}

fn line(out: &mut Vec<u8>, indent: Option<usize>) {
    if let Some(indent) = indent {
        out.push(b'\n');
        out.resize(out.len() + indent, b' ');
    }
}
