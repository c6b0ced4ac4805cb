//! The connection options libpq knows, and those of other clients that it does not.

/// Every name `PQconninfoOptions` takes in version 18, sorted, and the old `requiressl`.
const OPTIONS: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// The options that version 18 brought; the older versions refuse them.
const NEW_IN_18: &[&str] = &[
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "scram_client_key",
    "scram_server_key",
    "sslkeylogfile",
];

/// Whether an option came with version 18.
pub(super) fn is_new_in_18(option: &str) -> bool {
    NEW_IN_18.contains(&option)
}

/// A parameter that belongs to another client, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForeignParameter {
    /// The parameter's name.
    pub(crate) name: &'static str,
    /// Who reads it.
    pub(crate) owner: &'static str,
}

const FOREIGN: &[ForeignParameter] = &[
    ForeignParameter { name: "advisory_locks", owner: "Rails" },
    ForeignParameter { name: "connection_limit", owner: "Prisma" },
    ForeignParameter { name: "pgbouncer", owner: "Prisma" },
    ForeignParameter { name: "pool", owner: "Rails" },
    ForeignParameter { name: "pool_timeout", owner: "Prisma" },
    ForeignParameter { name: "prepared_statements", owner: "Rails" },
    ForeignParameter { name: "reaping_frequency", owner: "Rails" },
    ForeignParameter { name: "schema", owner: "Prisma" },
    ForeignParameter { name: "schema_search_path", owner: "Rails" },
    ForeignParameter { name: "search_path", owner: "pgx and postgres.js" },
    ForeignParameter { name: "socket_timeout", owner: "Prisma" },
    ForeignParameter { name: "ssl", owner: "node-postgres, postgres.js and JDBC" },
    ForeignParameter { name: "sslaccept", owner: "Prisma" },
    ForeignParameter { name: "statement_cache_size", owner: "Prisma and asyncpg" },
    ForeignParameter { name: "statement_timeout", owner: "Rails and node-postgres" },
    ForeignParameter { name: "supa", owner: "Vercel's Supabase integration" },
    ForeignParameter { name: "uselibpqcompat", owner: "node-postgres" },
    ForeignParameter { name: "workaround", owner: "Vercel's Supabase integration" },
];

/// The option of this name, where libpq has one.
pub fn known_option(name: &[u8]) -> Option<&'static str> {
    OPTIONS.binary_search_by(|option| option.as_bytes().cmp(name)).ok().map(|index| OPTIONS[index])
}

/// Whose parameter it is, where it is known and none of libpq's.
pub fn parameter_owner(name: &str) -> Option<&'static str> {
    foreign_parameter(name.as_bytes()).map(|parameter| parameter.owner)
}

/// The parameter of this name, where another client is known to read it.
pub(crate) fn foreign_parameter(name: &[u8]) -> Option<ForeignParameter> {
    FOREIGN.iter().copied().find(|parameter| parameter.name.as_bytes() == name)
}

/// The option that differs from `name` in one letter, two neighbours swapped, or case alone.
pub(crate) fn nearest_option(name: &[u8]) -> Option<&'static str> {
    if name.len() < 3 || name.len() > 40 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    OPTIONS.iter().copied().find(|option| is_one_edit_away(&lower, option.as_bytes()))
}

/// The word that differs from `value` in one letter or case alone, or that `value` begins with or begins.
pub(super) fn nearest_option_value<'words>(
    value: &[u8],
    words: &[&'words str],
) -> Option<&'words str> {
    let lower = value.to_ascii_lowercase();
    let is_near = |word: &&&str| {
        is_one_edit_away(&lower, word.as_bytes())
            || lower.len() > 3
                && (lower.starts_with(word.as_bytes()) || word.as_bytes().starts_with(&lower))
    };
    words.iter().find(is_near).copied()
}

fn is_one_edit_away(left: &[u8], right: &[u8]) -> bool {
    let common = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    match (&left[common..], &right[common..]) {
        ([], [] | [_]) | ([_], []) => true,
        ([a, b, left @ ..], [c, d, right @ ..]) if a == d && b == c && left == right => true,
        ([_, left @ ..], [_, right @ ..]) if left == right => true,
        (left, [_, right @ ..]) if left == right => true,
        ([_, left @ ..], right) if left == right => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_sorted_for_the_search() {
        assert!(OPTIONS.is_sorted());
        for option in OPTIONS {
            assert_eq!(known_option(option.as_bytes()), Some(*option));
        }
        assert_eq!(known_option(b"pgbouncer"), None);
    }

    #[test]
    fn a_slip_of_one_letter_finds_the_option() {
        for typed in ["sslmod", "sslmmode", "sslmdoe", "SSLMODE", "sslmoda"] {
            assert_eq!(nearest_option(typed.as_bytes()), Some("sslmode"), "{typed}");
        }
        for typed in ["ss", "pool", "sslaccept", ""] {
            assert_eq!(nearest_option(typed.as_bytes()), None, "{typed}");
        }
    }
}
