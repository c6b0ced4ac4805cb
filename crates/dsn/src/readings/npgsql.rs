//! Npgsql: ADO.NET's `Key=Value;` strings, with its own names for everything.
//!
//! The grammar is that of .NET's `DbConnectionStringBuilder`; names and types are those of the properties of
//! `NpgsqlConnectionStringBuilder`, the newest of them by its documentation.

use super::{set_given, utf8};
use crate::libpq::is_one_edit_away;
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let mut fields = Fields::new();
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let (key, after) = key(rest)?;
        let (value, after) = value(after)?;
        let offset = text.len() - rest.len();
        let property = Property::of(&key.to_lowercase()).ok_or_else(|| unknown(&key, offset))?;
        if value.is_empty() {
            fields.remove(property.name);
        } else {
            fields.set(property.name, property.kind.checked(value)?);
        }
        rest = after.trim_start_matches(is_between);
    }
    let hosts = fields.get("host").map(<[u8]>::to_vec).unwrap_or_default();
    if let Some((names, ports)) = split_ports(&hosts) {
        set_given(&mut fields, "host", names);
        set_given(&mut fields, "port", ports);
    }
    Ok(fields)
}

/// A key that is none, told as such where the text is of this form at all.
fn unknown(key: &str, offset: usize) -> Refusal {
    if key.is_empty()
        || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _-".contains(&byte))
    {
        return other_form();
    }
    let refusal = Refusal::new("Keyword not supported").at(offset);
    match Property::near(&key.to_lowercase()) {
        Some(spelling) => refusal.hint(format!("did you mean {spelling}?")),
        None => refusal,
    }
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || c == ';'
}

/// Reads a key to its `=`, which is doubled inside a key; answers what follows the `=`.
fn key(text: &str) -> Result<(String, &str), Refusal> {
    let mut key = String::new();
    let mut rest = text;
    loop {
        let end = rest.find(['=', ';']).ok_or_else(other_form)?;
        key.push_str(&rest[..end]);
        if rest[..end].contains(|c: char| c.is_control() && !c.is_whitespace()) {
            return Err(malformed());
        }
        let after = rest[end..].strip_prefix('=').ok_or_else(other_form)?;
        match after.strip_prefix('=') {
            Some(more) => {
                key.push('=');
                rest = more;
            }
            None => return Ok((key.trim().to_owned(), after)),
        }
    }
}

fn other_form() -> Refusal {
    Refusal::new("Npgsql takes Host=…;Port=…;Username=…;Password=…;Database=…")
}

/// Reads a value, bare to the next `;` or in quotes that are doubled inside.
fn value(text: &str) -> Result<(String, &str), Refusal> {
    let text = text.trim_start();
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        let end = text.find(|c: char| c == ';' || c.is_control() && !c.is_whitespace());
        let end = end.unwrap_or(text.len());
        let value = text[..end].trim_end();
        let is_cut = text[end..].chars().next().is_some_and(char::is_control);
        if is_cut || value.ends_with(['\'', '"']) {
            return Err(malformed());
        }
        return Ok((value.to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = text[1..].chars();
    while let Some(c) = characters.next() {
        if c != quote {
            value.push(c);
        } else if let Some(rest) = characters.as_str().strip_prefix(quote) {
            value.push(quote);
            characters = rest.chars();
        } else {
            return Ok((value, characters.as_str()));
        }
    }
    Err(malformed())
}

fn malformed() -> Refusal {
    Refusal::new("Format of the initialization string does not conform to specification")
}

/// `Host=a:1,b:2` carries the ports with the hosts, as the builder's `TrySplitHostPort` has it from version 6 on.
fn split_ports(hosts: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(hosts).ok()?;
    if text.starts_with('/') || !text.contains(':') {
        return None;
    }
    let pairs: Vec<(&str, &str)> = text.split(',').map(host_and_port).collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| bare(name)).collect();
    let ports: Vec<&str> = pairs.iter().map(|(_, port)| *port).collect();
    let has_ports = ports.iter().any(|port| !port.is_empty());
    Some((names.join(","), if has_ports { ports.join(",") } else { String::new() }))
}

/// Cuts at the last colon, unless it is one of an IPv6 address.
fn host_and_port(host: &str) -> (&str, &str) {
    let Some((name, port)) = host.rsplit_once(':') else { return (host, "") };
    let is_behind_brackets = host.rfind(']').is_some_and(|bracket| {
        bracket < name.len() && name.rfind(':').is_some_and(|colon| colon < bracket)
    });
    if is_behind_brackets || !name.contains(':') { (name, port) } else { (host, "") }
}

/// A host without the brackets of an IPv6 address, which are taken off where it is looked up.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A property of the builder.
struct Property {
    /// libpq's name for it, or the builder's own in lower case without spaces.
    name: &'static str,
    kind: Kind,
    /// Its name, and its others, in lower case.
    spellings: &'static [&'static str],
}

