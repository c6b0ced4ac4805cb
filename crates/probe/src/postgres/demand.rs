//! What a connection string asks of the server: how it authenticates, and whether it takes writes.

use dsn::Dsn;

use super::session::Session;
use crate::failure::{Cause, Failure};

/// `require_auth` and `channel_binding`, as libpq honours them.
pub(super) struct Demands {
    /// The methods that are allowed, or forbidden where `is_negative`; empty allows all.
    methods: Vec<String>,
    is_negative: bool,
    /// Whether SCRAM must be bound to the TLS connection.
    pub(super) is_bound: bool,
    /// Whether SCRAM is bound where the server offers it.
    pub(super) prefers_bound: bool,
}

impl Demands {
    pub(super) fn of(dsn: &Dsn) -> Self {
        let list = dsn.fields().get("require_auth").unwrap_or_default();
        let text = String::from_utf8_lossy(list);
        let methods = text.split(',').filter(|method| !method.is_empty());
        Self {
            methods: methods.map(|method| method.trim_start_matches('!').to_owned()).collect(),
            is_negative: text.starts_with('!'),
            is_bound: dsn.fields().get("channel_binding") == Some(b"require"),
            prefers_bound: dsn.fields().get("channel_binding") == Some(b"prefer"),
        }
    }

    /// Refuses a method before anything is sent for it.
    pub(super) fn allow(&self, method: &str) -> Result<(), Failure> {
        // Only SCRAM can be bound.
        if self.is_bound && method != "scram-sha-256" {
            return Err(Failure::new(Cause::ChannelBinding));
        }
        let is_named = self.methods.iter().any(|named| named == method);
        if self.methods.is_empty() || is_named != self.is_negative {
            Ok(())
        } else {
            Err(Failure::new(Cause::MethodForbidden))
        }
    }
}

/// Whether the connection is for physical replication, as libpq's `replication` names it.
pub(super) fn is_physical_replication(dsn: &Dsn) -> bool {
    let word = dsn.fields().get("replication").unwrap_or_default().to_ascii_lowercase();
    matches!(word.as_slice(), b"true" | b"on" | b"yes" | b"1")
}

/// Whether the server is of the sort that `target_session_attrs` asks for.
pub(super) fn is_of_sort(session: &mut Session, wanted: &str) -> Result<bool, Failure> {
    let is_on = |value: Option<String>| value.is_some_and(|value| value == "on" || value == "t");
    Ok(match wanted {
        "read-write" | "read-only" => {
            let is_read_only = is_on(session.query("SHOW transaction_read_only")?);
            is_read_only == (wanted == "read-only")
        }
        "primary" | "standby" | "prefer-standby" => {
            let is_standby = is_on(session.query("SELECT pg_catalog.pg_is_in_recovery()")?);
            is_standby == (wanted != "primary")
        }
        _ => true,
    })
}
