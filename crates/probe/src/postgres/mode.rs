//! What a connection string says of encryption: whether, how much is checked, and what else may do.

use std::path::PathBuf;

use dsn::Dsn;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::failure::{Cause, Failure};
use crate::step::Options;
use crate::tls::Check;

/// What sslmode and its companions ask for.
pub(super) struct Mode {
    pub(super) word: String,
    pub(super) check: Check,
    pub(super) roots: Option<PathBuf>,
    /// TLS from the first byte, as `sslnegotiation=direct` asks.
    pub(super) is_direct: bool,
    /// The versions of TLS that may be agreed on.
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
}

impl Mode {
    pub(super) fn of(dsn: &Dsn, options: &Options) -> Self {
        let text = |name: &str| {
            dsn.fields().get(name).map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let root = text("sslrootcert").filter(|root| !root.is_empty());
        let is_system = root.as_deref() == Some("system");
        let word = text("sslmode")
            .unwrap_or_else(|| if is_system { "verify-full" } else { "prefer" }.to_owned());
        let given = root.filter(|_| !is_system).map(|root| options.folder.join(root));
        // A file that is not there is no hindrance to libpq where nothing needs to be verified.
        let given = given.filter(|path| word.starts_with("verify") || path.exists());
        let has_file = given.is_some();
        let roots = given.or_else(|| options.authorities.clone().filter(|_| !is_system));
        let check = match word.as_str() {
            "verify-full" => Check::Host,
            "verify-ca" => Check::Authority,
            // libpq checks the authority as soon as it has a file of them.
            _ if has_file => Check::Authority,
            _ => Check::Nothing,
        };
        let is_direct = dsn.fields().get("sslnegotiation") == Some(b"direct");
        let versions = versions(
            &text("ssl_min_protocol_version").unwrap_or_default(),
            &text("ssl_max_protocol_version").unwrap_or_default(),
        );
        Self { word, check, roots, is_direct, versions }
    }

    /// The way that is tried first, and the one that is left where it fails.
    pub(super) fn ways(&self) -> (Way, Option<Way>) {
        match self.word.as_str() {
            "disable" => (Way::Plain, None),
            "allow" => (Way::Plain, Some(Way::Tls)),
            "prefer" => (Way::Tls, Some(Way::Plain)),
            _ => (Way::Tls, None),
        }
    }
}

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Plain,
    Tls,
}

impl Way {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "without TLS",
            Self::Tls => "over TLS",
        }
    }
}

/// Whether the other way may do where this one failed so, and no password was sent.
pub(super) fn is_overcome(way: Way, failure: &Failure) -> bool {
    match way {
        Way::Plain => matches!(failure.cause, Cause::TlsRequired | Cause::HostRejected),
        Way::Tls => matches!(
            failure.cause,
            Cause::CertificateUnknown
                | Cause::CertificateName
                | Cause::CertificateExpired
                | Cause::CertificateFile
                | Cause::TlsIncompatible
                | Cause::TlsOther
                | Cause::HostRejected
        ),
    }
}

/// Of the versions that are spoken here those that lie between two names.
fn versions(least: &str, most: &str) -> Vec<&'static SupportedProtocolVersion> {
    const NAMES: [&str; 4] = ["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"];
    let rank = |name: &str| NAMES.iter().position(|known| name.eq_ignore_ascii_case(known));
    let (least, most) = (rank(least).unwrap_or(0), rank(most).unwrap_or(NAMES.len()));
    let spoken = [(2, &TLS12), (3, &TLS13)].into_iter();
    spoken.filter(|(rank, _)| (least..=most).contains(rank)).map(|(_, version)| version).collect()
}
