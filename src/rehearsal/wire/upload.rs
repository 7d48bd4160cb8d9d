//! Files of a multipart body, streamed into the instance's directory and hashed on the way; memory does not grow with
//! their size.

use std::path::Path;

use axum::extract::multipart::Multipart;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::rehearsal::eas::hex;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::request::Upload;
use crate::rehearsal::shared::Shared;

/// The most files of one body, so that a hostile one does not fill the disk with empty files.
const FILES_MAX: usize = 1001;

/// Writes every part that has a file name.
pub(super) async fn receive(shared: &Shared, mut parts: Multipart) -> Result<Vec<Upload>, Problem> {
    let mut uploads = Vec::new();
    let failed = |text: String| Problem::new(400, "UploadError", "fileupload", text).with("filename", "");
    loop {
        let part = parts.next_field().await.map_err(|error| failed(format!("The body is cut short: {error}.")))?;
        let Some(mut part) = part else { return Ok(uploads) };
        let Some(file_name) = part.file_name().map(str::to_owned) else { continue };
        if uploads.len() >= FILES_MAX {
            return Err(failed("The body has too many files.".to_owned()));
        }
        let mut staged =
            Staged::create(&shared.files_dir, &shared.secret("")).await.map_err(|e| failed(e.to_string()))?;
        loop {
            let chunk = part.chunk().await.map_err(|error| failed(format!("The body is cut short: {error}.")))?;
            let Some(chunk) = chunk else { break };
            staged.write(&chunk).await.map_err(|error| failed(error.to_string()))?;
        }
        uploads.push(staged.finish(file_name).await.map_err(|error| failed(error.to_string()))?);
    }
}

/// A file that is being written.
pub(super) struct Staged {
    path: std::path::PathBuf,
    file: File,
    sha256: Sha256,
    bytes: u64,
}

impl Staged {
    pub async fn create(dir: &Path, name: &str) -> std::io::Result<Self> {
        let path = dir.join(name);
        let file = File::create_new(&path).await?;
        Ok(Self { path, file, sha256: Sha256::new(), bytes: 0 })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    pub async fn finish(mut self, file_name: String) -> std::io::Result<Upload> {
        self.file.flush().await?;
        Ok(Upload { path: self.path, file_name, bytes: self.bytes, sha256: hex(&self.sha256.finalize()) })
    }
}

/// Puts the content of a reader into the instance's directory.
pub(in crate::rehearsal) fn stage(
    shared: &Shared,
    file_name: String,
    content: &mut dyn std::io::Read,
) -> std::io::Result<Upload> {
    use std::io::Write as _;
    let path = shared.files_dir.join(shared.secret(""));
    let mut file = std::fs::File::create_new(&path)?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let length = content.read(&mut buffer)?;
        if length == 0 {
            return Ok(Upload { path, file_name, bytes, sha256: hex(&sha256.finalize()) });
        }
        sha256.update(&buffer[..length]);
        file.write_all(&buffer[..length])?;
        bytes += length as u64;
    }
}
