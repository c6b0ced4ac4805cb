//! What the certificates that a server presents say of themselves.

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::cipher_suite::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};
use rustls::pki_types::{CertificateDer, UnixTime};
use x509_cert::Certificate as X509;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// One certificate of a chain; the server's own comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for, as RFC 4514 writes names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// From when it is valid, in UTC as RFC 3339 writes times.
    pub not_before: String,
    /// Until when it is valid.
    pub not_after: String,
    /// The host names and addresses it is for.
    pub names: Vec<String>,
}

/// Reads a chain; a certificate that is none is left out.
pub(crate) fn chain(presented: &[CertificateDer<'_>]) -> Vec<Certificate> {
    presented.iter().filter_map(|certificate| read(certificate)).collect()
}

fn read(certificate: &[u8]) -> Option<Certificate> {
    let certificate = X509::from_der(certificate).ok()?;
    let body = certificate.tbs_certificate();
    let names = match body.get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
        _ => Vec::new(),
    };
    Some(Certificate {
        subject: body.subject().to_string(),
        issuer: body.issuer().to_string(),
        not_before: body.validity().not_before.to_string(),
        not_after: body.validity().not_after.to_string(),
        names,
    })
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(address) => match *address.as_bytes() {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            ref bytes => {
                let octets = <[u8; 16]>::try_from(bytes).ok()?;
                Some(std::net::Ipv6Addr::from(octets).to_string())
            }
        },
        _ => None,
    }
}

/// `tls-server-end-point` of RFC 5929: the certificate's hash, by the hash of its own signature and by
/// SHA-256 in place of the weak ones; nothing where that hash is neither SHA-256 nor SHA-384.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let parsed = X509::from_der(certificate).ok()?;
    let suite = match parsed.signature_algorithm().oid.to_string().as_str() {
        // MD5, SHA-1 and SHA-256, with RSA or ECDSA.
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => TLS13_AES_128_GCM_SHA256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => TLS13_AES_256_GCM_SHA384,
        _ => return None,
    };
    let SupportedCipherSuite::Tls13(suite) = suite else { return None };
    Some(suite.common.hash_provider.hash(certificate).as_ref().to_vec())
}

/// Whether a certificate is valid at a time; one that cannot be read is not.
pub(crate) fn is_valid_at(certificate: &[u8], now: UnixTime) -> bool {
    X509::from_der(certificate).is_ok_and(|certificate| {
        let validity = certificate.tbs_certificate().validity();
        let (from, until) =
            (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
        from.as_secs() <= now.as_secs() && now.as_secs() <= until.as_secs()
    })
}

/// Whether a certificate that lists no names is for a host by its common name, as OpenSSL still takes it.
pub(crate) fn has_common_name(certificate: &CertificateDer<'_>, host: &str) -> bool {
    read(certificate).is_some_and(|certificate| {
        certificate.names.is_empty()
            && certificate.subject.split(',').any(|part| {
                part.trim().strip_prefix("CN=").is_some_and(|name| name.eq_ignore_ascii_case(host))
            })
    })
}
