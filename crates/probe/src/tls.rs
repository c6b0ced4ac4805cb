//! TLS as a connection string declares it: how much is checked, and what a check says.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};

use crate::failure::{Cause, Failure};

/// How much of a certificate must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nothing: the connection is encrypted, to whomever.
    Nothing,
    /// It is from a trusted authority.
    Authority,
    /// It is from a trusted authority and for this host.
    Host,
}

/// Anything that can be read and written, plain or encrypted.
pub(crate) trait Wire: Read + Write {}

impl<T: Read + Write> Wire for T {}

/// Wraps a connection in TLS and says which version was agreed on and what was checked.
pub(crate) fn wrap<S: Read + Write + 'static>(
    stream: S,
    host: &str,
    check: Check,
    roots: &Roots<'_>,
) -> Result<(Box<dyn Wire>, &'static str), Failure> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(check, roots.store()?, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Failure::new(Cause::TlsOther))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Failure::new(Cause::CertificateName))?;
    let connection =
        ClientConnection::new(Arc::new(config), name).map_err(|_| Failure::new(Cause::TlsOther))?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).map_err(|error| handshake_failure(&error))?;
    }
    let version = match stream.conn.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "1.2",
        _ => "of an old version",
    };
    Ok((Box::new(stream), version))
}

/// Which authorities are trusted.
pub(crate) enum Roots<'a> {
    /// The public ones.
    Public,
    /// Those of a PEM file.
    File(&'a Path),
}

impl Roots<'_> {
    fn store(&self) -> Result<RootCertStore, Failure> {
        let mut store = RootCertStore::empty();
        match self {
            Self::Public => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::File(path) => {
                let unusable = || Failure::new(Cause::CertificateFile);
                let certificates = CertificateDer::pem_file_iter(path).map_err(|_| unusable())?;
                for certificate in certificates {
                    store.add(certificate.map_err(|_| unusable())?).map_err(|_| unusable())?;
                }
                if store.is_empty() {
                    return Err(unusable());
                }
            }
        }
        Ok(store)
    }
}

fn verifier(
    check: Check,
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    let full = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|_| Failure::new(Cause::CertificateFile))?;
    Ok(match check {
        Check::Host => full,
        _ => Arc::new(Lenient { full, check, provider: Arc::clone(provider) }),
    })
}

/// A verifier that overlooks what libpq overlooks under the same sslmode.
#[derive(Debug)]
struct Lenient {
    full: Arc<WebPkiServerVerifier>,
    check: Check,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.check == Check::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        match self.full.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn handshake_failure(error: &io::Error) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(inner) = inner else { return crate::dial::io_failure(error) };
    Failure::new(match inner {
        Error::InvalidCertificate(reason) => match reason {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Cause::CertificateName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Cause::CertificateExpired,
            _ => Cause::CertificateUnknown,
        },
        _ => Cause::TlsOther,
    })
}
