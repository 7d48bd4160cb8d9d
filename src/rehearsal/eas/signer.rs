//! Files as answers have them, with their URLs. A signature holds when it expires and a number of its own, so that no
//! two answers have the same, and BLAKE3 keyed with the instance's key over all of it and the path.

use std::cell::Cell;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::rehearsal::auth::Call;
use crate::rehearsal::json::escape;
use crate::rehearsal::options::Kind;
use crate::rehearsal::shared::Shared;
use crate::rehearsal::state::{File, FileId, Place, State};

/// Days a URL is valid: the default and the most that can be asked for without the base config saying otherwise.
const DAYS: u64 = 7;
const DAYS_MAX: u64 = 365;
/// Seconds of a day.
const DAY: u64 = 86_400;

pub(in crate::rehearsal) struct Signer<'c> {
    shared: &'c Shared,
    /// When URLs expire, in seconds since 1970; `None`: they are not signed.
    expires: Option<u64>,
    /// Files that were left where they are are told with the URL there.
    real_urls: bool,
    nonce: Cell<u64>,
}

impl<'c> Signer<'c> {
    /// A signer for the answer to a call, which may ask for a time with `file_url_expire`.
    pub fn new(call: &Call<'c>) -> Self {
        let shared = call.shared;
        let days = call.request.param("file_url_expire").and_then(|days| days.parse().ok());
        let expires = match days {
            _ if shared.options.kind == Kind::Easydb5 || !call.has(6, 8, 0) => None,
            Some(0) => None,
            days => Some(Timestamp::now().as_second().unsigned_abs() + days.unwrap_or(DAYS).min(DAYS_MAX) * DAY),
        };
        let real_urls = call.request.is_on("files_real_url") && call.has(6, 34, 0) && call.caller.is_root;
        Self { shared, expires, real_urls, nonce: Cell::new(shared.chance(|chance| chance.u64(..))) }
    }

    /// A file with everything, as the calls for files tell it.
    pub fn file(&self, state: &State, id: FileId, out: &mut String) {
        self.write(state, id, "", true, out);
    }

    /// A file as the value of a column; `members` say how it stands to the record.
    pub fn file_in_record(&self, state: &State, id: FileId, members: &str, out: &mut String) {
        self.write(state, id, members, false, out);
    }

    fn write(&self, state: &State, id: FileId, members: &str, with_reference: bool, out: &mut String) {
        let Some(file) = state.files.get(id) else {
            let _ = write!(out, "{{\"_id\":{id}{members},\"status\":\"failed\"}}");
            return;
        };
        let _ = write!(out, "{{\"_id\":{id}{members}");
        text(",\"class\":", file.class, out);
        text(",\"extension\":", &file.extension, out);
        text(",\"class_extension\":", &format!("{}.{}", file.class, file.extension), out);
        let _ = write!(out, ",\"is_original\":{},\"filesize\":{}", file.parent.is_none(), file.bytes);
        text(",\"hash\":", &file.hash, out);
        text(",\"status\":", file.status, out);
        text(",\"original_filename\":", &file.name, out);
        text(",\"original_filepath\":", &file.path, out);
        let basename = file.name.strip_suffix(&format!(".{}", file.extension)).unwrap_or(&file.name);
        text(",\"original_filename_basename\":", basename, out);
        text(",\"date_uploaded\":", &file.uploaded, out);
        if let Some((parent, _)) = &file.parent {
            let _ = write!(out, ",\"eas_parent_id\":{parent}");
        }
        if with_reference && let Some(reference) = &file.reference {
            text(",\"reference\":", reference, out);
        }
        let _ = write!(out, ",\"upload_user\":{{\"_basetype\":\"user\",\"user\":{{\"_id\":{}}}}}", file.uploader);
        Self::technical(file, out);
        if self.shared.options.kind == Kind::Fylr {
            if matches!(file.place, Place::Remote(_)) {
                out.push_str(",\"leave_on_remote\":true");
            }
            if !file.produce_versions && file.parent.is_none() {
                out.push_str(",\"produce_versions\":false");
            }
        }
        out.push_str(",\"versions\":{\"original\":");
        self.rendition(id, file, "original", out);
        for (name, rendition) in &file.renditions {
            let Some(file) = state.files.get(*rendition) else { continue };
            out.push(',');
            escape(name, out);
            out.push(':');
            self.rendition(*rendition, file, name, out);
        }
        out.push_str("}}");
    }

    fn technical(file: &File, out: &mut String) {
        out.push_str(",\"technical_metadata\":{");
        text("\"mime_type\":", &file.mime, out);
        let _ = write!(out, ",\"filesize\":{}", file.bytes);
        if matches!(file.place, Place::Here(_)) {
            text(",\"sha256_hash\":", &file.hash, out);
        }
        for (name, value) in file.metadata.at("_technical_metadata").members() {
            if !matches!(&**name, "mime_type" | "filesize" | "sha256_hash") {
                out.push(',');
                escape(name, out);
                let _ = write!(out, ":{value}");
            }
        }
        out.push('}');
    }

