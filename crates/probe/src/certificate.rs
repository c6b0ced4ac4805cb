//! What the certificates that a server presents say of themselves.

use rustls::pki_types::CertificateDer;
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
