//! The pages of `fonds serve` as browsers and scripts get them, over plain HTTP.

#[path = "../support/mod.rs"]
mod support;

mod deeds;
mod looking;
mod making;
mod planning;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use fonds::fylr::{self, Certificates, Credentials, RetryPolicy};
use fonds::rehearsal::Instance;
use fonds::web::{NoProfile, Options, ProfileName, Profiles, Server};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::support::archives;

const TOKEN: &str = "token-of-the-tests-0123";
const ROOT: &str = "/inspect/migration/";
/// How long anything may take that goes on by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// Instances as `fonds.toml` names them.
struct Known(Vec<(String, String)>);

impl Profiles for Known {
    fn all(&self) -> Result<Vec<ProfileName>, NoProfile> {
        let named = self.0.iter().map(|(name, server)| ProfileName {
            name: name.clone(),
            server: server.clone(),
            login: Some("root".to_owned()),
        });
        Ok(named.collect())
    }

    fn connection(&self, name: &str, password: Option<SecretString>) -> Result<fylr::Options, NoProfile> {
        let known = self.0.iter().find(|(known, _)| known == name);
        let (_, server) = known.ok_or_else(|| NoProfile(format!("there is no {name}")))?;
        Ok(fylr::Options {
            server: fylr::Server::parse(server, None).map_err(|error| NoProfile(error.to_string()))?,
            credentials: Credentials {
                login: "root".to_owned(),
                password: password.unwrap_or_else(|| SecretString::from("admin")),
                client_id: String::new(),
                client_secret: None,
            },
            certificates: Certificates::Verified,
            timeout: Duration::from_secs(20),
            retry: RetryPolicy { count_max: 2, sleep_between: Duration::from_millis(5) },
            workers: 2,
            is_logged: false,
        })
    }
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// Where it leads to.
    #[track_caller]
    fn location(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text());
        self.header("location")
    }

    #[track_caller]
    fn has(&self, wanted: &str) -> &Self {
        assert!(self.text().contains(wanted), "{wanted} is not in {}", self.text());
        self
    }

    #[track_caller]
    fn lacks(&self, unwanted: &str) -> &Self {
        assert!(!self.text().contains(unwanted), "{unwanted} is in {}", self.text());
        self
    }
}

/// A page that is served, with an archive of its own.
struct Site {
    folder: TempDir,
    server: Option<Server>,
    client: reqwest::Client,
    runtime: Runtime,
    base: String,
}

impl Site {
    /// With these instances in `fonds.toml`, and an archive that is not there yet.
    fn new(instances: &[(&str, &Instance)]) -> Self {
        let known = instances.iter().map(|(name, instance)| ((*name).to_owned(), instance.api_url()));
        Self::of(Known(known.collect()))
    }

    /// With two snapshots of the sample museum, which differ in one record, and no instance.
    fn museum() -> Self {
        let site = Self::of(Known(Vec::new()));
        let museum = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum");
        archives::import(&site.archive(), &museum).expect("a snapshot");
        let other = site.folder.path().join("other");
        copy(&museum, &other);
        let payload = other.join("db__objekt__batch_0001__size_0005.json");
        let text = std::fs::read_to_string(&payload).expect("a payload").replacen("Krug", "Krügerl", 1);
        std::fs::write(&payload, text).expect("a payload");
        archives::import(&site.archive(), &other).expect("a snapshot");
        site
    }

    fn of(known: Known) -> Self {
        static TLS: Once = Once::new();
        TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let folder = tempfile::tempdir().expect("a temporary directory");
        let options = Options {
            archive: folder.path().join("x.redb"),
            listen: "127.0.0.1:0".parse().expect("an address"),
            token: Some(SecretString::from(TOKEN)),
            tls: None,
            is_behind_proxy: false,
            hosts: Vec::new(),
            allows_any_server: false,
        };
        let server = Server::start(options, Arc::new(known), archives::silent()).expect("a server");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = client.timeout(Duration::from_secs(30)).build().expect("a client");
        let base = server.url().trim_end_matches(ROOT).to_owned();
        Self { folder, server: Some(server), client, runtime, base }
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("x.redb")
    }

    /// A page in English.
    #[track_caller]
    fn get(&self, path: &str) -> Reply {
        self.get_as(path, &[("accept-language", "en")])
    }

    /// The page that a page leads to, if it does.
    #[track_caller]
    fn follow(&self, path: &str) -> Reply {
        let reply = self.get(path);
        if reply.status == 200 { reply } else { self.get(&reply.header("location")) }
    }

    #[track_caller]
    fn get_as(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.client.get(format!("{}{path}", self.base)).bearer_auth(TOKEN);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request)
    }

    /// What a script gets.
    #[track_caller]
    fn json(&self, path: &str) -> Value {
        let as_script = [("accept", "application/json")];
        let mut reply = self.get_as(path, &as_script);
        if reply.status == 307 || reply.status == 308 || reply.status == 303 {
            reply = self.get_as(&reply.header("location"), &as_script);
        }
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// Sends a form as a browser does.
    #[track_caller]
    fn post(&self, path: &str, body: &str) -> Reply {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(TOKEN);
        self.send(request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned()))
    }

    /// Sends JSON as a script does.
    #[track_caller]
    fn post_json(&self, path: &str, body: &Value) -> Reply {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(TOKEN);
        let request = request.header("accept", "application/json");
        self.send(request.header("content-type", "application/json").body(body.to_string()))
    }

    #[track_caller]
    fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Reply { status, headers, bytes: answer.bytes().await.expect("a body").to_vec() }
        })
    }

    /// Waits until what a script is told is as wanted.
    #[track_caller]
    fn wait(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let value = self.json(path);
            if is_wanted(&value) {
                return value;
            }
            assert!(Instant::now() < until, "{path} stays {value:#}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits until a run has ended; its state.
    #[track_caller]
    fn ended(&self, path: &str) -> String {
        let is_over = |value: &Value| {
            let state = value["Run"]["State"].as_str().unwrap_or_default();
            !["queued", "running", "waiting-for-archive", "waiting-for-retry", "cancelling", ""].contains(&state)
        };
        self.wait(path, is_over)["Run"]["State"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a plan is made; what a script is told of it.
    #[track_caller]
    fn planned(&self, path: &str) -> Value {
        self.wait(path, |value| value["State"] != "making")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &target) } else { drop(std::fs::copy(entry.path(), target)) }
    }
}

/// The value of an attribute behind a text.
#[track_caller]
fn value_behind(page: &str, before: &str) -> String {
    let at = page.find(before).unwrap_or_else(|| panic!("{before} is not in {page}")) + before.len();
    page[at..].split('"').next().unwrap_or_default().to_owned()
}
