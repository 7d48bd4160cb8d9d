//! A client that does nothing but send requests: what the network and the instance take by themselves.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

/// What the bare client has moved.
pub struct Moved {
    pub time: Duration,
    pub requests: u64,
    pub bytes: u64,
}

struct Bare {
    client: Client,
    token: String,
    api: String,
}

impl Bare {
    async fn login(url: &str) -> Result<Self> {
        // Of several rounds the first one does it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build()?;
        let form = [
            ("grant_type", "password"),
            ("username", "root"),
            ("password", "admin"),
            ("client_id", "fylr-web-frontend"),
        ];
        let token: Value = client.post(format!("{url}/api/oauth2/token")).form(&form).send().await?.json().await?;
        let token = token["access_token"].as_str().context("a token")?.to_owned();
        Ok(Self { client, token, api: format!("{url}/api/v1") })
    }

    async fn get(&self, path: &str) -> Result<reqwest::Response> {
        let request = self.client.get(format!("{}/{path}", self.api)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?)
    }
}

/// Fetches every page of every objecttype, with so many requests at a time, and does nothing with them.
pub fn fetch(url: &str, page: u64, parallel: usize) -> Result<Moved> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let bare = Bare::login(url).await?;
        let schema: Value = bare.get("schema/user/CURRENT").await?.json().await?;
        let tables = schema["tables"].as_array().context("tables")?;
        let names = tables.iter().filter(|table| table.get("owned_by").is_none_or(Value::is_null));
        let began = Instant::now();
        let (pages, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        for name in names.filter_map(|table| table["name"].as_str()) {
            let next = AtomicU64::new(0);
            let workers = (0..parallel).map(|_| async {
                loop {
                    let offset = next.fetch_add(1, Ordering::Relaxed) * page;
                    let path = format!(
                        "db/{name}/_all_fields/list?format=long&skip_reverse_nested=1&all_versions=1&limit={page}&offset={offset}"
                    );
                    let body = bare.get(&path).await?.bytes().await?;
                    pages.fetch_add(1, Ordering::Relaxed);
                    bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                    if body.len() <= 2 {
                        return Ok::<(), anyhow::Error>(());
                    }
                }
            });
            futures_util::future::try_join_all(workers).await?;
        }
        Ok(Moved { time: began.elapsed(), requests: pages.into_inner(), bytes: bytes.into_inner() })
    })
}

/// Posts the records of these payloads as they are, each payload in one request. The bodies are at hand before the clock
/// starts for the first of them that each worker sends; all others are read while it runs.
pub fn post(url: &str, payloads: &[PathBuf], parallel: usize) -> Result<Moved> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let bare = Bare::login(url).await?;
        let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        let began = Instant::now();
        let workers = (0..parallel).map(|_| async {
            while let Some(path) = payloads.get(next.fetch_add(1, Ordering::Relaxed)) {
                let body = records(&std::fs::read_to_string(path)?)?;
                bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                let url = format!("{}/db/objekt?format=short&skip_constraints=1&skip_index=1&skip_events=1&skip_reverse_nested=1&skip_bidirectional_update=1", bare.api);
                let request = bare.client.post(url).bearer_auth(&bare.token).header("content-type", "application/json");
                request.body(body).send().await?.error_for_status()?.bytes().await?;
            }
            Ok::<(), anyhow::Error>(())
        });
        futures_util::future::try_join_all(workers).await?;
        Ok(Moved { time: began.elapsed(), requests: payloads.len() as u64, bytes: bytes.into_inner() })
    })
}

/// The array of a payload, cut out of its text.
fn records(payload: &str) -> Result<String> {
    let (from, to) = (payload.find('[').context("an array")?, payload.rfind(']').context("its end")?);
    ensure!(from < to, "no array");
    Ok(payload[from..=to].to_owned())
}

/// Uploads files, so many at a time.
pub fn upload(url: &str, files: &[PathBuf], parallel: usize) -> Result<Moved> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let bare = Bare::login(url).await?;
        let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        let began = Instant::now();
        let workers = (0..parallel).map(|_| async {
            while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                bytes.fetch_add(send(&bare, path).await?, Ordering::Relaxed);
            }
            Ok::<(), anyhow::Error>(())
        });
        futures_util::future::try_join_all(workers).await?;
        Ok(Moved { time: began.elapsed(), requests: files.len() as u64, bytes: bytes.into_inner() })
    })
}

async fn send(bare: &Bare, path: &Path) -> Result<u64> {
    let file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::with_capacity(file, 256 << 10));
    let part = Part::stream_with_length(body, length);
    let form = Form::new().part("file", part.file_name("scan.tif"));
    let request = bare.client.post(format!("{}/eas/put", bare.api)).bearer_auth(&bare.token).multipart(form);
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(length)
}
