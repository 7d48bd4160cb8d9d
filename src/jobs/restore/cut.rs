//! Payloads of a backup, cut into their records as the bytes come. While one is cut, the next is already being read.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::jobs::Error;
use crate::jobs::restore::segments::Cutter;
use crate::jobs::restore::source::{BackupSource, Coming};
use crate::model::path::EntryPath;
use crate::model::payload::{Outline, PayloadKind, Splitter};

/// The longest payload that may say that it has no records in other words than an empty array.
const NONE_MAX: u64 = 1 << 20;

/// What a payload holds, and in which of its arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    pub kind: PayloadKind,
    pub objecttype: Option<Arc<str>>,
    pub array: usize,
}

/// Records of a payload: those that end in one block. The last piece of a payload may have none.
pub struct Piece {
    /// The number that the payload was given.
    pub payload: u32,
    pub holds: Holds,
    pub texts: Vec<Bytes>,
    pub is_last: bool,
}

/// Gives the records of payloads. Those of kinds that are not wanted are not read on.
///
/// # Errors
/// When a payload cannot be read, or does not say what it holds; or the first error of `give`.
pub fn pieces(
    source: &BackupSource,
    paths: &[(u32, &EntryPath)],
    is_wanted: &dyn Fn(&PayloadKind) -> bool,
    give: &mut dyn FnMut(Piece) -> Result<(), Error>,
) -> Result<(), Error> {
    let open = |at: usize| paths.get(at).map(|(_, path)| source.coming(path)).transpose();
    let mut next = open(0)?;
    for (at, (number, path)) in paths.iter().enumerate() {
        let Some(coming) = next.take() else { break };
        next = open(at + 1)?;
        Payload { source, number: *number, path }.cut(coming, is_wanted, give)?;
    }
    Ok(())
}

/// A payload that is cut.
struct Payload<'a> {
    source: &'a BackupSource,
    number: u32,
    path: &'a EntryPath,
}

