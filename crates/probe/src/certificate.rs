//! What the certificates that a server presents say of themselves.

use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use x509_cert::Certificate as X509;
use x509_cert::der::asn1::{Any, AnyRef, ContextSpecific};
use x509_cert::der::{Decode, Reader, SliceReader, TagNumber};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::AlgorithmIdentifierOwned;

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

/// What SCRAM is bound to: `tls-server-end-point` of RFC 5929, by a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EndPoint {
    /// The certificate's hash, by the hash of its own signature, and by SHA-256 in place of MD5 and SHA-1.
    Hash(Vec<u8>),
    /// The signature has no hash of its own, as Ed25519's, and RFC 5929 defines nothing for it.
    Undefined,
    /// A hash that is not known here.
    Unknown,
}

/// The end point of a certificate, as `pgtls_get_peer_certificate_hash` of `fe-secure-openssl.c` has it.
pub(crate) fn end_point(certificate: &[u8]) -> EndPoint {
    let Ok(parsed) = X509::from_der(certificate) else { return EndPoint::Unknown };
    let algorithm = parsed.signature_algorithm();
    let hash = match algorithm.oid.to_string().as_str() {
        "1.3.101.112" | "1.3.101.113" => return EndPoint::Undefined,
        // RSASSA-PSS names its hash among its parameters, and SHA-1 where it names none (RFC 4055).
        "1.2.840.113549.1.1.10" => match &algorithm.parameters {
            Some(parameters) => pss_hash(parameters),
            None => Some(Hash::Sha256),
        },
        // MD5, SHA-1 and SHA-256, then the others; with RSA and with ECDSA.
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => Some(Hash::Sha256),
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Some(Hash::Sha224),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Some(Hash::Sha384),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Some(Hash::Sha512),
        _ => None,
    };
    hash.map_or(EndPoint::Unknown, |hash| EndPoint::Hash(hash.of(certificate)))
}

#[derive(Clone, Copy)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha224 => Sha224::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

/// The hash among the parameters of RSASSA-PSS: the first element, tagged 0, of a sequence.
fn pss_hash(parameters: &Any) -> Option<Hash> {
    let named = parameters
        .sequence(|reader: &mut SliceReader<'_>| {
            let named =
                ContextSpecific::<AlgorithmIdentifierOwned>::decode_explicit(reader, TagNumber(0))?;
            while !reader.is_finished() {
                AnyRef::decode(reader)?;
            }
            Ok::<_, x509_cert::der::Error>(named)
        })
        .ok()?;
    match named.map(|named| named.value.oid.to_string()).as_deref() {
        None | Some("1.3.14.3.2.26" | "2.16.840.1.101.3.4.2.1") => Some(Hash::Sha256),
        Some("2.16.840.1.101.3.4.2.4") => Some(Hash::Sha224),
        Some("2.16.840.1.101.3.4.2.2") => Some(Hash::Sha384),
        Some("2.16.840.1.101.3.4.2.3") => Some(Hash::Sha512),
        Some(_) => None,
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    const SIGNED: [(&[u8], &str); 9] = [
        (include_bytes!("certificate/rsa-sha1.pem"), "cabbb0eabdbbf176"),
        (include_bytes!("certificate/rsa-sha224.pem"), "dc73d1ac0e59db04"),
        (include_bytes!("certificate/pss-sha1.pem"), "2012083cc4148b31"),
        (include_bytes!("certificate/pss-sha256.pem"), "f992b73f4f7bd52b"),
        (include_bytes!("certificate/pss-sha512.pem"), "5181df3110f2fcc7"),
        (include_bytes!("certificate/ecdsa-sha384.pem"), "e87994068a4e6347"),
        (include_bytes!("certificate/ecdsa-sha512.pem"), "68333990440371ae"),
        (include_bytes!("certificate/ed25519.pem"), "undefined"),
        (include_bytes!("certificate/rsa-sha3.pem"), "unknown"),
    ];

    fn der(pem: &[u8]) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem).unwrap()
    }

    /// The hashes begin as `sha256sum` and its like print them of the certificate.
    #[test]
    fn the_end_point_is_hashed_as_the_signature_is() {
        for (pem, expected) in SIGNED {
            let found = match end_point(&der(pem)) {
                EndPoint::Hash(hash) => data_encoding::HEXLOWER.encode(&hash[..8]),
                EndPoint::Undefined => "undefined".to_owned(),
                EndPoint::Unknown => "unknown".to_owned(),
            };
            assert_eq!(found, expected);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_of_a_peer_are_a_panic(which in 0..SIGNED.len(), at in 0..400_usize, byte: u8, cut in 0..1200_usize) {
            let mut bytes = der(SIGNED[which].0).to_vec();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(cut);
            end_point(&bytes);
            prop_assert!(chain(&[CertificateDer::from(bytes)]).len() <= 1);
        }
    }
}
