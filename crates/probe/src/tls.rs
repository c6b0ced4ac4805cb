//! TLS as a connection string declares it: how much is checked, and what a check says.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    Error, RootCertStore, SignatureScheme, StreamOwned, SupportedProtocolVersion,
};

use crate::certificate::{Certificate, chain, has_common_name, is_valid_at};
use crate::dial::{Limit, Timed};
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
pub(crate) trait Wire: Read + Write {
    /// The certificate that the server presented for itself, where the connection is encrypted.
    fn server_certificate(&self) -> Option<Vec<u8>> {
        None
    }
}

impl<S: Read + Write + Limit> Wire for Timed<S> {}

impl<S: Read + Write> Wire for StreamOwned<ClientConnection, S> {
    fn server_certificate(&self) -> Option<Vec<u8>> {
        Some(self.conn.peer_certificates()?.first()?.to_vec())
    }
}

/// How a connection is to be encrypted.
pub(crate) struct Terms<'a> {
    /// The host whose name is sent, and checked where asked for.
    pub(crate) host: &'a str,
    /// How much of its certificate must be right.
    pub(crate) check: Check,
    /// Which authorities are trusted.
    pub(crate) roots: &'a Roots<'a>,
    /// The protocol that is named in the handshake, where the server expects one.
    pub(crate) protocol: Option<&'static [u8]>,
    /// The versions that may be agreed on.
    pub(crate) versions: &'a [&'static SupportedProtocolVersion],
}

/// Wraps a connection in TLS and says which version was agreed on.
///
/// The certificates that the server presented go to `chain`, also where they are refused.
pub(crate) fn wrap<S: Read + Write + 'static>(
    stream: S,
    terms: &Terms<'_>,
    chain: &mut Vec<Certificate>,
) -> Result<(Box<dyn Wire>, &'static str), Failure> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(terms.check, terms.roots.store()?, &provider)?;
    let presented = Arc::clone(&verifier.presented);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(terms.versions)
        .map_err(|_| Failure::new(Cause::TlsIncompatible))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols.extend(terms.protocol.map(<[u8]>::to_vec));
    let name = ServerName::try_from(terms.host.to_owned())
        .map_err(|_| Failure::new(Cause::CertificateName))?;
    let connection =
        ClientConnection::new(Arc::new(config), name).map_err(|_| Failure::new(Cause::TlsOther))?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut done = Ok(());
    while done.is_ok() && stream.conn.is_handshaking() {
        done = stream.conn.complete_io(&mut stream.sock).map(|_| ());
    }
    if let Ok(presented) = presented.lock() {
        chain.clone_from(&presented);
    }
    done.map_err(|error| handshake_failure(&error))?;
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
    /// The authorities, and their certificates as they were given.
    fn store(&self) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), Failure> {
        let mut store = RootCertStore::empty();
        let mut given = Vec::new();
        match self {
            Self::Public => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::File(path) => {
                let unusable = || Failure::new(Cause::CertificateFile);
                let certificates = CertificateDer::pem_file_iter(path).map_err(|_| unusable())?;
                for certificate in certificates {
                    let certificate = certificate.map_err(|_| unusable())?;
                    store.add(certificate.clone()).map_err(|_| unusable())?;
                    given.push(certificate);
                }
                if store.is_empty() {
                    return Err(unusable());
                }
            }
        }
        Ok((store, given))
    }
}

fn verifier(
    check: Check,
    (roots, given): (RootCertStore, Vec<CertificateDer<'static>>),
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, Failure> {
    // Without a check no authority is needed, and none may be at hand.
    let full = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|_| Failure::new(Cause::CertificateFile))?;
    Ok(Verifier { full, given, check, provider: Arc::clone(provider), presented: Arc::default() })
}

/// A verifier that overlooks what libpq overlooks under the same sslmode, and remembers what it was shown.
#[derive(Debug)]
struct Verifier {
    full: Arc<WebPkiServerVerifier>,
    /// The authorities that were given as certificates.
    given: Vec<CertificateDer<'static>>,
    check: Check,
    provider: Arc<CryptoProvider>,
    presented: Arc<Mutex<Vec<Certificate>>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok(mut presented) = self.presented.lock() {
            let mut all = vec![end_entity.clone()];
            all.extend_from_slice(intermediates);
            *presented = chain(&all);
        }
        if self.check == Check::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        // A server's own certificate among the authorities is trusted as OpenSSL trusts it where it signed
        // itself; it must be valid, and for this host where that is checked.
        let signs_itself = || {
            let own = chain(std::slice::from_ref(end_entity));
            own.first().is_some_and(|own| own.subject == own.issuer)
        };
        let is_given = self.given.iter().any(|given| given.as_ref() == end_entity.as_ref());
        if is_given && signs_itself() {
            if !is_valid_at(end_entity, now) {
                return Err(CertificateError::Expired.into());
            }
            let is_named = |error| {
                let host = server_name.to_str();
                if has_common_name(end_entity, &host) { Ok(()) } else { Err(error) }
            };
            if self.check == Check::Host {
                let parsed = ParsedCertificate::try_from(end_entity)?;
                verify_server_name(&parsed, server_name).or_else(is_named)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.full.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.check == Check::Authority => Ok(ServerCertVerified::assertion()),
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
        Error::PeerIncompatible(_)
        | Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity,
        ) => Cause::TlsIncompatible,
        _ => Cause::TlsOther,
    })
}
