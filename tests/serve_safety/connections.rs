//! Connections that only take room, and requests that never end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::page::{Page, TOKEN};

const ROOT: &str = "/inspect/migration/";
/// Connections held open at a time: as many as a process usually may, with room for others.
const HELD: usize = 700;
/// What a person does not notice.
const SOON: Duration = Duration::from_secs(2);
/// Memory that a hostile client must not take, in kB.
const MEMORY_MAX: u64 = 100 << 10;

#[test]
fn thousands_of_slow_connections_hurt_nobody() {
    hold_open(3_000);
}

#[test]
#[ignore = "takes half a minute where others work, too"]
fn ten_thousand_slow_connections_hurt_nobody() {
    hold_open(10_000);
}

/// Opens so many connections that never come to a request, and is served all the same.
fn hold_open(count: usize) {
    let page = Page::start(&[]);
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    let mut held: std::collections::VecDeque<TcpStream> = std::collections::VecDeque::new();
    let mut slowest = Duration::ZERO;
    for number in 0..count {
        let mut stream = page.connect();
        // A request that never comes to its end, some letters at a time.
        let _ = stream.write_all(if number % 2 == 0 { b"GET / HT" } else { b"" });
        held.push_back(stream);
        if held.len() > HELD {
            held.pop_front();
        }
        if number % 500 == 499 {
            let begun = Instant::now();
            assert_eq!(page.get(ROOT, &[bearer]).status, 200, "after {number} connections");
            slowest = slowest.max(begun.elapsed());
        }
    }
    assert!(slowest < SOON, "{slowest:?}");
    assert!(page.memory() < MEMORY_MAX, "{} kB", page.memory());
}

#[test]
fn who_works_keeps_the_connection_while_others_only_wait() {
    let page = Page::start(&[]);
    // A request with a body that has not come yet is waited for, but not for ever.
    let mut slow = page.connect();
    let head = format!(
        "POST {ROOT}sign-out HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n",
        page.address
    );
    slow.write_all(head.as_bytes()).expect("a connection");
    std::thread::sleep(Duration::from_millis(200));
    let waiting: Vec<TcpStream> = (0..HELD).map(|_| page.connect()).collect();
    slow.write_all(b"{}").expect("the connection is still there");
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 303");
    drop(waiting);
}

#[test]
fn heads_and_bodies_that_are_too_long_are_refused() {
    let page = Page::start(&[]);
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    let long = "x".repeat(100 << 20);
    let answer = page.get(ROOT, &[bearer, ("X-Long", &long)]);
    assert!(matches!(answer.status, 0 | 431), "{}", answer.status);
    let many: Vec<(String, String)> = (0..5000).map(|number| (format!("X-{number}"), "y".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(matches!(page.get(ROOT, &many).status, 0 | 431));
    let answer = page.get(&format!("{ROOT}?{long}"), &[bearer]);
    assert!(matches!(answer.status, 0 | 414 | 431), "{}", answer.status);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let answer = page.post(&format!("{ROOT}sign-out"), &[bearer, form], &long.as_bytes()[..2 << 20]);
    assert!(matches!(answer.status, 0 | 413), "{}", answer.status);
    let endless = format!(
        "POST {ROOT}sign-out HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}: {}\r\n{}: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        page.address, bearer.0, bearer.1, form.0, form.1
    );
    let chunk = format!("100000\r\n{}\r\n", &long[..1 << 20]);
    let answer = page.raw(&[endless.as_bytes(), chunk.repeat(3).as_bytes()].concat());
    assert!(matches!(answer.status, 0 | 413), "{}", answer.status);
    // Two lengths, or a length beside chunks, are how requests are smuggled.
    for lengths in ["Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3\r\nTransfer-Encoding: chunked, x"] {
        let text =
            format!("POST {ROOT} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{lengths}\r\n\r\nabc", page.address);
        assert_eq!(page.raw(text.as_bytes()).status, 400, "{lengths}");
    }
    assert_eq!(page.get(ROOT, &[bearer]).status, 200, "it is still there");
    assert!(page.memory() < MEMORY_MAX, "{} kB", page.memory());
}
