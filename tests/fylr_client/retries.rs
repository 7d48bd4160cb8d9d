//! What passes is asked again, what does not is told at once.

use std::time::{Duration, Instant};

use fonds::fylr::{Error, Request, Shape};

use crate::support::scripted::{Reply, Way};
use crate::{client, tags, told};

/// The second attempt after this first answer gets what it asked for.
async fn passes(first: impl Fn() -> Reply + Send + Sync + 'static) {
    let (server, client) = client(move |count, _| if count == 0 { first() } else { Reply::json("[1]") }).await;
    assert_eq!(client.ask(&tags()).await.expect("an answer"), "[1]");
    assert_eq!(server.asked_for("/api/v1/tags").len(), 2);
}

#[tokio::test]
async fn busy_servers_and_broken_gateways_are_asked_again() {
    for status in [408, 423, 429, 502, 503, 504] {
        passes(move || Reply::new(status, "<html>")).await;
    }
}

#[tokio::test]
async fn answers_that_are_none_are_asked_for_again() {
    passes(|| Reply::json("[1,2,3]").by(Way::Cut(3))).await;
    passes(|| Reply::json("").by(Way::Nothing)).await;
    passes(|| Reply::json("[1,2").by(Way::UntilTheEnd)).await;
    passes(|| Reply::json("[1,2")).await;
    passes(|| Reply::new(200, "<!doctype html><p>Wartung")).await;
    passes(|| Reply::json(r#"{"code":"ServerGeneric","error":"out of cheese"}"#)).await;
    passes(|| Reply::new(202, r#"{"tasks":[{"title":"Sure?"}]}"#)).await;
    passes(|| Reply::json("")).await;
}

#[tokio::test]
async fn a_server_decides_how_long_to_wait() {
    let started = Instant::now();
    passes(|| Reply::new(503, "").with("retry-after", "1")).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn patience_has_an_end() {
    let (server, client) = client(|_, _| Reply::new(502, "")).await;
    let error = client.ask(&tags()).await.expect_err("no answer");
    assert_eq!(told(&error), "GET tags failed 6 times: GET /api/v1/tags was answered with 502");
    assert_eq!(server.asked_for("/api/v1/tags").len(), 6);
}

#[tokio::test]
async fn what_is_refused_is_not_asked_again() {
    let (server, client) = client(|_, _| {
        Reply::new(400, r#"{"code":"UnknownObjecttype","error":"Unknown object type x."}"#).with("x-request-id", "77")
    })
    .await;
    let error = client.ask(&tags()).await.expect_err("no answer");
    let expected = "the server refused a request: GET /api/v1/tags was answered with 400 UnknownObjecttype (Unknown object type x.), request 77";
    assert_eq!(told(&error), expected);
    assert_eq!(server.asked_for("/api/v1/tags").len(), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let (server, client) = client(|_, _| Reply::json(format!("[{}1]", "1,".repeat(1000)))).await;
    let error = client.ask(&tags().at_most(1000)).await.expect_err("too long");
    assert!(matches!(error, Error::TooLong { limit: 1000, .. }), "{error}");
    assert_eq!(server.asked_for("/api/v1/tags").len(), 1);
    let (_server, client) = crate::client(|_, _| Reply::json(vec![b'1'; 5000]).by(Way::UntilTheEnd)).await;
    let error = client.ask(&Request::get("tags", Shape::Any).at_most(1000)).await.expect_err("too long");
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
}
