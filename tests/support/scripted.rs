//! A server on 127.0.0.1 that answers as a test tells it to, down to the bytes and the end of the connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A number in the query.
    pub fn number(&self, name: &str) -> Option<u64> {
        let query = self.target.split_once('?')?.1;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        value.parse().ok()
    }
}

/// What is answered.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub way: Way,
}

/// How an answer goes over the network.
pub enum Way {
    Whole,
    /// The head promises everything, the connection ends after so many bytes of the body.
    Cut(usize),
    /// The connection ends without a word.
    Nothing,
    /// The answer comes after a while.
    Late(Duration),
    /// No length is told; the end of the connection is the end of the body.
    UntilTheEnd,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), way: Way::Whole }
    }

    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body).with("content-type", "application/json")
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn by(mut self, way: Way) -> Self {
        self.way = way;
        self
    }
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

pub struct Scripted {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
}

impl Scripted {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (asked, is_over) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(AtomicBool::new(false)));
        let (all, over, answer) = (Arc::clone(&asked), Arc::clone(&is_over), Arc::new(answer) as Arc<Answer>);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), all, answer) = (stream, Arc::clone(&all), Arc::clone(&answer)) else { continue };
                std::thread::spawn(move || serve(&stream, &all, &*answer));
            }
        });
        Self { address, asked, is_over }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panicked").clone()
    }

    /// The requests for a path.
    pub fn asked_for(&self, path: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.path() == path).collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: &TcpStream, all: &Mutex<Vec<Asked>>, answer: &Answer) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        all.lock().expect("nobody panicked").push(asked.clone());
        let reply = answer(&asked);
        if !write(stream, &reply) {
            // Whoever waits is told at once.
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let mut asked = Asked { method, target, headers, body: String::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}

/// Whether the connection goes on.
fn write(mut stream: &TcpStream, reply: &Reply) -> bool {
    if let Way::Late(wait) = reply.way {
        std::thread::sleep(wait);
    }
    let mut head = format!("HTTP/1.1 {} Told\r\n", reply.status);
    head.extend(reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    if !matches!(reply.way, Way::UntilTheEnd) {
        head.extend([format!("content-length: {}\r\n", reply.body.len())]);
    }
    head += "\r\n";
    let body = match reply.way {
        Way::Nothing => return false,
        Way::Cut(length) => &reply.body[..length.min(reply.body.len())],
        _ => &reply.body[..],
    };
    let written = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_ok();
    written && matches!(reply.way, Way::Whole | Way::Late(_))
}
