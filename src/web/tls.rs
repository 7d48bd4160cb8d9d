//! TLS from a certificate and a key in PEM.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::web::error::Error;
use crate::web::options::Tls;

/// Speaks TLS 1.2 and 1.3.
///
/// # Errors
/// When a file cannot be read or holds something else, or the two do not fit.
pub(super) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let not = |path: &Path, what| Error::NotTls { path: path.to_owned(), what };
    let chain = CertificateDer::pem_slice_iter(&read(&tls.certificate)?).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| not(&tls.certificate, "certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&read(&tls.key)?).map_err(|_| not(&tls.key, "private key"))?;
    let failed = |error: rustls::Error| Error::Tls { why: error.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.map_err(failed)?.with_no_client_auth().with_single_cert(chain, key).map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}
