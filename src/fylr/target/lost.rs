//! Files and renditions that are not on the target although what names them may be. The ledger keeps each of them under
//! `lost/`, so that a later run can try them again.

use crate::fylr::error::Error;
use crate::fylr::target::report::Aside;
use crate::fylr::target::site::Site;
use crate::model::event::{Event, Warning};

const AREA: &str = "lost/";
const FILE: &str = "file";
const RENDITION: &str = "rendition";

/// A file, or a rendition of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lost {
    /// What the source knows the file by.
    pub key: String,
    pub rendition: Option<String>,
}

impl Lost {
    pub fn file(key: &str) -> Self {
        Self { key: key.to_owned(), rendition: None }
    }

    pub fn rendition(key: &str, version: &str) -> Self {
        Self { key: key.to_owned(), rendition: Some(version.to_owned()) }
    }

    /// What it is counted as.
    fn tally(&self) -> &'static str {
        if self.rendition.is_some() { RENDITION } else { FILE }
    }

    /// `lost/file/1000413`, `lost/rendition/preview/1000413`; the key may be a URL, and stands at the end.
    fn note(&self) -> String {
        let Self { key, rendition } = self;
        match rendition {
            None => format!("{AREA}{FILE}/{key}"),
            Some(version) => format!("{AREA}{RENDITION}/{version}/{key}"),
        }
    }

    fn read(note: &str) -> Option<Self> {
        match note.strip_prefix(AREA)?.split_once('/')? {
            (FILE, key) => Some(Self::file(key)),
            (RENDITION, rest) => rest.split_once('/').map(|(version, key)| Self::rendition(key, version)),
            _ => None,
        }
    }

    /// For people.
    pub fn name(&self) -> String {
        match &self.rendition {
            None => format!("file {}", self.key),
            Some(version) => format!("version {version} of file {}", self.key),
        }
    }
}

impl Site {
    /// Tells that a file is not to be had, and notes it.
    pub fn lose(&self, lost: &Lost, what: String, why: String) -> Result<(), Error> {
        self.observer.observe(Event::Warning(Warning::NotRestored { what: what.clone(), why: why.clone() }));
        self.note_lost(lost, &what, &why)?;
        self.report.aside(lost.tally(), Aside { what, why });
        Ok(())
    }

    pub fn note_lost(&self, lost: &Lost, what: &str, why: &str) -> Result<(), Error> {
        if self.context.options.is_dry_run {
            return Ok(());
        }
        let text = serde_json::json!({ "what": what, "why": why }).to_string();
        self.note(vec![(lost.note(), Some(text))])
    }

    /// What was lost has come, and stands where it belongs.
    pub fn found(&self, lost: &Lost) -> Result<(), Error> {
        self.note(vec![(lost.note(), None)])
    }

    /// Everything that is lost.
    pub fn all_lost(&self) -> Result<Vec<Lost>, Error> {
        let mut found = Vec::new();
        self.ledger.under(AREA, &mut |note, _| found.extend(Lost::read(note))).map_err(Error::Ledger)?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_found_again_by_its_note() {
        let url = "https://h/a/b.png";
        for lost in [Lost::file("12"), Lost::file(url), Lost::rendition("12", "small"), Lost::rendition(url, "small")] {
            assert_eq!(Lost::read(&lost.note()), Some(lost));
        }
        assert_eq!(Lost::read("aside/0/db.json/3"), None);
    }
}
