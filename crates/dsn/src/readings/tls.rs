//! What each client does about TLS with the `sslmode` it read.

use super::Reader;
use crate::Fields;

/// How far a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tls {
    /// Never encrypted.
    Off,
    /// Encrypted where the server offers it, and never checked.
    Opportunistic,
    /// Encrypted, with any certificate.
    Encrypted,
    /// Encrypted, with a certificate from a known authority.
    Authority,
    /// Encrypted, with a certificate from a known authority for this host.
    Full,
    /// Refused at connect: the client does not know the value.
    Unknown,
}

impl Tls {
    /// The word by which tables call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Opportunistic => "if offered, unchecked",
            Self::Encrypted => "encrypted, unchecked",
            Self::Authority => "authority checked",
            Self::Full => "authority and host checked",
            Self::Unknown => "refused at connect",
        }
    }
}

/// What a client makes of the fields it read; certificate files that may lie around are not considered.
pub fn tls(reader: Reader, fields: &Fields) -> Tls {
    let text = |name: &str| fields.get(name).map(String::from_utf8_lossy);
    let mode = text("sslmode");
    let mode = mode.as_deref();
    if matches!(fields.get("host"), Some([b'/', ..])) {
        return Tls::Off;
    }
    let has_root = fields.get("sslrootcert").is_some_and(|root| !root.is_empty());
    match reader {
        Reader::NodePostgres if fields.get("uselibpqcompat") == Some(b"true") => {
            libpq(mode, has_root, Tls::Off)
        }
        Reader::NodePostgres => match mode {
            None | Some("") => match fields.get("ssl") {
                Some(b"true" | b"1") => Tls::Full,
                _ => Tls::Off,
            },
            Some("disable") => Tls::Off,
            Some("no-verify") => Tls::Encrypted,
            Some(_) => Tls::Full,
        },
        Reader::PostgresJs => match mode.or(text("ssl").as_deref()) {
            None | Some("" | "disable" | "false") => Tls::Off,
            Some("prefer") => Tls::Opportunistic,
            Some("require" | "allow") => Tls::Encrypted,
            Some(_) => Tls::Full,
        },
        Reader::TokioPostgres => match mode {
            Some("disable") => Tls::Off,
            // What is checked is up to the connector, and the usual ones check everything.
            Some("require") => Tls::Full,
            _ => Tls::Opportunistic,
        },
        Reader::Prisma => match (mode, fields.get("sslaccept")) {
            (Some("disable"), _) => Tls::Off,
            (Some("require"), Some(b"strict")) => Tls::Full,
            (Some("require"), _) => Tls::Encrypted,
            _ => Tls::Opportunistic,
        },
        Reader::Jdbc if mode.is_none() && fields.get("ssl").is_some_and(|ssl| ssl != b"false") => {
            Tls::Full
        }
        Reader::RedisRb | Reader::RedisRs | Reader::Ioredis | Reader::RedisPy => {
            if fields.get("tls").is_some() { Tls::Full } else { Tls::Off }
        }
        Reader::Npgsql => {
            let lower = mode.map(|mode| mode.to_ascii_lowercase().replace('-', ""));
            match lower.as_deref() {
                Some("verifyca") => Tls::Authority,
                Some("verifyfull") => Tls::Full,
                other => libpq(other, false, Tls::Opportunistic),
            }
        }
        _ => libpq(mode, has_root, Tls::Opportunistic),
    }
}

fn libpq(mode: Option<&str>, has_root: bool, absent: Tls) -> Tls {
    match mode {
        None | Some("") => absent,
        Some("disable") => Tls::Off,
        Some("allow" | "prefer") => Tls::Opportunistic,
        Some("require") if has_root => Tls::Authority,
        Some("require") => Tls::Encrypted,
        Some("verify-ca") => Tls::Authority,
        Some("verify-full") => Tls::Full,
        Some(_) => Tls::Unknown,
    }
}
