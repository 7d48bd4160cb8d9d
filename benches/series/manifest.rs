//! `manifest.json` of one snapshot.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::json;

use super::Parameters;
use super::payload::Written;
use super::record::INSTANCE_ID;

/// Written last, because it names all payloads.
pub fn write(parameters: &Parameters, snapshot: u64, payloads: &[Written], target: &Path) -> io::Result<()> {
    let mut statistics = BTreeMap::<&str, usize>::new();
    for payload in payloads {
        *statistics.entry(&payload.kind).or_default() += payload.items;
    }
    let names: Vec<&str> = payloads.iter().map(|payload| payload.name.as_str()).collect();
    let day = format!("2025-{:02}-{:02}", 1 + snapshot / 28, 1 + snapshot % 28);
    let manifest = json!({
        "source": "https://museum.example.org/api/v1/", "batch_size": parameters.records_per_payload,
        "payload_base_uri": "", "eas_type": "url", "eas_skip_errors": true, "eas_replace_url": "",
        "skip_head_request": true, "mapping": null, "has_passwords": false,
        "datamodel": "datamodel.json", "base_config": "base_config.json",
        "instance": {"type": "fylr", "name": "museum", "db_name": INSTANCE_ID,
            "external_url": "https://museum.example.org", "version": "v6.34.2"},
        "created_at": format!("{day}T02:00:00Z"), "finished_at": format!("{day}T02:14:24Z"),
        "finished": true, "total_runtime_sec": 864,
        "options": {"all_versions": false, "include_deleted": false, "include_files": "",
            "compression": 0, "chunk_size": parameters.records_per_payload, "maximum_count": 0},
        "statistics": statistics, "payloads": names});
    std::fs::write(target.join("manifest.json"), format!("{manifest:#}\n"))
}