/// What a property holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number {
        least: i32,
        most: i32,
    },
    Flag,
    /// `SslMode`, whose words become libpq's.
    SslMode,
    /// A flag that libpq has words for.
    Balance,
}

impl Property {
    fn of(key: &str) -> Option<&'static Self> {
        PROPERTIES.iter().find(|property| property.spellings.contains(&key))
    }

    /// The spelling that is one slip away, or spaced otherwise.
    fn near(key: &str) -> Option<&'static str> {
        let plain: String = key.replace([' ', '_', '-'], "");
        let mut spellings = PROPERTIES.iter().flat_map(|property| property.spellings);
        let is_near = |spelling: &&&str| {
            is_one_edit_away(plain.as_bytes(), spelling.replace(' ', "").as_bytes())
        };
        spellings.find(is_near).copied()
    }
}

impl Kind {
    /// The value as .NET writes it, where it is of the kind.
    fn checked(self, value: String) -> Result<String, Refusal> {
        let wrong = || Refusal::new("a value is not of the kind that its parameter takes");
        match self {
            Self::Text => Ok(value),
            Self::Number { least, most } => {
                let number: i32 = value.trim().parse().map_err(|_| wrong())?;
                let is_in_range = (least..=most).contains(&number);
                if is_in_range { Ok(number.to_string()) } else { Err(wrong()) }
            }
            Self::Flag => {
                let word = value.trim().to_ascii_lowercase();
                if matches!(word.as_str(), "true" | "false") { Ok(word) } else { Err(wrong()) }
            }
            Self::Balance => {
                let word = Self::Flag.checked(value)?;
                Ok(if word == "true" { "random" } else { "disable" }.to_owned())
            }
            Self::SslMode => {
                let word = value.trim().to_ascii_lowercase();
                if let Ok(number) = word.parse::<i32>() {
                    // .NET takes any number for an enum, and it is found out only while connecting.
                    let known = usize::try_from(number).ok().and_then(|at| SSL_MODES.get(at));
                    return Ok(known.map_or(word, |(_, libpq)| (*libpq).to_owned()));
                }
                let known = SSL_MODES.into_iter().find(|(known, _)| word == *known);
                known.map(|(_, libpq)| libpq.to_owned()).ok_or_else(wrong)
            }
        }
    }
}

/// The names of the enum, in its order, and libpq's words for them.
const SSL_MODES: [(&str, &str); 6] = [
    ("disable", "disable"),
    ("allow", "allow"),
    ("prefer", "prefer"),
    ("require", "require"),
    ("verifyca", "verify-ca"),
    ("verifyfull", "verify-full"),
];

