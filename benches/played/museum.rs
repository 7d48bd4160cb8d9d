//! The sample museum with so many more objects, of 2.5 kB each.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// Records of a payload.
const PAYLOAD: u64 = 1000;
/// What the payloads with the additional objects are called.
pub const MORE: &str = "db__objekt__more_";

/// Writes a backup of it.
pub fn write(dir: &Path, records: u64) -> Result<()> {
    copy(dir)?;
    let mut chance = fastrand::Rng::with_seed(1);
    let words: Vec<String> =
        (0..3000).map(|_| (0..chance.usize(3..11)).map(|_| chance.lowercase()).collect()).collect();
    let mut names = Vec::new();
    for first in (0..records).step_by(PAYLOAD as usize) {
        let objects = (first..records.min(first + PAYLOAD)).map(|number| {
            let text = (0..340).map(|_| words[chance.usize(..words.len())].as_str()).collect::<Vec<_>>().join(" ");
            json!({
                "_objecttype": "objekt",
                "_mask": "_all_fields",
                "_system_object_id": 1_000_000 + number,
                "_uuid": format!("00000000-0000-4000-8000-{number:012}"),
                "_tags": [{"lookup:_id": {"reference": "neu"}}],
                "_created": "2024-05-28T08:00:00Z",
                "_last_modified": "2024-05-28T08:00:00Z",
                "_create_user": {"_basetype": "user", "user": {"lookup:_id": {"reference": "hlindqvist"}}},
                "objekt": {
                    "_version": 1,
                    "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}},
                    "inventarnummer": format!("B.{number:08}"),
                    "titel": {"de-DE": &text[..40]},
                    "beschreibung": {"de-DE": text},
                },
            })
        });
        let payload = json!({"import_type": "db", "objecttype": "objekt", "objects": objects.collect::<Vec<_>>()});
        let name = format!("{MORE}{first:08}.json");
        fs::write(dir.join(&name), serde_json::to_vec(&payload)?)?;
        names.push(Value::from(name));
    }
    insert(dir, "db__objekt", names)
}

/// Copies the sample, without the plugin that no backup of it has.
pub fn copy(dir: &Path) -> Result<()> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum");
    let copied = Command::new("cp").arg("-r").arg(&sample).arg(dir).status()?;
    ensure!(copied.success(), "the sample cannot be copied");
    let path = dir.join("basetype-plugin-0000.json");
    let mut plugins: Value = serde_json::from_slice(&fs::read(&path)?)?;
    plugins["plugins"].as_array_mut().context("plugins")?.retain(|plugin| plugin["type"] == "url");
    Ok(fs::write(path, serde_json::to_vec(&plugins)?)?)
}

/// Puts payloads into the manifest, behind those whose names begin so.
pub fn insert(dir: &Path, behind: &str, names: Vec<Value>) -> Result<()> {
    let path = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let payloads = manifest["payloads"].as_array_mut().context("payloads")?;
    let is_before = |payload: &Value| payload.as_str().is_some_and(|name| name.starts_with(behind));
    let last = payloads.iter().rposition(is_before).context("payloads")?;
    let behind = last + 1;
    payloads.splice(behind..behind, names);
    Ok(fs::write(path, serde_json::to_vec(&manifest)?)?)
}
