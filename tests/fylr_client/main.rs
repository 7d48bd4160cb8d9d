//! The client of fylr and easydb5 against servers that do everything wrong.

#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod logins;
mod redirects;
mod retries;
mod secrets;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fonds::fylr::{Certificates, Client, Credentials, Error, Options, Request, RetryPolicy, Server, Shape};
use fonds::model::event::Silent;

use crate::support::scripted::{Asked, Reply, Scripted};

const FYLR: &str = r#"{"name":"7d0e","instance":"museum","version":"v6.34.2","build_commit":"b8"}"#;
const EASYDB5: &str = r#"{"name":"museum","api":"1","easydb_version":"5.153.0"}"#;
const TOKEN: &str =
    r#"{"access_token":"ory_at_1","token_type":"bearer","expires_in":86400,"refresh_token":"ory_rt_1"}"#;

/// What every fylr answers to a client that comes; `None` for what the test is about.
fn fylr(asked: &Asked) -> Option<Reply> {
    match asked.path() {
        "/api/v1/settings" => Some(Reply::json(FYLR)),
        "/api/oauth2/token" => Some(Reply::json(TOKEN)),
        _ => None,
    }
}

fn options(url: &str) -> Options {
    Options {
        server: Server::parse(url, None).expect("an URL"),
        credentials: Credentials {
            login: "root".to_owned(),
            password: "admin".into(),
            client_id: String::new(),
            client_secret: None,
        },
        certificates: Certificates::Verified,
        timeout: Duration::from_secs(5),
        retry: RetryPolicy { count_max: 5, sleep_between: Duration::from_millis(20) },
        workers: 4,
        is_logged: false,
    }
}

async fn connect(url: &str) -> Result<Client, Error> {
    Client::connect(options(url), Arc::new(Silent)).await
}

/// A client of a fylr of which `answer` decides the n-th answer to `GET /api/v1/tags`.
async fn client(answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> (Scripted, Client) {
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |asked| {
        fylr(asked).unwrap_or_else(|| answer(count.fetch_add(1, Ordering::SeqCst), asked))
    });
    let client = connect(&server.url()).await.expect("a login");
    (server, client)
}

fn tags() -> Request {
    Request::get("tags", Shape::Array)
}

/// An error with all its causes.
fn told(error: &Error) -> String {
    fonds::jobs::chain(error)
}
