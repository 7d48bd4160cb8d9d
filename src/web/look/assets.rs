//! The files that pages are drawn with. A name holds a hash of the content, so that a browser may keep it for ever.

use std::sync::LazyLock;

/// Where they are served.
pub const FOLDER: &str = "/inspect/migration/assets/";
/// Digits of the hash in a name: enough to tell versions of one file apart.
const HASH_DIGITS: usize = 12;

/// A file that pages are drawn with.
pub struct Asset {
    /// `style-0123456789ab.css`
    pub name: String,
    pub content_type: &'static str,
    pub content: &'static str,
}

/// The style sheet.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("style.css")));
/// What makes forms handier; everything works without it.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("script", "js", "text/javascript; charset=utf-8", include_str!("script.js")));
/// What keeps the page of a run up to date; it stands on that page only.
pub static RUN: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("run", "js", "text/javascript; charset=utf-8", include_str!("run.js")));
/// The sign of the program.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("icon.svg")));

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        Self { name: format!("{stem}-{}.{extension}", &hash[..HASH_DIGITS]), content_type, content }
    }

    /// The address.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{FOLDER}{}", self.name)
    }
}

/// The file of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &RUN, &ICON].into_iter().map(|asset| &**asset).find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_the_name_that_pages_use_and_by_no_other() {
        for asset in [&*STYLE, &*SCRIPT, &*RUN, &*ICON] {
            let name = asset.path().strip_prefix(FOLDER).map(str::to_owned).unwrap();
            assert_eq!(find(&name).map(|found| found.content), Some(asset.content));
        }
        assert!(find("style.css").is_none());
        assert!(find("../style.css").is_none());
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for asset in [&*STYLE, &*SCRIPT, &*RUN] {
            assert!(!asset.content.contains("://"), "{}", asset.name);
            assert!(!asset.content.contains("@import"), "{}", asset.name);
        }
    }
}
