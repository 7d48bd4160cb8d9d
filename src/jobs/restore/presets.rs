//! What a manifest of the JSON importer presets: how many records go at a time, and what becomes of files.

use serde_json::Value;

use crate::fylr::target::{CHUNK_MAX, FileApi, WriteOptions};
use crate::jobs::restore::scan::Scan;

/// Takes over what nobody has asked for otherwise; says what it is.
pub(super) fn adopt(write: &mut WriteOptions, scan: &mut Scan) -> Vec<String> {
    if !scan.origins.is_importer {
        return Vec::new();
    }
    let value = |key: &str| -> Value {
        scan.manifest.value(key).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    let mut notes = Vec::new();
    let size = value("batch_size").as_u64().filter(|size| (1..=CHUNK_MAX as u64).contains(size));
    if let Some(size) = size.filter(|_| write.chunk_size.is_none()) {
        write.chunk_size = Some(size as usize);
        notes.push(format!("the manifest asks for batches of {size}"));
    }
    if value("eas_type") == "ignore" && write.file_api != FileApi::None {
        write.file_api = FileApi::None;
        notes.push("the manifest asks for no files".to_owned());
    }
    if value("eas_skip_errors") == true && !write.ignore_file_errors {
        write.ignore_file_errors = true;
        notes.push("the manifest asks for records without the files that cannot be had".to_owned());
    }
    let url = value("eas_replace_url").as_str().filter(|url| !url.is_empty()).map(str::to_owned);
    if let Some(url) = &url {
        notes.push(format!("files of http://localhost are looked for at {url}"));
    }
    scan.origins.localhost = url;
    notes
}
