//! The connection options libpq knows, and those of other clients that it does not.

/// Every name `PQconninfoOptions` takes in version 18, and the old `requiressl`; sorted by length, then by name.
const OPTIONS: [&str; 51] = [
    "host",
    "port",
    "user",
    "dbname",
    "gsslib",
    "sslcrl",
    "sslkey",
    "sslsni",
    "options",
    "service",
    "sslcert",
    "sslmode",
    "hostaddr",
    "passfile",
    "password",
    "sslcrldir",
    "gssencmode",
    "keepalives",
    "krbsrvname",
    "requiressl",
    "oauth_scope",
    "replication",
    "requirepeer",
    "sslcertmode",
    "sslpassword",
    "sslrootcert",
    "oauth_issuer",
    "require_auth",
    "gssdelegation",
    "sslkeylogfile",
    "sslcompression",
    "sslnegotiation",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "keepalives_idle",
    "oauth_client_id",
    "application_name",
    "keepalives_count",
    "scram_client_key",
    "scram_server_key",
    "tcp_user_timeout",
    "load_balance_hosts",
    "keepalives_interval",
    "oauth_client_secret",
    "max_protocol_version",
    "min_protocol_version",
    "target_session_attrs",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "fallback_application_name",
];

/// Where the options of each length begin; those of length `n` end where those of `n + 1` begin.
const BY_LENGTH: [usize; LONGEST + 2] = {
    let mut starts = [0; LONGEST + 2];
    let mut length = 1;
    let mut index = 0;
    while length < starts.len() {
        while index < OPTIONS.len() && OPTIONS[index].len() < length {
            index += 1;
        }
        starts[length] = index;
        length += 1;
    }
    starts
};

/// The length of the longest option.
const LONGEST: usize = OPTIONS[OPTIONS.len() - 1].len();

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

/// The option of this name, where libpq has one.
pub fn known_option(name: &[u8]) -> Option<&'static str> {
    of_length(name.len()).iter().copied().find(|option| option.as_bytes() == name)
}

/// The option that differs from `name` in one letter, two neighbours swapped, or case alone.
pub(crate) fn nearest_option(name: &[u8]) -> Option<&'static str> {
    if name.len() < 3 || name.len() > 40 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let near = |length: usize| {
        let mut options = of_length(length).iter().copied();
        options.find(|option| is_one_edit_away(&lower, option.as_bytes()))
    };
    [name.len(), name.len() - 1, name.len() + 1].into_iter().find_map(near)
}

fn of_length(length: usize) -> &'static [&'static str] {
    match BY_LENGTH.get(length..length + 2) {
        Some(&[start, end]) => &OPTIONS[start..end],
        _ => &[],
    }
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

/// Whether the two are the same but for one letter, or two neighbours swapped.
pub(crate) fn is_one_edit_away(left: &[u8], right: &[u8]) -> bool {
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
        assert!(OPTIONS.is_sorted_by_key(|option| (option.len(), option)));
        for option in OPTIONS {
            assert_eq!(known_option(option.as_bytes()), Some(option));
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
