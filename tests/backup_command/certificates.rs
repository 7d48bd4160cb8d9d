//! A server whose certificate is no good is told in one line, and gets no password.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{Place, backup_of};

/// Who signs.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUR3ztJ/rnvLBnAMdlzw4Fj56mCXkwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKZm9uZHMgdGVzdDAgFw0yNjExMjIwNTMzMTlaGA8yMTI2MTAy
OTA1MzMxOVowFTETMBEGA1UEAwwKZm9uZHMgdGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABPLl9Ma5W/czgTi3EznVU5vSQOh/2H02MJaNHL9Cl74eVOdmtjkc
7oae7jUS+oZuOxwjjmnOSPHFN9aj3Mwr3j2jUzBRMB0GA1UdDgQWBBSq6caBaGY4
P/HCRpxicNqomFOmWDAfBgNVHSMEGDAWgBSq6caBaGY4P/HCRpxicNqomFOmWDAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIEUtxu6YaBVVhuQR7Y+g
sqbm+0qEmkOREaIpxa0Numr5AiAXl1Cdl/Qfp+UF3vep+bs0CK8ET5BPs/B2h+ID
P9bLKw==
-----END CERTIFICATE-----
";
/// Signed by it for 127.0.0.1, and good until the end of 2020.
const EXPIRED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBjjCCATSgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApmb25kcyB0
ZXN0MB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
MTI3LjAuMC4xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEue3mxvchH9BOW5mM
9QeD19Vc/TBFg2Jnqsp8m9ZwOOYSO8UuxhOtadJx7NHB2Qa80Ij3J+5zv9Lagq9k
GQIdtqN2MHQwDwYDVR0RBAgwBocEfwAAATAMBgNVHRMBAf8EAjAAMBMGA1UdJQQM
MAoGCCsGAQUFBwMBMB0GA1UdDgQWBBRh3JoazLQDoIqoL5BOs3dfjueChTAfBgNV
HSMEGDAWgBSq6caBaGY4P/HCRpxicNqomFOmWDAKBggqhkjOPQQDAgNIADBFAiEA
qJWQEu0HdvV38ZiT9whQg61UlhXikuCkHqyYI8oNBu4CIFTCoE23cQm1ShvMk/a6
8vhSt3but9c6i3aHpnx0Z7Ps
-----END CERTIFICATE-----
";
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvAyCAGXQR6PyninQ
FVRbICvi0n03XkejWKiLqE7Ow0KhRANCAAS57ebG9yEf0E5bmYz1B4PX1Vz9MEWD
Ymeqynyb1nA45hI7xS7GE61p0nHs0cHZBrzQiPcn7nO/0tqCr2QZAh22
-----END PRIVATE KEY-----
";

/// A server behind TLS; how many bytes it was sent over connections that were made.
fn serve() -> (SocketAddr, Arc<AtomicU64>) {
    let certificate = CertificateDer::from_pem_slice(EXPIRED.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let heard = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            let mut asked = [0; 4096];
            let Ok(length) = stream.read(&mut asked) else { continue };
            counted.fetch_add(length as u64, Ordering::SeqCst);
            // Who has gone wants no answer.
            let _ = stream.write_all(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.flush();
        }
    });
    (address, heard)
}

#[test]
fn an_expired_certificate_is_one_line_and_nothing_is_sent() {
    let (address, heard) = serve();
    let place = Place::new();
    std::fs::write(place.path("authority.pem"), AUTHORITY).expect("a file");
    let words = backup_of(&format!("https://{address}/api/v1"));
    let output = place.command(&words).env("SSL_CERT_FILE", place.path("authority.pem")).output().expect("the program");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.starts_with("error: 127.0.0.1 cannot prove who it is: "), "{told}");
    assert!(told.to_lowercase().contains("expired"), "{told}");
    assert!(told.lines().count() <= 2, "{told}");
    assert_eq!(heard.load(Ordering::SeqCst), 0, "not a byte was sent");
    assert!(!place.path("fonds.redb").exists(), "nothing is made");
}

#[test]
fn any_certificate_will_do_when_that_was_said() {
    let (address, heard) = serve();
    let (told, _) = Place::new().failure(&format!("{} --insecure", backup_of(&format!("https://{address}/api/v1"))));
    assert!(told.contains("was answered with 404"), "{told}");
    assert!(heard.load(Ordering::SeqCst) > 0, "{told}");
}
