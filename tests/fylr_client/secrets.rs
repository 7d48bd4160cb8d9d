//! No secret shows, whatever goes wrong.

use std::sync::Arc;

use fonds::fylr::{Client, Request, Shape};
use fonds::model::event::Silent;

use crate::support::scripted::{Reply, Scripted, Way};
use crate::{fylr, options, told};

const CANARIES: [&str; 4] = ["adm1n-canary", "ory_at_1", "ory_rt_1", "pr0xy-canary"];

#[tokio::test]
async fn errors_hold_no_secrets() {
    let replies: [fn() -> Reply; 5] = [
        || Reply::new(401, r#"{"code":"UserRequired","error":"x"}"#),
        || Reply::new(500, "oops"),
        || Reply::json("[").by(Way::Cut(0)),
        || Reply::json("").by(Way::Nothing),
        || Reply::new(302, "").with("location", "http://elsewhere.example/?access_token=ory_at_1"),
    ];
    for reply in replies {
        let server = Scripted::start(move |asked| fylr(asked).unwrap_or_else(reply));
        let mut options = options(&format!("http://proxy:pr0xy-canary@{}/api/v1", server.address));
        options.credentials.password = "adm1n-canary".into();
        options.retry.count_max = 1;
        let client = Client::connect(options, Arc::new(Silent)).await.expect("a login");
        let request = Request::get("tags", Shape::Array).with("access_token", "ory_at_1");
        let error = client.ask(&request).await.expect_err("no answer");
        for canary in CANARIES {
            assert!(!told(&error).contains(canary), "{}", told(&error));
            assert!(!format!("{error:?}").contains(canary), "{error:?}");
        }
    }
}
