//! Why a probe ended early: a cause that is known by name, what it means, and what to do.

use std::fmt;

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's sentence is in `meaning`")]
pub enum Cause {
    NoHost,
    Name,
    Ipv6Only,
    Refused,
    Unreachable,
    Timeout,
    Closed,
    TlsNotOffered,
    TlsRequired,
    CertificateUnknown,
    CertificateName,
    CertificateExpired,
    CertificateFile,
    TlsIncompatible,
    TlsOther,
    PasswordWrong,
    PasswordMissing,
    PasswordInClear,
    NotAllowed,
    TenantUnknown,
    DatabaseUnknown,
    TooManyConnections,
    PoolExhausted,
    Banned,
    NetworkRestricted,
    PreparedStatements,
    ServerStarting,
    Method,
    MethodForbidden,
    ChannelBinding,
    EndPoint,
    ClientCertificate,
    HostRejected,
    ServerSort,
    Protocol,
    Other,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub cause: Cause,
    /// The server's own code, where it gave one: an SQLSTATE, or a Redis error word.
    pub code: Option<String>,
}

/// What poolers say, and what it means; the first that is found counts.
const WORDS: &[(&str, Cause)] = &[
    ("EMAXCONNSESSION", Cause::PoolExhausted),
    ("MaxClientsInSessionMode", Cause::PoolExhausted),
    ("EMAXCONN", Cause::PoolExhausted),
    ("ECHECKOUTTIMEOUT", Cause::PoolExhausted),
    ("no more connections allowed", Cause::PoolExhausted),
    ("max_client_conn", Cause::PoolExhausted),
    ("ECIRCUITBREAKER", Cause::Banned),
    ("EBANNED", Cause::Banned),
    ("Tenant or user not found", Cause::TenantUnknown),
    ("ENOTFOUND", Cause::TenantUnknown),
    ("ENOIDENTIFIER", Cause::TenantUnknown),
    ("EINVALIDUSERINFO", Cause::TenantUnknown),
    ("no such user", Cause::TenantUnknown),
    ("EADDRNOTALLOWED", Cause::NetworkRestricted),
    ("Address not in tenant allow_list", Cause::NetworkRestricted),
    ("ESSLREQUIRED", Cause::TlsRequired),
    ("SSL connection is required", Cause::TlsRequired),
    ("no encryption", Cause::TlsRequired),
    ("SSL required", Cause::TlsRequired),
    ("requires a valid client certificate", Cause::ClientCertificate),
    ("certificate authentication failed", Cause::ClientCertificate),
    ("pg_hba.conf rejects", Cause::HostRejected),
    ("no pg_hba.conf entry", Cause::HostRejected),
    ("EPREPAREDDUP", Cause::PreparedStatements),
    ("EPREPAREDNOTFOUND", Cause::PreparedStatements),
    ("EPSSIMPLEQUERY", Cause::PreparedStatements),
    ("prepared statement", Cause::PreparedStatements),
    ("EWRONGPASSWORD", Cause::PasswordWrong),
];

impl Failure {
    pub(crate) const fn new(cause: Cause) -> Self {
        Self { cause, code: None }
    }

