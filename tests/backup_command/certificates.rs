//! A server whose certificate is no good is told in one line, and gets no password.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::tls;
use crate::{Place, backup_of};

/// A server of whom nobody knows what it is.
fn serve() -> (SocketAddr, Arc<AtomicU64>) {
    tls::serve(tls::EXPIRED, |_| "HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned())
}

#[test]
fn an_expired_certificate_is_one_line_and_nothing_is_sent() {
    let (address, heard) = serve();
    let place = Place::new();
    std::fs::write(place.path("authority.pem"), tls::AUTHORITY).expect("a file");
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