    fn rendition(&self, id: FileId, file: &File, version: &str, out: &mut String) {
        let _ = write!(out, "{{\"_id\":{id}");
        text(",\"class\":", file.class, out);
        text(",\"extension\":", &file.extension, out);
        text(",\"status\":", file.status, out);
        let _ = write!(out, ",\"filesize\":{}", file.bytes);
        text(",\"hash\":", &file.hash, out);
        if file.status == "done" {
            text(",\"url\":", &self.url(id, file, version), out);
            if self.shared.options.kind == Kind::Easydb5 {
                text(",\"download_url\":", &format!("{}/{}", self.url(id, file, version), file.name), out);
            }
        }
        text(",\"date_created\":", &file.uploaded, out);
        out.push_str(",\"_download_allowed\":true,\"_show_allowed\":true}");
    }

    /// Where the bytes are to be had.
    pub fn url(&self, id: FileId, file: &File, version: &str) -> String {
        if let Place::Remote(url) = &file.place
            && (self.real_urls || self.shared.options.kind == Kind::Easydb5)
        {
            return url.clone();
        }
        let base = self.shared.url();
        let hash = &file.hash;
        if self.shared.options.kind == Kind::Easydb5 {
            let part = if file.parent.is_none() { 1 } else { 2 };
            let (millions, thousands) = (id.0 / 1_000_000 * 1_000_000, id.0 / 1000 * 1000);
            let short = hash.get(..40).unwrap_or(hash);
            return format!("{base}/eas/partitions-inline/{part}/{millions}/{thousands}/{id}/{short}/{}", file.mime);
        }
        let version = encoded(version);
        let path = format!("/api/v1/eas/download/{id}/{hash}/{version}.{}", encoded(&file.extension));
        match self.expires {
            None => format!("{base}{path}"),
            Some(expires) => {
                self.nonce.set(self.nonce.get().wrapping_add(1));
                let signature = sign(&self.shared.key, id, hash, expires, self.nonce.get());
                format!("{base}{path}?x-fylr-signature={signature}")
            }
        }
    }
}

/// `v1-<expiry>-<number>-<seal>`, all hexadecimal
fn sign(key: &[u8; 32], id: FileId, hash: &str, expires: u64, nonce: u64) -> String {
    let seal = blake3::keyed_hash(key, format!("{id}/{hash}/{expires}/{nonce}").as_bytes()).to_hex();
    format!("v1-{expires:x}-{nonce:x}-{}", &seal[..32])
}

/// Why a signature does not open a file.
pub(super) enum Unsigned {
    Wrong,
    Expired,
}

pub(super) fn check(key: &[u8; 32], id: FileId, hash: &str, signature: &str) -> Result<(), Unsigned> {
    let mut parts = signature.strip_prefix("v1-").unwrap_or_default().split('-');
    let mut number = || u64::from_str_radix(parts.next().unwrap_or_default(), 16).map_err(|_| Unsigned::Wrong);
    let (expires, nonce) = (number()?, number()?);
    if sign(key, id, hash, expires, nonce) != signature {
        return Err(Unsigned::Wrong);
    }
    if expires < Timestamp::now().as_second().unsigned_abs() { Err(Unsigned::Expired) } else { Ok(()) }
}

/// A part of a path.
fn encoded(part: &str) -> String {
    let form: String = url::form_urlencoded::byte_serialize(part.as_bytes()).collect();
    form.replace('+', "%20")
}

fn text(name: &str, value: &str, out: &mut String) {
    out.push_str(name);
    escape(value, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_opens_one_file_until_it_expires() {
        let (key, id) = ([7; 32], FileId(5));
        let later = Timestamp::now().as_second().unsigned_abs() + 60;
        let good = sign(&key, id, "abc", later, 1);
        assert!(check(&key, id, "abc", &good).is_ok());
        assert!(matches!(check(&key, FileId(6), "abc", &good), Err(Unsigned::Wrong)));
        assert!(matches!(check(&key, id, "abd", &good), Err(Unsigned::Wrong)));
        assert!(matches!(check(&[8; 32], id, "abc", &good), Err(Unsigned::Wrong)));
        let old = sign(&key, id, "abc", 1_600_000_000, 1);
        assert!(matches!(check(&key, id, "abc", &old), Err(Unsigned::Expired)));
        for text in ["", "v1-", "v1-1-2", "v2-1-2-3"] {
            assert!(matches!(check(&key, id, "abc", text), Err(Unsigned::Wrong)), "{text}");
        }
    }
}