impl Payload<'_> {
    fn cut(
        &self,
        mut coming: Coming,
        is_wanted: &dyn Fn(&PayloadKind) -> bool,
        give: &mut dyn FnMut(Piece) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut cutter = Cutter::default();
        let mut holds: Option<Holds> = None;
        while let Some(block) = coming.next().map_err(|source| self.failed(source))? {
            cutter.feed(block);
            let holds = match &mut holds {
                Some(holds) => holds,
                none => none.insert(match self.told(cutter.outline()) {
                    Some(told) => told,
                    None => self.holds(&self.outline()?)?,
                }),
            };
            if !is_wanted(&holds.kind) {
                return Ok(());
            }
            let texts = cutter.take(holds.array).map_err(|source| self.failed(source))?;
            if !texts.is_empty() {
                give(Piece { payload: self.number, holds: holds.clone(), texts, is_last: false })?;
            }
        }
        // What was told at the beginning must still be true at the end.
        let found = self.holds(cutter.outline())?;
        if holds.is_some_and(|holds| holds != found) {
            return Err(self.nothing("it says twice what it holds"));
        }
        give(Piece { payload: self.number, holds: found, texts: Vec::new(), is_last: true })
    }

    /// What a payload holds as far as its beginning tells without doubt.
    fn told(&self, outline: &Outline) -> Option<Holds> {
        outline.import_type.as_ref()?;
        let kind = outline.kind(&self.name());
        let named = outline.arrays.iter().any(|array| array.name.is_some() && array.name.as_deref() == kind.array());
        if named { self.holds(outline).ok() } else { None }
    }

    fn holds(&self, outline: &Outline) -> Result<Holds, Error> {
        let kind = outline.kind(&self.name());
        let array = outline.records(&kind).or_else(|| self.says_none(&kind).then_some(0));
        let array = array.ok_or_else(|| self.nothing("it is no JSON with an array"))?;
        let objecttype: Option<Arc<str>> = outline.objecttype.as_deref().map(Into::into);
        if kind == PayloadKind::Records && objecttype.is_none() {
            return Err(self.nothing("it does not say of which objecttype they are"));
        }
        Ok(Holds { kind, objecttype, array })
    }

    /// Whether it says `null` for an array without records, as programs in Go do.
    fn says_none(&self, kind: &PayloadKind) -> bool {
        let bytes = self.source.whole(self.path, NONE_MAX).ok();
        let json = bytes.and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
        json.zip(kind.array()).is_some_and(|(json, array)| json.get(array).is_some_and(Value::is_null))
    }

    /// The skeleton of the whole payload.
    fn outline(&self) -> Result<Outline, Error> {
        let (mut splitter, mut marks) = (Splitter::default(), Vec::new());
        self.source.blocks(self.path, &mut |block| {
            splitter.feed(block, &mut marks);
            marks.clear();
        })?;
        Ok(splitter.finish())
    }

    fn name(&self) -> String {
        String::from_utf8_lossy(self.path.name()).into_owned()
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Entry { path: self.path.clone(), source }
    }

    fn nothing(&self, why: &str) -> Error {
        Error::NoRecords { path: self.path.clone(), why: why.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Silent;

    /// What becomes of payloads: kind, objecttype, and how many records.
    fn cut(payloads: &[&str]) -> Result<Vec<(String, Option<String>, usize)>, Error> {
        let dir = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..payloads.len()).map(|number| format!("db__{number}.json")).collect();
        for (name, text) in names.iter().zip(payloads) {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let manifest = serde_json::json!({ "payloads": names }).to_string();
        std::fs::write(dir.path().join("manifest.json"), manifest).unwrap();
        let source = BackupSource::directory(dir.path(), &Silent).unwrap();
        let paths: Vec<EntryPath> = names.into_iter().map(|name| EntryPath::new(name).unwrap()).collect();
        let (mut found, mut count) = (Vec::new(), 0);
        pieces(&source, &(0..).zip(&paths).collect::<Vec<_>>(), &|_| true, &mut |piece| {
            count += piece.texts.len();
            if piece.is_last {
                assert_eq!(piece.payload as usize, found.len());
                let objecttype = piece.holds.objecttype.as_deref().map(str::to_owned);
                found.push((piece.holds.kind.name().to_owned(), objecttype, std::mem::take(&mut count)));
            }
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn what_a_payload_holds_may_stand_in_front_or_at_its_end() {
        let records = vec![format!(r#"{{"o":{{"t":"{}"}}}}"#, "ü".repeat(500)); 2000].join(",");
        let front = format!(r#"{{"import_type":"db","objecttype":"o","objects":[{records}]}}"#);
        let end = format!(r#"{{"few":[1],"objects":[{records}],"import_type":"db","objecttype":"o"}}"#);
        let none = r#"{"import_type":"db","objecttype":"o","objects":null}"#;
        let empty = r#"{"import_type":"db","objecttype":"o","objects":[]}"#;
        let holds = |count| ("db".to_owned(), Some("o".to_owned()), count);
        assert_eq!(cut(&[&front, &end, none, empty]).unwrap(), [holds(2000), holds(2000), holds(0), holds(0)]);
    }

    #[test]
    fn a_payload_that_changes_its_mind_or_says_nothing_is_refused() {
        let records = vec![format!(r#"{{"o":{{"t":"{}"}}}}"#, "ü".repeat(500)); 2000].join(",");
        let twice = format!(r#"{{"import_type":"db","objecttype":"o","objects":[{records}],"objecttype":"p"}}"#);
        for text in [&twice, r#"{"import_type":"db","objects":[{}]}"#, r#"{"import_type":"db","objecttype":"o"}"#, ""] {
            assert!(matches!(cut(&[text]), Err(Error::NoRecords { .. })), "{text:.40}");
        }
    }
}
