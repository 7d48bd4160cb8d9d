//! A server that cannot prove who it is gets nothing, unless that is wanted.

use std::net::SocketAddr;
use std::sync::Arc;

use fonds::fylr::{Certificates, Client, Error};
use fonds::model::event::Silent;

use crate::support::tls;
use crate::{FYLR, TOKEN, options, told};

/// A fylr behind TLS that knows two answers.
fn serve() -> SocketAddr {
    let answer = |asked: &[u8]| {
        let body = if asked.windows(8).any(|part| part == b"settings") { FYLR } else { TOKEN };
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    };
    tls::serve(tls::SELF_SIGNED, answer).0
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_told_at_once() {
    let url = format!("https://{}/api/v1", serve());
    let error = Client::connect(options(&url), Arc::new(Silent)).await.map(drop).expect_err("no proof");
    assert!(matches!(error, Error::Certificate { .. }), "{error:?}");
    assert!(told(&error).starts_with("127.0.0.1 cannot prove who it is: "), "{}", told(&error));
}

#[tokio::test]
async fn any_certificate_is_taken_where_that_is_wanted() {
    let mut options = options(&format!("https://{}/api/v1", serve()));
    options.certificates = Certificates::Accepted;
    Client::connect(options, Arc::new(Silent)).await.expect("a login");
}
