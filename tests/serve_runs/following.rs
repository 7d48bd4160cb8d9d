//! The stream of a run, and its log by pages.

use std::io::{Read as _, Write as _};

use serde_json::Value;

use crate::support::page::{BEARER, Page};
use crate::{Place, backup_of, begin, ended, museum, wait_for};

/// One event of a stream.
#[derive(Debug, Clone)]
struct Told {
    kind: String,
    id: Option<u64>,
    data: Value,
}

/// Reads a stream to its end, or so many events of it.
fn follow(page: &Page, path: &str, last: Option<u64>, at_most: usize) -> Vec<Told> {
    let mut stream = page.connect();
    let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {}\r\n{}: {}\r\nAccept: text/event-stream\r\n{last}\r\n",
        page.address, BEARER.0, BEARER.1
    );
    stream.write_all(request.as_bytes()).expect("a connection");
    let (mut text, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut block).expect("a stream");
        text.extend_from_slice(&block[..length]);
        let seen = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = seen.split_once("\r\n\r\n").unwrap_or((&seen, ""));
        let events: Vec<Told> =
            body.split_inclusive("\n\n").filter(|part| part.ends_with("\n\n")).filter_map(parse).collect();
        if length == 0 || events.len() >= at_most {
            assert!(head.contains("text/event-stream"), "{seen}");
            return events;
        }
    }
}

fn parse(part: &str) -> Option<Told> {
    let field = |name: &str| part.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some(Told {
        kind: field("event:")?.to_owned(),
        id: field("id:").and_then(|id| id.parse().ok()),
        data: serde_json::from_str(field("data:")?).expect("JSON"),
    })
}

/// The numbers of the lines in events.
fn numbers(events: &[Told]) -> Vec<u64> {
    let html: String =
        events.iter().filter(|told| told.kind == "lines").filter_map(|told| told.data["html"].as_str()).collect();
    html.split("id=\"L")
        .skip(1)
        .map(|rest| rest.split('"').next().expect("a number").parse().expect("a number"))
        .collect()
}

#[test]
fn a_stream_tells_each_line_once_and_goes_on_where_it_was_cut() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    wait_for(&page, &name, |run| run["Run"].is_number());
    let path = "/inspect/migration/runs/1/events";
    let first = follow(&page, path, None, 3);
    assert_eq!(first[0].kind, "head");
    assert!(first[0].data["html"].as_str().expect("HTML").contains("data-state=\"running\""), "{first:?}");
    let last = first.iter().filter_map(|told| told.id).max().expect("a line");
    assert_eq!(numbers(&first), (0..last).collect::<Vec<_>>());
    let rest = follow(&page, path, Some(last), usize::MAX);
    assert_eq!(rest.last().map(|told| told.kind.as_str()), Some("end"), "{rest:?}");
    let total = ended(&page, "1")["Lines"].as_u64().expect("a number");
    assert_eq!(numbers(&rest), (last..total).collect::<Vec<_>>());
    // What is over is told, and that there will be no more.
    let over = follow(&page, path, Some(total), usize::MAX);
    assert_eq!(over.iter().map(|told| told.kind.as_str()).collect::<Vec<_>>(), ["head", "end"]);
}

#[test]
fn the_page_of_a_run_shows_it_without_a_script() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    wait_for(&page, &name, |run| run["Run"].is_number());
    let text = page.text("/inspect/migration/runs/1/");
    for part in
        ["data-state=\"running\"", "id=\"cancel\"", "id=\"log\"", "http-equiv=\"refresh\"", "<progress", "id=\"raw\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    ended(&page, "1");
    let text = page.text("/inspect/migration/runs/1/");
    for part in ["data-state=\"done\"", "id=\"report\"", "id=\"as-form\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("http-equiv=\"refresh\"") && !text.contains("id=\"cancel\""));
    let german = page.get("/inspect/migration/runs/1/", &[BEARER, ("Accept-Language", "de")]);
    assert!(german.text.contains("lang=\"de\"") && german.text.contains("fertig"), "{}", german.text);
}

#[test]
fn a_log_is_read_by_pages_and_as_a_whole() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    let total = ended(&page, &name)["Lines"].as_u64().expect("a number");
    let lines = |query: &str| -> Vec<u64> {
        let found = page.json(&format!("/inspect/migration/runs/1/lines?{query}"));
        let lines = found["Lines"].as_array().expect("lines").iter();
        lines.map(|line| line["Number"].as_u64().expect("a number")).collect()
    };
    assert_eq!(lines("from=0&count=3"), [0, 1, 2]);
    assert_eq!(lines("from=2&count=2"), [2, 3]);
    assert_eq!(lines("before=3&count=2"), [1, 2]);
    assert_eq!(lines("count=2"), [total - 2, total - 1]);
    assert_eq!(lines(&format!("from={total}")), [0; 0]);
    assert_eq!(lines("before=0"), [0; 0]);
    let whole = page.text("/inspect/migration/runs/1/log");
    assert_eq!(whole.lines().count() as u64, total);
    assert!(whole.lines().all(|line| line.contains("Z info ") || line.contains("Z warning ")), "{whole}");
}