const fn text(name: &'static str, spellings: &'static [&'static str]) -> Property {
    Property { name, kind: Kind::Text, spellings }
}

const fn flag(name: &'static str, spellings: &'static [&'static str]) -> Property {
    Property { name, kind: Kind::Flag, spellings }
}

const fn number(name: &'static str, least: i32, spellings: &'static [&'static str]) -> Property {
    Property { name, kind: Kind::Number { least, most: i32::MAX }, spellings }
}

const PROPERTIES: &[Property] = &[
    text("host", &["host", "server"]),
    Property {
        name: "port",
        kind: Kind::Number { least: 1, most: i32::MAX },
        spellings: &["port"],
    },
    text("dbname", &["database", "db"]),
    text("user", &["username", "user name", "userid", "user id", "uid"]),
    text("password", &["password", "psw", "pwd"]),
    text("passfile", &["passfile"]),
    text("application_name", &["application name", "applicationname"]),
    flag("enlist", &["enlist"]),
    text("searchpath", &["search path", "searchpath"]),
    text("client_encoding", &["client encoding", "clientencoding"]),
    text("encoding", &["encoding"]),
    text("timezone", &["timezone"]),
    text("options", &["options"]),
    Property { name: "sslmode", kind: Kind::SslMode, spellings: &["ssl mode", "sslmode"] },
    text("sslnegotiation", &["ssl negotiation", "sslnegotiation"]),
    text("gssencryptionmode", &["gss encryption mode", "gssencryptionmode"]),
    flag("trustservercertificate", &["trust server certificate", "trustservercertificate"]),
    text("sslcert", &["ssl certificate", "sslcertificate"]),
    text("sslkey", &["ssl key", "sslkey"]),
    text("sslpassword", &["ssl password", "sslpassword"]),
    text("sslrootcert", &["root certificate", "rootcertificate"]),
    flag(
        "checkcertificaterevocation",
        &["check certificate revocation", "checkcertificaterevocation"],
    ),
    text("kerberosservicename", &["kerberos service name", "kerberosservicename", "krbsrvname"]),
    flag("includerealm", &["include realm", "includerealm"]),
    flag("persistsecurityinfo", &["persist security info", "persistsecurityinfo"]),
    flag("logparameters", &["log parameters", "logparameters"]),
    flag("includeerrordetail", &["include error detail", "includeerrordetail"]),
    flag(
        "includefailedbatchedcommand",
        &["include failed batched command", "includefailedbatchedcommand"],
    ),
    text("channel_binding", &["channel binding", "channelbinding"]),
    text("requireauth", &["require auth", "requireauth"]),
    flag("pooling", &["pooling"]),
    number("minimumpoolsize", 0, &["minimum pool size", "minimumpoolsize", "minpoolsize"]),
    number("maximumpoolsize", 0, &["maximum pool size", "maximumpoolsize", "maxpoolsize"]),
    number(
        "connectionidlelifetime",
        i32::MIN,
        &["connection idle lifetime", "connectionidlelifetime"],
    ),
    number(
        "connectionpruninginterval",
        0,
        &["connection pruning interval", "connectionpruninginterval"],
    ),
    number(
        "connectionlifetime",
        i32::MIN,
        &["connection lifetime", "connectionlifetime", "load balance timeout"],
    ),
    Property {
        name: "connect_timeout",
        kind: Kind::Number { least: 0, most: 1024 },
        spellings: &["timeout"],
    },
    number("commandtimeout", 0, &["command timeout", "commandtimeout"]),
    number("cancellationtimeout", -1, &["cancellation timeout", "cancellationtimeout"]),
    number("internalcommandtimeout", -1, &["internal command timeout", "internalcommandtimeout"]),
    text("target_session_attrs", &["target session attributes", "targetsessionattributes"]),
    Property {
        name: "load_balance_hosts",
        kind: Kind::Balance,
        spellings: &["load balance hosts", "loadbalancehosts"],
    },
    number("hostrecheckseconds", 0, &["host recheck seconds", "hostrecheckseconds"]),
    number("keepalive", 0, &["keepalive"]),
    flag("tcpkeepalive", &["tcp keepalive", "tcpkeepalive"]),
    number("tcpkeepalivetime", 0, &["tcp keepalive time", "tcpkeepalivetime"]),
    number("tcpkeepaliveinterval", 0, &["tcp keepalive interval", "tcpkeepaliveinterval"]),
    number("readbuffersize", 0, &["read buffer size", "readbuffersize"]),
    number("writebuffersize", 0, &["write buffer size", "writebuffersize"]),
    number(
        "socketreceivebuffersize",
        0,
        &["socket receive buffer size", "socketreceivebuffersize"],
    ),
    number("socketsendbuffersize", 0, &["socket send buffer size", "socketsendbuffersize"]),
    number("maxautoprepare", 0, &["max auto prepare", "maxautoprepare"]),
    number("autoprepareminusages", 1, &["auto prepare min usages", "autoprepareminusages"]),
    number(
        "writecoalescingbufferthresholdbytes",
        0,
        &["write coalescing buffer threshold bytes", "writecoalescingbufferthresholdbytes"],
    ),
    flag("noresetonclose", &["no reset on close", "noresetonclose"]),
    flag("multiplexing", &["multiplexing"]),
    flag("loadtablecomposites", &["load table composites", "loadtablecomposites"]),
    text("replicationmode", &["replication mode", "replicationmode"]),
    text("arraynullabilitymode", &["array nullability mode", "arraynullabilitymode"]),
    text("servercompatibilitymode", &["server compatibility mode", "servercompatibilitymode"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let fields = read(text.as_bytes()).unwrap();
        let found: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name, value.expose_text().unwrap())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_came_after_version_4_is_read_too() {
        check("Host=a:1,b:2", &[("host", "a,b"), ("port", "1,2")]);
        check("Host=a,[::1]:2", &[("host", "a,::1"), ("port", ",2")]);
        check("Host=::1", &[("host", "::1")]);
        check("SSL Mode=verifyfull", &[("sslmode", "verify-full")]);
        check("Load Balance Hosts=True", &[("load_balance_hosts", "random")]);
        check("SSL Mode=5", &[("sslmode", "verify-full")]);
        check(
            "Options=-c a=b;Root Certificate=/x;Channel Binding=Require",
            &[("options", "-c a=b"), ("sslrootcert", "/x"), ("channel_binding", "Require")],
        );
    }
}
