//! What is compared of a file: what its bytes are, and its renditions where they came along.

use std::cell::Cell;

use url::Url;

use crate::fylr::json::{Json, Members};
use crate::fylr::target::compare::{Comparing, Side};
use crate::fylr::target::options::ORIGINAL;
use crate::fylr::target::renames::Renames;
use crate::fylr::target::rewrite::text_in;

/// How much is said of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Bytes,
    /// That there is one: of what the target has not fetched nobody can say more.
    Presence,
}

/// Files that were met on the way.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub any: Cell<bool>,
    /// The target only names where they are, or has not fetched them yet.
    pub unfetched: Cell<bool>,
    /// The target is about to fetch them.
    pub coming: Cell<bool>,
}

pub(super) fn text(members: &Members<'_>, side: Side, told: Told, comparing: &Comparing, met: &Met) -> String {
    met.any.set(true);
    let versions = members.get("versions").and_then(Json::members);
    let chosen = versions.and_then(|versions| chosen(versions, side, comparing));
    // What was made of an original that stays elsewhere has bytes of its own.
    let stays = is_left(members) && chosen.is_none();
    let status = members.get("status").and_then(Json::as_str);
    let is_pending = matches!(status.as_deref(), Some("pending" | "processing" | "sync"));
    if side == Side::Target && (stays || is_pending) {
        met.unfetched.set(true);
        met.coming.set(met.coming.get() || is_pending);
    }
    let original = chosen.or_else(|| versions.and_then(|versions| versions.get(ORIGINAL)));
    let is_failed = side == Side::Target && status.as_deref() == Some("failed");
    let bytes = match (told, stays) {
        (Told::Presence, _) => String::new(),
        (Told::Bytes, _) if is_failed => " that could not be fetched".to_owned(),
        (Told::Bytes, true) => " elsewhere".to_owned(),
        (Told::Bytes, false) => bytes_of(original, comparing),
    };
    let renditions = match (&comparing.renditions, versions.filter(|_| told == Told::Bytes && !stays)) {
        (Some(renames), Some(versions)) => renditions(members, versions, renames, (side, comparing)),
        _ => String::new(),
    };
    format!("file{bytes}{renditions}")
}

/// The version that became the original of the target, if it is another one than the original.
fn chosen<'a, 't>(versions: &'a Members<'t>, side: Side, comparing: &Comparing) -> Option<&'a Json<'t>> {
    let has_bytes = |version: &&Json<'_>| text_in(version, &["url"]).or_else(|| text_in(version, &["path"])).is_some();
    let name = comparing.file_version.as_deref().filter(|name| side == Side::Backup && *name != ORIGINAL)?;
    versions.get(name).filter(has_bytes)
}

fn is_left(members: &Members<'_>) -> bool {
    members.get("leave_on_remote").is_some_and(Json::is_true)
}

/// Its hash, or how many they are where the source knows none.
fn bytes_of(version: Option<&Json<'_>>, comparing: &Comparing) -> String {
    let size = version.and_then(|version| version.get("filesize")).and_then(Json::as_id);
    let hash = version.and_then(|version| text_in(version, &["hash"])).filter(|hash| hash.len() == 64);
    match hash {
        Some(hash) if !comparing.is_easydb5 => format!(" sha256 {hash}"),
        _ => format!(" {} bytes", size.unwrap_or_default()),
    }
}

/// Those that have bytes somewhere, by the names that they have on the target.
fn renditions(
    members: &Members<'_>,
    versions: &Members<'_>,
    renames: &Renames,
    (side, comparing): (Side, &Comparing),
) -> String {
    let class = text_in_members(members, "class");
    let host_of_original = versions.get(ORIGINAL).and_then(host);
    let mut found = Vec::new();
    for (name, version) in versions.iter().filter(|(name, _)| *name != ORIGINAL) {
        let has_bytes = text_in(version, &["url"]).or_else(|| text_in(version, &["path"])).is_some();
        let own = if side == Side::Backup { renames.name(&class, name) } else { Some(name) };
        let Some(own) = own.filter(|_| has_bytes) else { continue };
        // What stands on another server is known by its place alone, and that is not compared.
        let is_elsewhere = text_in(version, &["path"]).is_none() && host(version) != host_of_original;
        let is_known = !is_elsewhere && text_in(version, &["hash"]).is_some_and(|hash| hash.len() == 64);
        let bytes = if is_known { bytes_of(Some(version), comparing) } else { String::new() };
        found.push(format!(", {own}{bytes}"));
    }
    found.sort();
    found.concat()
}

fn host(version: &Json<'_>) -> Option<String> {
    Url::parse(&text_in(version, &["url"])?).ok()?.host_str().map(str::to_owned)
}

fn text_in_members(members: &Members<'_>, key: &str) -> String {
    members.get(key).and_then(Json::as_str).map(std::borrow::Cow::into_owned).unwrap_or_default()
}
