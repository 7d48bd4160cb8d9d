//! TLS: the page in it, nothing beside it, and cookies that go no other way.

use std::io::Write as _;

use crate::support::page::{Answer, BEARER, Page};
use crate::support::program::{fonds, told};

/// For 127.0.0.1, signed by itself, good until 2126.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBkDCCATWgAwIBAgIUe2RX7yOImjgPy39AkXW66J/Bf80wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKZm9uZHMgdGVzdDAgFw0yNjExMjIwNjE3NThaGA8yMTI2MTAy
OTA2MTc1OFowFTETMBEGA1UEAwwKZm9uZHMgdGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABBVVU1sDGTXVmSFRps6PVAwxlIvjDQjHMVI/fxKt5ruvs2bZuoaG
IHqqDVqNKDseGghplcSketA55+u8aDyCQ4SjYTBfMB0GA1UdDgQWBBQWXGWOIngC
Lb2MSpNDVDbAvpCkVzAfBgNVHSMEGDAWgBQWXGWOIngCLb2MSpNDVDbAvpCkVzAP
BgNVHREECDAGhwR/AAABMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIh
AJj1MXekM0uKQVcKB1BBoUlNlxJirbIPR5fYwFgwoRpyAiEA7E+keicXnsDnSVKV
Pu5MGe/+Ju9IUXXitWfmeb+By2s=
-----END CERTIFICATE-----
";
/// Its key.
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/8UE1+V8h6UPjSUr
sTwzwjuhCrNQN7QJ8t4q2qboIBGhRANCAAQVVVNbAxk11ZkhUabOj1QMMZSL4w0I
xzFSP38Srea7r7Nm2bqGhiB6qg1ajSg7HhoIaZXEpHrQOefrvGg8gkOE
-----END PRIVATE KEY-----
";

#[test]
fn the_page_is_served_in_tls_and_not_beside_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| dir.path().join(name).to_str().expect("a path").to_owned();
    std::fs::write(path("cert"), CERTIFICATE).expect("a file");
    std::fs::write(path("key"), KEY).expect("a file");
    let page = Page::of(&dir.path().join("a.redb"), &["--tls-cert", &path("cert"), "--tls-key", &path("key")]);
    assert!(page.link.starts_with("https://127.0.0.1:"), "{}", page.link);
    assert_eq!(page.get("/inspect/migration/", &[BEARER]).status, 0, "in the clear there is no answer");
    let answer = encrypted(&page, page.sign_in_path());
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure") && cookie.contains("; Path=/;"), "{cookie}");
    assert!(answer.header("strict-transport-security").is_some());
}

#[test]
fn certificate_and_key_that_are_none_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| dir.path().join(name).to_str().expect("a path").to_owned();
    std::fs::write(path("cert"), CERTIFICATE).expect("a file");
    std::fs::write(path("key"), KEY).expect("a file");
    for (certificate, key, expected) in [
        ("key", "key", "holds no certificate"),
        ("cert", "cert", "holds no private key"),
        ("cert", "nothing", "cannot read"),
    ] {
        let mut command = fonds(&dir.path().join("a.redb"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let output = command.args(["--tls-cert", &path(certificate), "--tls-key", &path(key)]).output();
        let output = output.expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
}

/// Asks for a path through TLS; who signed the certificate is not asked.
fn encrypted(page: &Page, path: &str) -> Answer {
    use rustls::pki_types::pem::PemObject as _;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    let certificate = rustls::pki_types::CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate");
    roots.add(certificate).expect("a root");
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let name = "127.0.0.1".try_into().expect("a name");
    let connection = rustls::ClientConnection::new(std::sync::Arc::new(config), name).expect("a connection");
    let mut stream = rustls::StreamOwned::new(connection, page.connect());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", page.address);
    stream.write_all(request.as_bytes()).expect("a connection");
    let mut answer = Vec::new();
    // The end of TLS may not be told.
    let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
    Answer::parse(&answer)
}
