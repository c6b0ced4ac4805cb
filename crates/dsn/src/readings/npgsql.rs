//! Npgsql: ADO.NET's `Key=Value;` strings, with its own names for everything.

use super::{set_given, utf8};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let mut fields = Fields::new();
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(other_form)?;
        if key.contains(';') {
            return Err(other_form());
        }
        let key = key.trim().to_ascii_lowercase();
        let (value, after) = value(after)?;
        let name = libpq_name(&key).ok_or_else(other_form)?;
        let value = if name == "sslmode" { libpq_mode(value) } else { value };
        set_given_as(&mut fields, name, value);
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    }
    let hosts = fields.get("host").map(<[u8]>::to_vec).unwrap_or_default();
    if let Some((names, ports)) = split_ports(&hosts) {
        set_given(&mut fields, "host", names);
        set_given(&mut fields, "port", ports);
    }
    Ok(fields)
}

fn other_form() -> Refusal {
    Refusal::new("Npgsql takes Host=…;Port=…;Username=…;Password=…;Database=…")
}

fn set_given_as(fields: &mut Fields, name: Name, value: String) {
    if !value.is_empty() {
        fields.set(name, value);
    }
}

/// Reads a value, bare to the next `;` or in quotes that are doubled inside.
fn value(text: &str) -> Result<(String, &str), Refusal> {
    let text = text.trim_start();
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        let end = text.find(';').unwrap_or(text.len());
        return Ok((text[..end].trim_end().to_owned(), &text[end..]));
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
    Err(Refusal::new("Format of the initialization string does not conform to specification"))
}

/// `Host=a:1,b:2` carries the ports with the hosts.
fn split_ports(hosts: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(hosts).ok()?;
    if text.starts_with('/') || !text.contains(':') {
        return None;
    }
    let parts: Vec<(&str, &str)> =
        text.split(',').map(|host| host.split_once(':').unwrap_or((host, ""))).collect();
    let join = |part: fn(&(&'_ str, &'_ str)) -> String| {
        parts.iter().map(part).collect::<Vec<_>>().join(",")
    };
    Some((join(|pair| pair.0.to_owned()), join(|pair| pair.1.to_owned())))
}

/// `SslMode` of Npgsql in libpq's words; its names are those of an enum, which reads them in any case.
fn libpq_mode(value: String) -> String {
    let mode = match value.to_ascii_lowercase().as_str() {
        "disable" => "disable",
        "allow" => "allow",
        "prefer" => "prefer",
        "require" => "require",
        "verifyca" | "verify-ca" => "verify-ca",
        "verifyfull" | "verify-full" => "verify-full",
        _ => return value,
    };
    mode.to_owned()
}

fn libpq_name(key: &str) -> Option<Name> {
    let plain: String = key.chars().filter(|c| !c.is_whitespace()).collect();
    Some(Name::Borrowed(match plain.as_str() {
        "host" | "server" => "host",
        "port" => "port",
        "database" | "db" => "dbname",
        "username" | "userid" | "uid" => "user",
        "password" | "psw" | "pwd" => "password",
        "sslmode" => "sslmode",
        "applicationname" => "application_name",
        "rootcertificate" => "sslrootcert",
        "sslcertificate" => "sslcert",
        "sslkey" => "sslkey",
        "timeout" => "connect_timeout",
        "options" => "options",
        "passfile" => "passfile",
        "channelbinding" => "channel_binding",
        "targetsessionattributes" => "target_session_attrs",
        "loadbalancehosts" => "load_balance_hosts",
        "clientencoding" => "client_encoding",
        "trustservercertificate"
        | "pooling"
        | "minimumpoolsize"
        | "maximumpoolsize"
        | "minpoolsize"
        | "maxpoolsize"
        | "commandtimeout"
        | "searchpath"
        | "keepalive"
        | "multiplexing"
        | "includeerrordetail"
        | "persistsecurityinfo"
        | "timezone"
        | "encoding"
        | "enlist"
        | "noresetonclose"
        | "maxautoprepare"
        | "autoprepareminusages"
        | "connectionidlelifetime"
        | "connectionpruninginterval"
        | "connectionlifetime"
        | "internalcommandtimeout"
        | "cancellationtimeout"
        | "readbuffersize"
        | "writebuffersize"
        | "tcpkeepalive"
        | "kerberosservicename"
        | "includerealm"
        | "gssencryptionmode"
        | "requireauth" => {
            return Some(Name::Owned(plain));
        }
        _ => return None,
    }))
}
