//! `cargo bench --bench backup`: a made-up instance is backed up over the network of this machine, beside a client that
//! only fetches the same pages and throws them away.
//!
//! `-- --quick` takes half a minute.

#[allow(dead_code, reason = "each of the benchmarks uses a part")]
#[path = "measure/process.rs"]
mod process;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};

/// Records of a payload that the instance is loaded from.
const PAYLOAD: u64 = 1000;

/// Backs an instance up.
#[derive(Debug, Parser)]
#[command(name = "backup")]
struct Options {
    /// 20 000 records
    #[arg(long)]
    quick: bool,
    /// Records of the instance [default: 200 000]
    #[arg(long)]
    records: Option<u64>,
    /// Records of a page
    #[arg(long, default_value = "1000")]
    page: u64,
    /// Requests at a time
    #[arg(long, default_value = "2")]
    parallel: usize,
    /// How often each is measured; the quickest counts
    #[arg(long, default_value = "3")]
    rounds: usize,
}

fn main() -> Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let Some(bench) = arguments.iter().position(|argument| argument == "--bench") else {
        eprintln!("nothing measured: run it with `cargo bench --bench backup`");
        return Ok(());
    };
    arguments.remove(bench);
    let options = Options::parse_from(arguments);
    let work = tempfile::tempdir()?;
    let records = options.records.unwrap_or(if options.quick { 20_000 } else { 200_000 });
    let dir = work.path().join("museum");
    write_museum(&dir, records)?;
    println!("load before: {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let instance = Instance::start(&dir)?;
    let bare = (0..options.rounds).map(|_| bare(&instance.url, &options)).collect::<Result<Vec<_>>>()?;
    let bare = bare.into_iter().min_by_key(|fetched| fetched.time).context("a round")?;
    println!("bare client  {:6.2} s  {} pages, {} MB", bare.time.as_secs_f64(), bare.pages, bare.bytes / 1_000_000);
    let mut first = None;
    for round in 0..options.rounds {
        let archive = work.path().join(format!("{round}.redb"));
        let measured = backup(&instance.url, &archive, &options)?;
        let size = fs::metadata(&archive)?.len();
        let again = backup(&instance.url, &archive, &options)?;
        let growth = fs::metadata(&archive)?.len() - size.min(fs::metadata(&archive)?.len());
        if first.as_ref().is_none_or(|(best, ..): &(process::Usage, _, _, _)| measured.wall < best.wall) {
            first = Some((measured, again, size, growth));
        }
        fs::remove_file(&archive)?;
    }
    let (first, second, size, growth) = first.context("a round")?;
    for (name, cost) in [("first backup", &first), ("second backup", &second)] {
        let ratio = cost.wall.as_secs_f64() / bare.time.as_secs_f64();
        let memory = cost.peak_bytes / 1_000_000;
        println!("{name:13} {:6.2} s  ×{ratio:.2} of the bare client, {memory} MB of memory", cost.wall.as_secs_f64());
    }
    println!("archive {} MB, the second backup adds {:.2} %", size / 1_000_000, 100.0 * growth as f64 / size as f64);
    Ok(())
}

/// The sample museum with so many more objects, of 2.5 kB each.
fn write_museum(dir: &Path, records: u64) -> Result<()> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum");
    let copied = Command::new("cp").arg("-r").arg(&sample).arg(dir).status()?;
    ensure!(copied.success(), "the sample cannot be copied");
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
        let name = format!("db__objekt__more_{first:08}.json");
        fs::write(dir.join(&name), serde_json::to_vec(&payload)?)?;
        names.push(Value::from(name));
    }
    let path = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let payloads = manifest["payloads"].as_array_mut().context("payloads")?;
    let objects = |payload: &Value| payload.as_str().is_some_and(|name| name.starts_with("db__objekt"));
    let last = payloads.iter().rposition(objects).context("payloads of objects")?;
    let behind = last + 1;
    payloads.splice(behind..behind, names);
    Ok(fs::write(path, serde_json::to_vec(&manifest)?)?)
}

/// A rehearsal instance in a process of its own, which ends with this value.
struct Instance {
    url: String,
    child: Child,
}

impl Instance {
    fn start(dir: &Path) -> Result<Self> {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_fonds"))
            .args(["--json", "instance", "--listen", "127.0.0.1:0", "--load"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).with_context(|| format!("the instance said: {line}"))?;
        let url = told["url"].as_str().or(told["api"].as_str()).context("an URL")?.trim_end_matches('/').to_owned();
        let url = url.strip_suffix("/api/v1").map_or(url.clone(), str::to_owned);
        println!("instance with {} in {:.1} s", dir.display(), began.elapsed().as_secs_f64());
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

/// What the bare client has fetched.
struct Fetched {
    time: Duration,
    pages: u64,
    bytes: u64,
}

/// Fetches every page of every objecttype, with as many requests at a time, and does nothing with them.
fn bare(url: &str, options: &Options) -> Result<Fetched> {
    // Of several rounds the first one does it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let form = [
            ("grant_type", "password"),
            ("username", "root"),
            ("password", "admin"),
            ("client_id", "fylr-web-frontend"),
        ];
        let token: Value = client.post(format!("{url}/api/oauth2/token")).form(&form).send().await?.json().await?;
        let token = token["access_token"].as_str().context("a token")?.to_owned();
        let get = |path: String| client.get(format!("{url}/api/v1/{path}")).bearer_auth(&token).send();
        let schema: Value = get("schema/user/CURRENT".to_owned()).await?.json().await?;
        let tables = schema["tables"].as_array().context("tables")?;
        let names = tables.iter().filter(|table| table.get("owned_by").is_none_or(Value::is_null));
        let began = Instant::now();
        let (pages, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        for name in names.filter_map(|table| table["name"].as_str()) {
            let next = Arc::new(AtomicU64::new(0));
            let workers = (0..options.parallel).map(|_| async {
                loop {
                    let offset = next.fetch_add(1, Ordering::Relaxed) * options.page;
                    let path = format!(
                        "db/{name}/_all_fields/list?format=long&skip_reverse_nested=1&all_versions=1&limit={}&offset={offset}",
                        options.page
                    );
                    let body = get(path).await?.bytes().await?;
                    pages.fetch_add(1, Ordering::Relaxed);
                    bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                    if body.len() <= 2 {
                        return Ok::<(), anyhow::Error>(());
                    }
                }
            });
            futures_util::future::try_join_all(workers).await?;
        }
        Ok(Fetched { time: began.elapsed(), pages: pages.into_inner(), bytes: bytes.into_inner() })
    })
}

fn backup(url: &str, archive: &Path, options: &Options) -> Result<process::Usage> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.arg("--archive").arg(archive).args(["--quiet", "backup", "--server"]).arg(format!("{url}/api/v1"));
    command.args(["--login", "root", "--name", "bench", "--all-versions", "--include-events", "-"]);
    command.args(["--chunk-size", &options.page.to_string(), "--max-parallel", &options.parallel.to_string()]);
    command.env("FONDS_PASSWORD", "admin");
    let cost = process::run(&mut command)?;
    ensure!(cost.wall > Duration::ZERO, "nothing was measured");
    Ok(cost)
}
