//! A server that cannot prove who it is gets nothing, unless that is wanted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use fonds::fylr::{Certificates, Client, Error};
use fonds::model::event::Silent;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{FYLR, TOKEN, options, told};

/// Signed by itself; nobody trusts it.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBjTCCATOgAwIBAgIULCndJh2XuDxcieL4/quj1tWJw5IwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjAzNTM0OVoYDzIxMjYxMDI5
MDM1MzQ5WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARtYj4Ae3K1DMHeThn35OU58avpgY1fdUdWj8OKsLQnGJ4xbMsMgIjQ
WKkBidES4Q52dr9p2H1lWIhylAQplGOFo2EwXzAdBgNVHQ4EFgQUFQcqdkjQxRjo
UBBLEmGDmzj/Tc4wHwYDVR0jBBgwFoAUFQcqdkjQxRjoUBBLEmGDmzj/Tc4wDwYD
VR0RBAgwBocEfwAAATAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0gAMEUCICqR
PxHt7qzzCfWyE6xG1zRkYA8LDlxKmYJ5WEsqDp2xAiEAkK15WjTYrhbfJASkzm8t
2TY9qJXVIvZBpAvw/4i9WIc=
-----END CERTIFICATE-----
";
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghmzIR9P0gIL1VfTk
B6CpuEw/oLVshJxcLa1E/9ipcKuhRANCAARtYj4Ae3K1DMHeThn35OU58avpgY1f
dUdWj8OKsLQnGJ4xbMsMgIjQWKkBidES4Q52dr9p2H1lWIhylAQplGOF
-----END PRIVATE KEY-----
";

/// A fylr behind TLS that knows two answers.
fn serve() -> SocketAddr {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            let mut asked = [0; 4096];
            let Ok(length) = stream.read(&mut asked) else { continue };
            let body = if asked[..length].windows(8).any(|part| part == b"settings") { FYLR } else { TOKEN };
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            // Who has gone wants no answer.
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.flush();
        }
    });
    address
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
