//! Values that libpq takes while parsing and refuses when it connects; `pqConnectOptions2` of `fe-connect.c`.

use super::nearest_option_value;
use crate::{Fields, Refusal};

const SSLMODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Options that take one of a few words, in the order in which libpq looks at them.
const WORDS: &[(&str, &[&str])] = &[
    ("channel_binding", &["disable", "prefer", "require"]),
    ("sslmode", SSLMODES),
    ("sslnegotiation", &["postgres", "direct"]),
    ("ssl_min_protocol_version", TLS_VERSIONS),
    ("ssl_max_protocol_version", TLS_VERSIONS),
    ("sslcertmode", &["disable", "allow", "require"]),
    ("gssencmode", &["disable", "prefer", "require"]),
    (
        "target_session_attrs",
        &["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
    ),
    ("load_balance_hosts", &["disable", "random"]),
    ("min_protocol_version", PROTOCOLS),
    ("max_protocol_version", PROTOCOLS),
];

const TLS_VERSIONS: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const PROTOCOLS: &[&str] = &["3.0", "3.2", "latest"];

/// Methods of `require_auth`, each of which may have a `!` in front.
const METHODS: &[&str] = &["password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"];

/// Options that take a whole number.
const NUMBERS: &[&str] = &[
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
];

/// The reason for which libpq refuses to connect with such values, before it looks any host up.
///
/// An option that is not set is not looked at.
pub fn connect_fault(fields: &Fields) -> Option<Refusal> {
    lists(fields)
        .or_else(|| methods(fields.get("require_auth").unwrap_or_default()))
        .or_else(|| WORDS.iter().find_map(|(option, words)| word(fields, option, words)))
        .or_else(|| tls(fields))
        .or_else(|| numbers(fields))
}

/// Lists of hosts, addresses and ports that do not go together.
fn lists(fields: &Fields) -> Option<Refusal> {
    let count = |name: &str| {
        let list = fields.get(name).filter(|list| !list.is_empty())?;
        Some(list.split(|&byte| byte == b',').count())
    };
    let (hosts, addresses, ports) = (count("host"), count("hostaddr"), count("port"));
    if let (Some(hosts), Some(addresses)) = (hosts, addresses)
        && hosts != addresses
    {
        let reason = format!("could not match {hosts} host names to {addresses} hostaddr values");
        return Some(Refusal::new(reason));
    }
    let hosts = addresses.or(hosts).unwrap_or(1);
    let ports = ports.filter(|&ports| ports != 1 && ports != hosts)?;
    let reason = format!("could not match {ports} port numbers to {hosts} hosts");
    Some(Refusal::new(reason).hint("write one port for all hosts, or one for each"))
}

fn word(fields: &Fields, option: &'static str, words: &[&str]) -> Option<Refusal> {
    let value = fields.get(option)?;
    let may_be_empty = option.starts_with("ssl_");
    if words.iter().any(|word| is_word(option, value, word)) || may_be_empty && value.is_empty() {
        return None;
    }
    let refusal = Refusal::new(format!("invalid {option} value"));
    Some(match nearest_option_value(value, words) {
        Some(word) => refusal.hint(format!("did you mean {word}?")),
        None => refusal.hint(format!("one of: {}", words.join(", "))),
    })
}

/// Versions of TLS are compared without case, everything else as it is.
fn is_word(option: &str, value: &[u8], word: &str) -> bool {
    if option.starts_with("ssl_") {
        value.eq_ignore_ascii_case(word.as_bytes())
    } else {
        value == word.as_bytes()
    }
}

fn methods(list: &[u8]) -> Option<Refusal> {
    if list.is_empty() {
        return None;
    }
    let is_negative = list.first() == Some(&b'!');
    let mut seen: Vec<&[u8]> = Vec::new();
    for item in list.split(|&byte| byte == b',') {
        let method = item.strip_prefix(b"!").unwrap_or(item);
        if is_negative != item.starts_with(b"!") {
            return Some(Refusal::new(if is_negative {
                "require_auth method cannot be mixed with negative methods"
            } else {
                "negative require_auth method cannot be mixed with non-negative methods"
            }));
        }
        if !METHODS.iter().any(|known| known.as_bytes() == method) {
            let hint = format!("one of: {}", METHODS.join(", "));
            return Some(Refusal::new("invalid require_auth value").hint(hint));
        }
        if seen.contains(&method) {
            return Some(Refusal::new("require_auth method is specified more than once"));
        }
        seen.push(method);
    }
    None
}

/// Settings of TLS that do not go together.
fn tls(fields: &Fields) -> Option<Refusal> {
    let mode = fields.get("sslmode").unwrap_or_default();
    let is_weak = matches!(mode, b"disable" | b"allow" | b"prefer");
    if is_weak && fields.get("sslnegotiation") == Some(b"direct") {
        return Some(
            Refusal::new("weak sslmode may not be used with sslnegotiation=direct")
                .hint("use require, verify-ca, or verify-full"),
        );
    }
    let is_full = mode == b"verify-full" || mode.is_empty();
    if !is_full && fields.get("sslrootcert") == Some(b"system") {
        return Some(
            Refusal::new("weak sslmode may not be used with sslrootcert=system")
                .hint("use verify-full"),
        );
    }
    let is_reversed = |least: &str, most: &str, versions: &[&str]| {
        let rank = |option: &str| {
            let value = fields.get(option)?;
            versions.iter().position(|known| value.eq_ignore_ascii_case(known.as_bytes()))
        };
        rank(least).zip(rank(most)).is_some_and(|(least, most)| least > most)
    };
    if is_reversed("ssl_min_protocol_version", "ssl_max_protocol_version", TLS_VERSIONS) {
        return Some(Refusal::new("invalid SSL protocol version range"));
    }
    if is_reversed("min_protocol_version", "max_protocol_version", PROTOCOLS) {
        let reason = "min_protocol_version is greater than max_protocol_version";
        return Some(Refusal::new(reason));
    }
    None
}

/// Ports and numbers, which libpq reads with C's `strtol`.
fn numbers(fields: &Fields) -> Option<Refusal> {
    let ports = fields.get("port").unwrap_or_default();
    for port in ports.split(|&byte| byte == b',').filter(|port| !port.is_empty()) {
        match number(port) {
            None => return Some(not_a_number("port")),
            Some(1..=65535) => {}
            Some(_) => {
                return Some(Refusal::new("invalid port number").hint("ports are 1 to 65535"));
            }
        }
    }
    let is_wrong = |option: &&&str| fields.get(option).is_some_and(|value| number(value).is_none());
    NUMBERS.iter().find(is_wrong).map(|option| not_a_number(option))
}

fn not_a_number(option: &str) -> Refusal {
    Refusal::new(format!("invalid integer value for connection option \"{option}\""))
}

/// C's `strtol` with white space around allowed, as `pqParseIntParam` calls it.
fn number(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r')).parse().ok()
}