    /// Recognises what a PostgreSQL server or a pooler before it says; its text is looked at and not kept.
    ///
    /// Texts: `lib/supavisor/errors` of Supavisor and `objects.c`, `client.c` of `PgBouncer`.
    pub(crate) fn from_server(code: &str, message: &str) -> Self {
        if let Some((word, cause)) = WORDS.iter().find(|(word, _)| message.contains(word)) {
            // A pooler's own word says more than the one SQLSTATE it sends with all of them.
            let is_name = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let code = if is_name { word } else { code };
            return Self { cause: *cause, code: (!code.is_empty()).then(|| code.to_owned()) };
        }
        let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        let cause = match code {
            "28P01" | "28000" => Cause::PasswordWrong,
            "3D000" => Cause::DatabaseUnknown,
            "42501" => Cause::NotAllowed,
            "53300" => Cause::TooManyConnections,
            "57P03" => Cause::ServerStarting,
            "42P05" | "26000" => Cause::PreparedStatements,
            _ if has(&["no such database", "does not exist"]) => Cause::DatabaseUnknown,
            _ if has(&["password authentication failed", "auth failed", "SASL"]) => {
                Cause::PasswordWrong
            }
            _ => Cause::Other,
        };
        let is_code = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Self { cause, code: is_code.then(|| code.to_owned()) }
    }

    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self.cause {
            Cause::NoHost => "write the host into the string",
            Cause::Name => {
                "check the host's spelling; internal names resolve only inside their network"
            }
            Cause::Ipv6Only => {
                "use a host with IPv4, such as the session pooler's, or a network with IPv6"
            }
            Cause::Refused => "check the port, and that the service runs",
            Cause::Unreachable => "check the network; private hosts need the provider's network",
            Cause::Timeout => "check firewalls and private networks, or give --timeout more",
            Cause::Closed => {
                "check that the port belongs to this kind of service, and whether it wants TLS"
            }
            Cause::TlsNotOffered => "the server has no TLS; a weaker sslmode connects in the clear",
            Cause::TlsRequired => "add sslmode=require",
            Cause::CertificateUnknown => {
                "download the provider's certificate authority and name it with sslrootcert=FILE"
            }
            Cause::CertificateName => "use the host name that the certificate was made for",
            Cause::CertificateExpired => {
                "the server's certificate must be renewed; check this machine's clock too"
            }
            Cause::CertificateFile => "check that sslrootcert names a readable PEM file",
            Cause::TlsIncompatible => {
                "TLS 1.2 and 1.3 with keys for RSA, ECDSA or Ed25519 are spoken here: renew an older server, or look at it with `openssl s_client`"
            }
            Cause::TlsOther => "check that the port speaks TLS",
            Cause::PasswordWrong => {
                "check user and password; do not try again at once, poolers ban"
            }
            Cause::PasswordMissing => "write the password into the string",
            Cause::PasswordInClear => "add sslmode=require, so that the password travels encrypted",
            Cause::NotAllowed => "give the user the permission, or use another one",
            Cause::TenantUnknown => {
                "check that user (<role>.<project ref>), host and region belong together, and that the project runs"
            }
            Cause::DatabaseUnknown => "check the name of the database",
            Cause::TooManyConnections => "close connections, or use a pooler",
            Cause::PoolExhausted => {
                "all of the pool's connections are lent: scale workers to 0 before migrations, or lower the pools"
            }
            Cause::Banned => "wait until the ban ends, then try once with the right password",
            Cause::NetworkRestricted => "add this network's address to the provider's allow list",
            Cause::PreparedStatements => {
                "a transaction pooler keeps no prepared statements: turn them off or use the session pooler"
            }
            Cause::ServerStarting => "wait until the server has started",
            Cause::Method => {
                "the server asks for a way of authentication that this probe does not speak"
            }
            Cause::MethodForbidden => {
                "allow the method in require_auth, or let the server ask for one that is allowed"
            }
            Cause::ChannelBinding => {
                "use TLS and a server that offers SCRAM-SHA-256-PLUS, or leave channel_binding=require out; most poolers have none"
            }
            Cause::ClientCertificate => {
                "this probe presents no certificate of its own: try such a string with psql"
            }
            Cause::EndPoint => {
                "add channel_binding=disable, or have the certificate signed with RSA or ECDSA"
            }
            Cause::HostRejected => {
                "let pg_hba.conf take this user, database, address and kind of TLS; the password was not looked at"
            }
            Cause::ServerSort => {
                "name a host of the kind that target_session_attrs asks for, or ask for any"
            }
            Cause::Protocol => "check that the port belongs to this kind of service",
            Cause::Other => "look the code up in the server's documentation",
        }
    }

    /// What the failure means.
    pub const fn meaning(&self) -> &'static str {
        match self.cause {
            Cause::NoHost => "the string names no host",
            Cause::Name => "the host name cannot be resolved",
            Cause::Ipv6Only => "the host has IPv6 addresses only, and this network has none",
            Cause::Refused => "nothing listens on this port",
            Cause::Unreachable => "the host cannot be reached from here",
            Cause::Timeout => "no answer in time",
            Cause::Closed => "the server closed the connection",
            Cause::TlsNotOffered => "the server offers no TLS, and the string asks for it",
            Cause::TlsRequired => "the server refuses connections without TLS",
            Cause::CertificateUnknown => {
                "the certificate is from no authority that is trusted here"
            }
            Cause::CertificateName => "the certificate is for another host name",
            Cause::CertificateExpired => "the certificate is not valid at this time",
            Cause::CertificateFile => "the file of certificate authorities cannot be used",
            Cause::TlsIncompatible => {
                "the server speaks TLS, but no version, cipher or kind of key is common to both"
            }
            Cause::TlsOther => "TLS could not be agreed on",
            Cause::PasswordWrong => "user or password is wrong",
            Cause::PasswordMissing => "the server asks for a password, and the string has none",
            Cause::PasswordInClear => {
                "the server asks for the password in the clear, over a plain connection"
            }
            Cause::NotAllowed => "this user may not do that",
            Cause::TenantUnknown => "the pooler knows no such tenant or user",
            Cause::DatabaseUnknown => "there is no such database",
            Cause::TooManyConnections => "the server has no connection left",
            Cause::PoolExhausted => "the pooler has no connection left (max clients reached)",
            Cause::Banned => "the pooler refuses this client after too many failures",
            Cause::NetworkRestricted => "this address is not on the provider's allow list",
            Cause::PreparedStatements => "the pooler lost or confused a prepared statement",
            Cause::ServerStarting => "the server is starting up or shutting down",
            Cause::Method => "the way of authentication is not supported",
            Cause::MethodForbidden => {
                "the server asks for a way of authentication that require_auth forbids"
            }
            Cause::ChannelBinding => {
                "the string asks for channel binding, and this connection has none"
            }
            Cause::ClientCertificate => "the server or the string asks for a client certificate",
            Cause::EndPoint => {
                "libpq gives up here: it binds SCRAM to the certificate, whose signature (Ed25519) has no hash to bind to"
            }
            Cause::HostRejected => "the server's pg_hba.conf turns this connection away",
            Cause::ServerSort => "the server is not of the kind that target_session_attrs asks for",
            Cause::Protocol => "the answer is not of the expected protocol",
            Cause::Other => "the server refused",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_poolers_say_is_recognised() {
        for (code, message, expected) in [
            (
                "XX000",
                "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15",
                Cause::PoolExhausted,
            ),
            ("XX000", "MaxClientsInSessionMode: max clients reached", Cause::PoolExhausted),
            ("XX000", "Tenant or user not found", Cause::TenantUnknown),
            ("XX000", "(ENOTFOUND) tenant/user postgres.x not found", Cause::TenantUnknown),
            ("XX000", "(ECIRCUITBREAKER) too many authentication errors", Cause::Banned),
            ("XX000", "(EADDRNOTALLOWED) address not allowed", Cause::NetworkRestricted),
            ("XX000", "(ESSLREQUIRED) SSL connection is required for user x", Cause::TlsRequired),
            (
                "28000",
                "no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", no encryption",
                Cause::TlsRequired,
            ),
            (
                "28000",
                "pg_hba.conf rejects connection for host \"h\", user \"u\", database \"d\", SSL encryption",
                Cause::HostRejected,
            ),
            ("28P01", "password authentication failed for user \"u\"", Cause::PasswordWrong),
            ("53300", "sorry, too many clients already", Cause::TooManyConnections),
            ("3D000", "database \"x\" does not exist", Cause::DatabaseUnknown),
            ("26000", "prepared statement \"s\" does not exist", Cause::PreparedStatements),
            ("08P01", "no such database: x", Cause::DatabaseUnknown),
            ("XX000", "something else", Cause::Other),
        ] {
            assert_eq!(Failure::from_server(code, message).cause, expected, "{message}");
        }
    }
}
