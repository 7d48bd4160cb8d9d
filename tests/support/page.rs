//! The page, started for a test, and requests to it byte for byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::program::fonds;

/// A token for scripts.
pub const TOKEN: &str = "0123456789abcdef0123";
/// The header that has it.
pub const BEARER: (&str, &str) = ("Authorization", "Bearer 0123456789abcdef0123");

/// `fonds serve`, until it is dropped.
pub struct Page {
    child: Child,
    pub address: SocketAddr,
    /// The link that was printed.
    pub link: String,
    /// Goes with it.
    dir: Option<tempfile::TempDir>,
}

impl Page {
    /// An archive that is not there, and these flags more.
    pub fn start(flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut page = Self::of(&dir.path().join("a.redb"), flags);
        page.dir = Some(dir);
        page
    }

    /// This archive. A token lies beside it.
    pub fn of(archive: &Path, flags: &[&str]) -> Self {
        let token = archive.with_file_name("token");
        std::fs::write(&token, format!("{TOKEN}\n")).expect("a file");
        let mut command = fonds(archive);
        command.args(["serve", "--listen", "127.0.0.1:0", "--token-file"]).arg(&token).args(flags);
        command.current_dir(archive.parent().expect("a folder"));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut link = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut link).expect("a link");
        let link = link.trim().to_owned();
        let address = link.split('/').nth(2).expect("an address").parse().expect("an address");
        Self { child, address, link, dir: None }
    }

    /// Ends it, at once.
    pub fn kill(mut self) {
        self.child.kill().expect("a process");
        self.child.wait().expect("an end");
    }

    /// Asks it to end, and waits; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a process");
        self.child.wait().expect("an end").code()
    }

    /// JSON of a page, asked for with the token.
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path, &[BEARER, ("Accept", "application/json")]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).expect("JSON")
    }

    /// Sends JSON with the token; status and JSON of the answer.
    #[track_caller]
    pub fn send(&self, path: &str, body: &Value) -> (u16, Value) {
        let headers = [BEARER, ("Accept", "application/json"), ("Content-Type", "application/json")];
        let answer = self.post(path, &headers, body.to_string().as_bytes());
        (answer.status, serde_json::from_str(&answer.text).unwrap_or_default())
    }

    /// The text of a page or a download, asked for with the token.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        // In HTTP/1.0 an answer has no chunks.
        let text = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n{}: {}\r\n\r\n", self.address, BEARER.0, BEARER.1);
        let answer = self.raw(text.as_bytes());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }

    /// The path of the link, with its code.
    pub fn sign_in_path(&self) -> &str {
        &self.link[self.link.find("/inspect").expect("a path")..]
    }

    /// Signs in; the cookie.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let answer = self.get(self.sign_in_path(), &[]);
        assert_eq!(answer.status, 303, "{}", answer.text);
        let cookie = answer.header("set-cookie").expect("a cookie");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, b"")
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.request("POST", path, headers, body)
    }

    /// A request with a right `Host`, unless one is given.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let host = self.address.to_string();
        let has_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let length = body.len().to_string();
        let mut all = vec![("Connection", "close")];
        all.extend((!has_host).then_some(("Host", host.as_str())));
        all.extend(headers);
        all.extend((!body.is_empty()).then_some(("Content-Length", length.as_str())));
        let fields: String = all.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
        let text = format!("{method} {path} HTTP/1.1\r\n{fields}\r\n");
        self.raw(&[text.as_bytes(), body].concat())
    }

    /// Sends bytes, and reads until the page closes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // What is refused early is not read to its end.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::parse(&answer)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        stream
    }

    /// Peak memory in kB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"));
        let status = status.expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
        line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer; status 0 if there was none.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The body.
    pub text: String,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.unwrap_or(0),
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
            text: body.to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
