//! The text of a payload: items of one kind, with what says which.

use bytes::Bytes;

use crate::fylr::source::delivery::{Delivery, Gone};
use crate::fylr::source::delivery::{Way, head};
use crate::model::entry::{Encoding, EntryHead, Role};
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// How payloads are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub is_pretty: bool,
    pub is_compressed: bool,
}

impl Form {
    /// How deep items are indented.
    pub fn indent(self) -> Option<usize> {
        self.is_pretty.then_some(4)
    }

    /// What stands between two items, and, without its comma, in front of the first one.
    pub fn separator(self) -> &'static [u8] {
        if self.is_pretty { b",\n    " } else { b",\n" }
    }

    /// The entry of a payload; characters that no path may have are replaced.
    pub fn head(self, name: &str) -> EntryHead {
        let clean = |letter: char| if letter.is_control() || "/\\:".contains(letter) { '_' } else { letter };
        let name: String = name.chars().map(clean).collect();
        let (end, encoding) =
            if self.is_compressed { (".json.gz", Encoding::Gzip) } else { (".json", Encoding::Plain) };
        let path = EntryPath::new(format!("{name}{end}")).expect("names of payloads are clean and short");
        head(path, Role::Payload, encoding)
    }
}

/// A payload that is being handed over, item by item. Without items there is none.
pub(crate) struct Payload<'a> {
    way: &'a Way,
    form: Form,
    head: EntryHead,
    kind: PayloadKind,
    objecttype: Option<&'a str>,
    records: u64,
    unique: u64,
}

impl<'a> Payload<'a> {
    pub fn new(way: &'a Way, form: Form, head: EntryHead, kind: PayloadKind, objecttype: Option<&'a str>) -> Self {
        Self { way, form, head, kind, objecttype, records: 0, unique: 0 }
    }

    /// Adds items.
    pub async fn add(&mut self, items: impl IntoIterator<Item = Bytes>) -> Result<(), Gone> {
        let mut text = Vec::new();
        let mut count = 0;
        for item in items {
            text.extend_from_slice(self.form.separator());
            text.extend_from_slice(&item);
            count += 1;
        }
        self.run(text.into(), count).await
    }

    /// Adds so many items out of a text in which each stands behind its separator.
    pub async fn run(&mut self, text: Bytes, count: u64) -> Result<(), Gone> {
        if count == 0 {
            return Ok(());
        }
        let is_first = self.records == 0;
        if is_first {
            self.way.send(Delivery::Entry(self.head.clone())).await?;
            self.way.send(Delivery::Bytes(self.front().into())).await?;
        }
        self.records += count;
        self.way.send(Delivery::Bytes(text.slice(usize::from(is_first)..))).await
    }

    /// So many of the items are records that were not there before in another version.
    pub fn count(&mut self, unique: u64) {
        self.unique += unique;
    }

    /// Ends the payload; whether there is one.
    pub async fn end(self) -> Result<bool, Gone> {
        if self.records == 0 {
            return Ok(false);
        }
        let end: &'static [u8] = if self.form.is_pretty { b"\n  ]\n}\n" } else { b"\n]}\n" };
        self.way.send(Delivery::Bytes(Bytes::from_static(end))).await?;
        self.way.send(Delivery::End { records: self.records, unique: self.unique }).await?;
        Ok(true)
    }

    fn front(&self) -> Vec<u8> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let kind = quoted(self.kind.name());
        let objecttype = self.objecttype.map(quoted);
        let array = self.kind.array().unwrap_or("objects");
        if self.form.is_pretty {
            let objecttype = objecttype.map_or_else(String::new, |name| format!("\n  \"objecttype\": {name},"));
            format!("{{\n  \"import_type\": {kind},{objecttype}\n  \"{array}\": [").into_bytes()
        } else {
            let objecttype = objecttype.map_or_else(String::new, |name| format!("\"objecttype\":{name},"));
            format!("{{\"import_type\":{kind},{objecttype}\"{array}\":[").into_bytes()
        }
    }
}
