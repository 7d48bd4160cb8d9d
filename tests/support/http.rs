//! A plain HTTP client for tests, and instances to talk to: no code of any client of ours.

use std::sync::Once;

use fonds::rehearsal::{Instance, Options};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::support::openapi::openapi;

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The code of an error.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body of an answer that is 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// That it is refused with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        self.json()
    }
}

/// Talks to one server with one token.
pub struct Http {
    runtime: Runtime,
    client: reqwest::Client,
    /// Without `/api/v1`.
    pub base: String,
    pub token: Option<String>,
    pub is_easydb5: bool,
}

impl Http {
    /// Nobody in particular.
    pub fn anonymous(base: &str) -> Self {
        static TLS: Once = Once::new();
        TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let policy = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(policy).no_proxy().pool_max_idle_per_host(0);
        let client = client.timeout(std::time::Duration::from_secs(20)).build().expect("a client");
        Self { runtime, client, base: base.to_owned(), token: None, is_easydb5: false }
    }

    /// Root of a fylr.
    pub fn fylr(instance: &Instance) -> Self {
        Self::login(instance, "root", "admin")
    }

    /// Somebody on a fylr.
    #[track_caller]
    pub fn login(instance: &Instance, login: &str, password: &str) -> Self {
        let mut http = Self::anonymous(&instance.url());
        let form = [
            ("grant_type", "password"),
            ("username", login),
            ("password", password),
            ("client_id", "fylr-web-frontend"),
            ("scope", "offline"),
        ];
        let reply = http.form("/api/oauth2/token", &form).ok();
        http.token = reply["access_token"].as_str().map(str::to_owned);
        http
    }

    /// Root of an easydb5.
    #[track_caller]
    pub fn easydb5(instance: &Instance) -> Self {
        let mut http = Self::anonymous(&instance.url());
        http.is_easydb5 = true;
        let token = http.get("/session").ok()["token"].as_str().expect("a token").to_owned();
        let path = format!("/session/authenticate?token={token}&login=root&password=admin");
        http.post(&path, &Value::Null).ok();
        http.token = Some(token);
        http
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, (!body.is_null()).then(|| body.to_string().into_bytes()))
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes()))
    }

    pub fn delete(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::DELETE, path, Some(body.to_string().into_bytes()))
    }

    /// Posts text as it is.
    pub fn post_text(&self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, Some(body.as_bytes().to_vec()))
    }

    pub fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Reply {
        self.attempt(method, path, body).unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// An answer, or what went wrong on the network.
    pub fn attempt(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Reply, reqwest::Error> {
        let mut url = self.url(path);
        if let Some(token) = self.token.as_ref().filter(|_| self.is_easydb5) {
            url.push_str(if url.contains('?') { "&token=" } else { "?token=" });
            url.push_str(token);
        }
        let (verb, sent) = (method.to_string(), body.clone());
        let mut request = self.client.request(method, url);
        if let Some(token) = self.token.as_ref().filter(|_| !self.is_easydb5) {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let reply = self.runtime.block_on(read(request))?;
        self.hold_against_openapi(&verb, path, sent.as_deref(), &reply);
        Ok(reply)
    }

    /// What a fylr of the described release takes and answers must be as described.
    fn hold_against_openapi(&self, method: &str, path: &str, sent: Option<&[u8]>, reply: &Reply) {
        let Some(openapi) =
            openapi().filter(|_| !self.is_easydb5 && !path.starts_with("http") && !path.contains("token="))
        else {
            return;
        };
        // Faults that were injected are no answers of a fylr, and neither is what has no JSON.
        let Ok(answer) = serde_json::from_slice::<Value>(&reply.bytes) else { return };
        let is_injected = reply.text().contains("A fault was injected") || matches!(reply.status, 302 | 423 | 500..);
        // An unknown end point is described nowhere, nor is what came with later releases.
        let is_unknown = reply.text().contains("UnknownEndpointMethod") || reply.text().contains("InvalidToken");
        let sent = sent.and_then(|sent| serde_json::from_slice::<Value>(sent).ok());
        if !is_injected
            && !is_unknown
            && let Some(wrong) = openapi.judge(method, path, sent.as_ref(), reply.status, &answer)
        {
            assert!(wrong.is_empty(), "not as the OpenAPI says:\n{}", wrong.join("\n"));
        }
    }

    /// Sends a form, without a token.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self.client.post(self.url(path)).form(fields);
        self.runtime.block_on(read(request)).expect("an answer")
    }

    /// Sends a request that was made with other headers.
    pub fn with(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.client.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.runtime.block_on(read(request)).expect("an answer")
    }

    /// Uploads files by name and content.
    pub fn upload(&self, query: &str, files: &[(&str, &[u8])]) -> Reply {
        let mut form = reqwest::multipart::Form::new();
        for (name, content) in files {
            let part = reqwest::multipart::Part::bytes(content.to_vec()).file_name((*name).to_owned());
            form = form.part("file", part);
        }
        let mut request = self.client.post(self.url(&format!("/eas/put{query}"))).multipart(form);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        self.runtime.block_on(read(request)).expect("an answer")
    }

    /// A path of the API, of the server, or a whole URL.
    fn url(&self, path: &str) -> String {
        match path {
            path if path.starts_with("http") => path.to_owned(),
            path if path.starts_with("/api/") || path.starts_with("/_rehearsal") => format!("{}{path}", self.base),
            path => format!("{}/api/v1{path}", self.base),
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok(Reply { status, headers, bytes: answer.bytes().await?.to_vec() })
}

/// A fylr with nothing in it.
pub fn empty() -> (Instance, Http) {
    started(Options::default())
}

pub fn started(options: Options) -> (Instance, Http) {
    let instance = Instance::start(options).expect("an instance");
    let http = Http::fylr(&instance);
    (instance, http)
}

/// A column of a data model.
pub fn column(id: u64, name: &str, kind: &str) -> Value {
    json!({ "kind": "column", "column_id": id, "name": name, "type": kind, "not_null": false })
}

/// A foreign key of a link column.
pub fn foreign_key(column: u64, table: u64) -> Value {
    json!({ "columns": [{ "column_id": column }],
            "referenced_table": { "table_id": table, "columns": [{ "auto_column_primary_key": true }] } })
}

/// Gives a fylr this data model.
#[track_caller]
pub fn commit(http: &Http, tables: &Value) {
    let version = http.get("/schema/user/HEAD").ok()["version"].as_u64().expect("a version") + 1;
    let schema = json!({
        "type": "user", "version": version, "max_table_id": 99, "max_column_id": 999, "tables": tables,
    });
    http.post("/schema/user/HEAD", &schema).ok();
    http.post("/schema/commit?confirm=yes&reindex=skip", &Value::Null).ok();
}
