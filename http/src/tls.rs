//! TLS: certificate and key from files.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::HttpError;
use crate::files::read;

/// The configuration of a certificate, with those that signed it, and its key, both in PEM.
pub(crate) fn config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, HttpError> {
    let invalid = |path: &Path, problem: String| HttpError::Config {
        path: path.display().to_string(),
        problem,
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(read(cert)?.as_bytes()).collect();
    let chain = chain.map_err(|error| invalid(cert, format!("not a certificate: {error}")))?;
    if chain.is_empty() {
        return Err(invalid(cert, "the file has no certificate".into()));
    }
    let secret = PrivateKeyDer::from_pem_slice(read(key)?.as_bytes())
        .map_err(|error| invalid(key, format!("not a private key: {error}")))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, secret))
        .map_err(|error| invalid(cert, error.to_string()))?;
    Ok(Arc::new(config))
}
