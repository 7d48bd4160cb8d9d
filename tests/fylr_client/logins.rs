//! Logging in to both systems, and staying logged in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fonds::fylr::{Client, Error, InstanceKind, Request, Shape};
use fonds::model::event::Silent;
use futures_util::future::join_all;

use crate::support::scripted::{Reply, Scripted};
use crate::{EASYDB5, FYLR, client, connect, fylr, options, tags, told};

#[tokio::test]
async fn fylr_gives_a_token_for_the_password() {
    let (server, client) = client(|_, _| Reply::json("[]")).await;
    client.ask(&tags()).await.expect("an answer");
    let login = server.asked_for("/api/oauth2/token").remove(0);
    let expected = "grant_type=password&username=root&password=admin&scope=offline&client_id=fylr-web-frontend";
    assert_eq!((login.method.as_str(), login.body.as_str()), ("POST", expected));
    assert_eq!(server.asked_for("/api/v1/tags")[0].header("authorization"), Some("Bearer ory_at_1"));
}

#[tokio::test]
async fn easydb5_gives_a_session_whose_messages_are_confirmed() {
    let server = Scripted::start(|asked| match asked.path() {
        "/api/v1/settings" => Reply::json(EASYDB5),
        "/api/v1/session" => Reply::json(r#"{"token":"one"}"#),
        "/api/v1/session/authenticate" => Reply::json(
            r#"{"token":"two","authenticated":{"method":"easydb"},"pending_tasks":[{"message":{"message_key":"m1"}}]}"#,
        ),
        _ => Reply::json("[]"),
    });
    let client = connect(&server.url()).await.expect("a login");
    assert_eq!(client.instance().kind, InstanceKind::Easydb5);
    client.ask(&tags()).await.expect("an answer");
    let login = server.asked_for("/api/v1/session/authenticate").remove(0);
    assert_eq!(login.body, "token=one&login=root&password=admin&method=easydb&log_event=0");
    assert_eq!(server.asked_for("/api/v1/session/messages_confirm")[0].body, r#"["m1"]"#);
    let asked = server.asked_for("/api/v1/tags").remove(0);
    assert_eq!((asked.header("x-easydb-token"), asked.target.contains("two")), (Some("two"), false));
}

#[tokio::test]
async fn a_wrong_password_is_told_at_once() {
    let server = Scripted::start(|asked| match asked.path() {
        "/api/oauth2/token" => Reply::new(400, r#"{"error":"invalid_grant","error_description":"Wrong password."}"#),
        _ => fylr(asked).expect("settings"),
    });
    let error = connect(&server.url()).await.map(drop).expect_err("no login");
    assert!(matches!(&error, Error::Login { login, .. } if login == "root"), "{error}");
    assert!(told(&error).ends_with("400 invalid_grant (Wrong password.)"), "{}", told(&error));
    assert_eq!(server.asked_for("/api/oauth2/token").len(), 1);
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed_once_for_all_workers() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let given = Arc::clone(&tokens);
    let server = Scripted::start(move |asked| match asked.path() {
        "/api/v1/settings" => Reply::json(FYLR),
        "/api/oauth2/token" => {
            let number = given.fetch_add(1, Ordering::SeqCst);
            Reply::json(format!(r#"{{"access_token":"t{number}","expires_in":86400,"refresh_token":"r{number}"}}"#))
        }
        _ if asked.header("authorization") == Some("Bearer t1") => Reply::json("[1]"),
        _ => Reply::new(401, r#"{"code":"UserRequired","error":"log in"}"#),
    });
    let client = connect(&server.url()).await.expect("a login");
    let request = tags();
    let answers = join_all((0..20).map(|_| client.ask(&request))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer == "[1]")));
    let logins = server.asked_for("/api/oauth2/token");
    assert_eq!(logins.len(), 2, "{logins:#?}");
    assert!(logins[1].body.starts_with("grant_type=refresh_token&refresh_token=r0"), "{}", logins[1].body);
}

#[tokio::test]
async fn where_a_token_cannot_be_renewed_the_password_counts_again() {
    let server = Scripted::start(|asked| match asked.path() {
        "/api/v1/settings" => Reply::json(FYLR),
        "/api/oauth2/token" if asked.body.contains("refresh_token=") => {
            Reply::new(400, r#"{"error":"invalid_grant","error_description":"gone"}"#)
        }
        // Ends so soon that it is renewed before it is used.
        "/api/oauth2/token" => Reply::json(r#"{"access_token":"t","expires_in":0.001,"refresh_token":"r"}"#),
        _ => Reply::json("[1]"),
    });
    let client = connect(&server.url()).await.expect("a login");
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_eq!(client.ask(&tags()).await.expect("an answer"), "[1]");
    let grants =
        server.asked_for("/api/oauth2/token").iter().map(|login| login.body[11..18].to_owned()).collect::<Vec<_>>();
    assert_eq!(grants, ["passwor", "refresh", "passwor"]);
}

#[tokio::test]
async fn a_token_that_is_never_taken_is_an_error() {
    let (server, client) = client(|_, _| Reply::new(400, r#"{"code":"InvalidToken","error":"no"}"#)).await;
    let error = client.ask(&tags()).await.expect_err("no login");
    assert!(matches!(error, Error::Login { .. }), "{error}");
    assert_eq!(server.asked_for("/api/v1/tags").len(), 21);
}

#[tokio::test]
async fn credentials_for_a_proxy_in_front_leave_room_for_the_token() {
    let server = Scripted::start(|asked| fylr(asked).unwrap_or_else(|| Reply::json("[]")));
    let url = format!("http://proxy:pr%40xy@{}/api/v1", server.address);
    let client = Client::connect(options(&url), Arc::new(Silent)).await.expect("a login");
    client.ask(&tags()).await.expect("an answer");
    assert!(server.asked().iter().all(|asked| asked.header("authorization") == Some("Basic cHJveHk6cHJAeHk=")));
    assert_eq!(server.asked_for("/api/v1/tags")[0].header("x-fylr-authorization"), Some("Bearer ory_at_1"));
}

#[tokio::test]
async fn missing_rights_are_told_apart_from_a_missing_login() {
    let (_server, client) =
        client(|_, _| Reply::new(403, r#"{"code":"SystemRightRequired","error":"Needs system.root."}"#)).await;
    let error = client.ask(&Request::get("user", Shape::Array)).await.expect_err("no right");
    assert!(matches!(error, Error::Rights { .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_instance_is_told() {
    let told_of = async |reply: fn() -> Reply| {
        let server = Scripted::start(move |_| reply());
        let error = connect(&server.url()).await.map(drop).expect_err("no instance");
        assert!(matches!(error, Error::NotAnInstance { .. }), "{error}");
        assert_eq!(server.asked().len(), 1);
        error.to_string()
    };
    assert!(told_of(|| Reply::new(200, "<html>")).await.ends_with("its answer is an HTML page"));
    assert!(told_of(|| Reply::new(404, "<html>")).await.contains("was answered with 404"));
    assert!(told_of(|| Reply::json(r#"{"name":"x"}"#)).await.ends_with("its settings are those of something else"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let error = connect(&format!("http://{nobody}/api/v1")).await.map(drop).expect_err("nobody");
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_still_starting_is_waited_for() {
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |asked| match asked.path() {
        "/api/v1/settings" if count.fetch_add(1, Ordering::SeqCst) < 2 => {
            Reply::new(503, "").with("x-fylr-status", "startup")
        }
        _ => fylr(asked).unwrap_or_else(|| Reply::json("[]")),
    });
    connect(&server.url()).await.expect("a login");
}
