//! A museum with packed files that do not shrink.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::museum;

/// Ids of files begin here.
const FIRST: u64 = 5_000_000;

/// Writes a backup of it; gives the files.
pub fn write(dir: &Path, count: u64, bytes_each: usize) -> Result<Vec<PathBuf>> {
    museum::copy(dir)?;
    let mut chance = fastrand::Rng::with_seed(2);
    let mut block = vec![0; 1 << 20];
    let (mut files, mut records) = (Vec::new(), Vec::new());
    for number in 0..count {
        let id = FIRST + number;
        let path = format!("files/5000000/5000000/{id}-scan.tif");
        let full = dir.join(&path);
        fs::create_dir_all(full.parent().unwrap_or(dir))?;
        let mut file = fs::File::create(&full)?;
        let (mut hash, mut left) = (Sha256::new(), bytes_each);
        while left > 0 {
            chance.fill(&mut block);
            let length = left.min(block.len());
            file.write_all(&block[..length])?;
            hash.update(&block[..length]);
            left -= length;
        }
        let hash: String = hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        records.push(json!({
            "_objecttype": "dokument", "_mask": "_all_fields", "_system_object_id": 3_000_000 + number,
            "_uuid": format!("00000000-0000-4000-9000-{number:012}"),
            "dokument": {
                "_version": 1, "titel": format!("Scan {number}"),
                "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}},
                "datei": [{"_id": id, "preferred": true, "class": "image", "extension": "tif",
                    "original_filename": "scan.tif",
                    "versions": {"original": {"_id": id, "filesize": bytes_each, "hash": hash, "path": path}}}],
            },
        }));
        files.push(full);
    }
    let payload = json!({"import_type": "db", "objecttype": "dokument", "objects": records});
    let name = "db__dokument__more.json";
    fs::write(dir.join(name), serde_json::to_vec(&payload)?)?;
    museum::insert(dir, "db__dokument", vec![Value::from(name)])?;
    Ok(files)
}
