//! Servers behind TLS, and certificates for 127.0.0.1: one that nobody trusts, and an expired one of an authority.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_rustls::TlsAcceptor;

/// Who has signed [`EXPIRED`].
pub const AUTHORITY: &str = "\
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
/// Good until the end of 2020.
pub const EXPIRED: Identity = Identity { certificate: EXPIRED_CERTIFICATE, key: EXPIRED_KEY };
/// Signed by itself.
pub const SELF_SIGNED: Identity = Identity { certificate: OWN_CERTIFICATE, key: OWN_KEY };

/// What a server proves itself with.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    certificate: &'static str,
    key: &'static str,
}

const EXPIRED_CERTIFICATE: &str = "\
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
const EXPIRED_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvAyCAGXQR6PyninQ
FVRbICvi0n03XkejWKiLqE7Ow0KhRANCAAS57ebG9yEf0E5bmYz1B4PX1Vz9MEWD
Ymeqynyb1nA45hI7xS7GE61p0nHs0cHZBrzQiPcn7nO/0tqCr2QZAh22
-----END PRIVATE KEY-----
";
const OWN_CERTIFICATE: &str = "\
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
const OWN_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghmzIR9P0gIL1VfTk
B6CpuEw/oLVshJxcLa1E/9ipcKuhRANCAARtYj4Ae3K1DMHeThn35OU58avpgY1f
dUdWj8OKsLQnGJ4xbMsMgIjQWKkBidES4Q52dr9p2H1lWIhylAQplGOF
-----END PRIVATE KEY-----
";

impl Identity {
    fn config(self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key));
        Arc::new(config.expect("a configuration"))
    }
}

/// A server that gives one answer to each connection; and how many bytes it was sent over connections that were made.
pub fn serve(identity: Identity, answer: impl Fn(&[u8]) -> String + Send + 'static) -> (SocketAddr, Arc<AtomicU64>) {
    let config = identity.config();
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
            let _ = stream.write_all(answer(&asked[..length]).as_bytes());
            let _ = stream.flush();
        }
    });
    (address, heard)
}

/// A door with TLS in front of another server, `http://127.0.0.1:1234/…`: the URL with the door's address in place.
pub fn before(identity: Identity, url: &str) -> String {
    let to = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("a plain URL").to_owned();
    let acceptor = TlsAcceptor::from(identity.config());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a door");
    let address = listener.local_addr().expect("an address");
    let door = url.replace(&format!("http://{to}"), &format!("https://{address}"));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a door");
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, to) = (acceptor.clone(), to.clone());
                tokio::task::spawn_local(async move {
                    let (Ok(mut inside), Ok(mut outside)) =
                        (acceptor.accept(stream).await, tokio::net::TcpStream::connect(to).await)
                    else {
                        return;
                    };
                    // Either side may end it.
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
    });
    door
}
