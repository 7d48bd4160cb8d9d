//! `--rename-versions`: renditions get the names that the target knows, in files and in rights alike.

use std::str::FromStr;

use crate::fylr::target::options::ORIGINAL;

/// One rule, `video.1920p:1080p`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rename {
    class: String,
    version: String,
    /// `None`: left out.
    to: Option<String>,
}

/// All rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames(Vec<Rename>);

/// Why a text is no list of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    #[error("\"{0}\" is no rename; one looks like video.1920p:1080p, and video.1920p: leaves the version out")]
    Form(String),
    #[error("\"{0}\" renames the original, which every file has under that name")]
    Original(String),
    #[error("\"{0}\" renames a version twice")]
    Twice(String),
}

impl FromStr for Renames {
    type Err = RenameError;

    fn from_str(text: &str) -> Result<Self, RenameError> {
        let mut renames: Vec<Rename> = Vec::new();
        for rule in text.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            let form = || RenameError::Form(rule.to_owned());
            let (from, to) = rule.split_once(':').ok_or_else(form)?;
            let (class, version) = from.split_once('.').ok_or_else(form)?;
            if class.is_empty() || version.is_empty() || to.contains([':', '.']) {
                return Err(form());
            }
            if version == ORIGINAL || to == ORIGINAL {
                return Err(RenameError::Original(rule.to_owned()));
            }
            if renames.iter().any(|known| known.class == class && known.version == version) {
                return Err(RenameError::Twice(rule.to_owned()));
            }
            let to = Some(to.to_owned()).filter(|to| !to.is_empty());
            renames.push(Rename { class: class.to_owned(), version: version.to_owned(), to });
        }
        Ok(Self(renames))
    }
}

impl Renames {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a version of a file of this class is called on the target; `None`: it is left out.
    #[must_use]
    pub fn name<'a>(&'a self, class: &str, version: &'a str) -> Option<&'a str> {
        match self.0.iter().find(|rename| rename.class == class && rename.version == version) {
            Some(rename) => rename.to.as_deref(),
            None => Some(version),
        }
    }

    /// The same for a name as it stands in rights, `video.1920p`.
    pub(crate) fn in_right(&self, name: &str) -> Option<String> {
        match name.split_once('.') {
            Some((class, version)) => self.name(class, version).map(|version| format!("{class}.{version}")),
            None => Some(name.to_owned()),
        }
    }

    /// The first name that two of these versions of a file would both have.
    pub(crate) fn conflict<'a>(&'a self, class: &str, versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let mut seen = Vec::new();
        for name in versions.filter_map(|version| self.name(class, version)) {
            if seen.contains(&name) {
                return Some(name);
            }
            seen.push(name);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_renamed_dropped_or_kept() {
        let renames: Renames = "video.1920p:1080p, image.small:".parse().unwrap();
        assert_eq!(renames.name("video", "1920p"), Some("1080p"));
        assert_eq!(renames.name("image", "small"), None);
        assert_eq!(renames.name("image", "1920p"), Some("1920p"));
        assert_eq!(renames.in_right("video.1920p").as_deref(), Some("video.1080p"));
        assert_eq!(renames.in_right("image.small"), None);
        assert_eq!(renames.conflict("video", ["1080p", "1920p"].into_iter()), Some("1080p"));
        assert_eq!(renames.conflict("image", ["1080p", "1920p"].into_iter()), None);
        assert!("".parse::<Renames>().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_rename_is_told() {
        for text in ["x", "video:y", "video.:y", ".x:y", "a.b:c.d", "a.original:b", "a.b:original", "a.b:c,a.b:d"] {
            assert!(text.parse::<Renames>().is_err(), "{text}");
        }
    }
}
