//! TLS, where the operator wants it: our certificate, and that of each client when an authority for clients is named.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The contents of PEM files.
pub struct Pem {
    /// Ours, and the chain that leads to its authority.
    pub certificate: Vec<u8>,
    /// Of our certificate.
    pub key: Vec<u8>,
    /// With this, only clients with a certificate of it are let in.
    pub client_ca: Option<Vec<u8>>,
}

/// What shakes hands; or, in words, what is wrong with the files.
pub fn acceptor(pem: &Pem) -> Result<TlsAcceptor, String> {
    let chain = certificates("certificate", &pem.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&pem.key).map_err(|error| wrong("key", &error))?;
    let builder = match &pem.client_ca {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(authority) => ServerConfig::builder().with_client_cert_verifier(verifier(authority)?),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| format!("the certificate and the key do not go together: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn verifier(authority: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("client CA", authority)? {
        roots.add(certificate).map_err(|error| format!("the client CA cannot be used: {error}"))?;
    }
    WebPkiClientVerifier::builder(Arc::new(roots))
        .build()
        .map_err(|error| format!("the client CA cannot be used: {error}"))
}

fn certificates(what: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| wrong(what, &error))?;
    if found.is_empty() {
        return Err(format!("the file of the {what} holds no certificate in PEM"));
    }
    Ok(found)
}

fn wrong(what: &str, error: &PemError) -> String {
    format!("the file of the {what} cannot be read: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_hold_nothing_are_told_apart() {
        let nothing = Pem { certificate: b"none".to_vec(), key: vec![], client_ca: None };
        let told = acceptor(&nothing).err().unwrap_or_default();
        assert!(told.contains("certificate"), "{told}");
    }
}
