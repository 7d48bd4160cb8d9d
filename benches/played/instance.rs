//! A rehearsal instance in a process of its own, which ends with this value.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;

pub struct Instance {
    /// Without `/api/v1`.
    pub url: String,
    child: Child,
}

impl Instance {
    /// One with a backup in it, or an empty one.
    pub fn start(dir: Option<&Path>) -> Result<Self> {
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
        command.args(["--json", "instance", "--listen", "127.0.0.1:0"]);
        if let Some(dir) = dir {
            command.arg("--load").arg(dir);
        }
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).with_context(|| format!("the instance said: {line}"))?;
        let url = told["url"].as_str().or(told["api"].as_str()).context("an URL")?.trim_end_matches('/').to_owned();
        let url = url.strip_suffix("/api/v1").map_or(url.clone(), str::to_owned);
        if let Some(dir) = dir {
            println!("instance with {} in {:.1} s", dir.display(), began.elapsed().as_secs_f64());
        }
        Ok(Self { url, child })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It is gone, or goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
