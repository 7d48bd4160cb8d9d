//! Redirects are followed where they lead to the same server, and nowhere else.

use fonds::fylr::Error;

use crate::support::scripted::{Reply, Scripted};
use crate::{client, connect, fylr, tags};

#[tokio::test]
async fn no_credentials_leave_the_server() {
    for status in [301, 302, 303, 307, 308] {
        let other = Scripted::start(|_| Reply::json("[666]"));
        let target = format!("http://{}/api/v1/tags", other.address);
        let (_server, client) = client(move |_, _| Reply::new(status, "").with("location", target.clone())).await;
        let error = client.ask(&tags()).await.expect_err("another server");
        assert!(
            matches!(&error, Error::Redirected { to, .. } if *to == format!("http://{}", other.address)),
            "{error}"
        );
        assert_eq!(other.asked().len(), 0, "the other server must hear nothing");
    }
}

#[tokio::test]
async fn a_login_is_not_redirected_either() {
    let other = Scripted::start(|_| Reply::json("{}"));
    let target = format!("http://{}/api/oauth2/token", other.address);
    let server = Scripted::start(move |asked| match asked.path() {
        "/api/oauth2/token" => Reply::new(307, "").with("location", target.clone()),
        _ => fylr(asked).expect("settings"),
    });
    let error = connect(&server.url()).await.map(drop).expect_err("another server");
    assert!(matches!(error, Error::Redirected { .. }), "{error}");
    assert_eq!(other.asked().len(), 0);
}

#[tokio::test]
async fn redirects_on_the_same_server_are_followed() {
    let (server, client) = client(|_, asked| match asked.path() {
        "/api/v1/tags" => Reply::new(302, "").with("location", "/api/v1/labels?x=1"),
        _ => Reply::json("[7]"),
    })
    .await;
    assert_eq!(client.ask(&tags()).await.expect("an answer"), "[7]");
    let last = server.asked().pop().expect("a request");
    assert_eq!((last.target.as_str(), last.header("authorization")), ("/api/v1/labels?x=1", Some("Bearer ory_at_1")));
    assert_eq!(last.header("referer"), None);
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let (server, client) = client(|_, _| Reply::new(302, "").with("location", "/api/v1/tags")).await;
    let error = client.ask(&tags()).await.expect_err("a circle");
    assert!(error.to_string().contains("more than 10 redirects"), "{error}");
    assert_eq!(server.asked_for("/api/v1/tags").len(), 11);
}
