//! asyncpg 0.32: `_parse_connect_dsn_and_args`, on top of `urlparse`.

use super::python::{parse_qsl, unquote, urlsplit};
use super::{set_given, utf8};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let url = urlsplit(utf8(text)?)?;
    let mut query = Fields::new();
    for (key, value) in parse_qsl(&url.query, true)? {
        query.set(Name::Owned(key), value);
    }
    if !matches!(url.scheme.as_str(), "postgresql" | "postgres") {
        return Err(Refusal::new(
            "invalid DSN: scheme is expected to be either \"postgresql\" or \"postgres\"",
        ));
    }
    let mut fields = Fields::new();
    let (auth, hosts) = url.netloc.split_once('@').unwrap_or(("", &url.netloc));
    let (user, password) = auth.split_once(':').unwrap_or((auth, ""));
    set_given(&mut fields, "user", unquote(user));
    set_given(&mut fields, "password", unquote(password));
    if !hosts.is_empty() {
        host_list(&mut fields, hosts, true)?;
    }
    set_given(&mut fields, "dbname", unquote(url.path.strip_prefix('/').unwrap_or(&url.path)));
    options(&mut fields, &query, !url.path.is_empty())?;
    check(&fields)?;
    Ok(fields)
}

/// Takes the query; what the authority gave already is not replaced.
fn options(fields: &mut Fields, query: &Fields, has_path: bool) -> Result<(), Refusal> {
    let text =
        |name: &str| query.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
    if let Some(ports) = text("port")
        && fields.get("port").is_none()
        && fields.get("host").is_none()
    {
        let ports: Option<Vec<String>> = ports.split(',').map(int).collect();
        fields.set(
            "port",
            ports.ok_or_else(|| Refusal::new("invalid literal for int() with base 10"))?.join(","),
        );
    }
    if let Some(hosts) = text("host")
        && fields.get("host").is_none()
    {
        let port = fields.get("port").map(<[u8]>::to_vec);
        host_list(fields, &hosts, false)?;
        if let Some(port) = port {
            fields.set("port", port);
        }
    }
    for (name, value) in query.iter() {
        match name {
            "host" | "port" => {}
            "dbname" | "database" => {
                if fields.get("dbname").is_none() && !has_path {
                    fields.set("dbname", value.expose());
                }
            }
            "user" | "password" => {
                if fields.get(name).is_none() {
                    fields.set(Name::Owned(name.to_owned()), value.expose());
                }
            }
            _ => fields.set(Name::Owned(name.to_owned()), value.expose()),
        }
    }
    Ok(())
}

/// Reads a comma list of `host[:port]`; only the authority's is percent-decoded.
fn host_list(fields: &mut Fields, list: &str, is_encoded: bool) -> Result<(), Refusal> {
    let decode = |text: &str| if is_encoded { unquote(text) } else { text.to_owned() };
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for spec in list.split(',') {
        let (host, port) = match spec.chars().next() {
            None => return Err(Refusal::new("string index out of range")),
            Some('/') => (spec, ""),
            Some('[') => bracketed(spec)?,
            Some(_) => spec.split_once(':').unwrap_or((spec, "")),
        };
        hosts.push(decode(host));
        if port.is_empty() {
            ports.push(String::new());
        } else {
            let number = int(&decode(port));
            ports.push(
                number.ok_or_else(|| Refusal::new("invalid literal for int() with base 10"))?,
            );
        }
    }
    fields.set("host", hosts.join(","));
    if ports.iter().any(|port| !port.is_empty()) {
        fields.set("port", ports.join(","));
    }
    Ok(())
}

/// `\[([^\]]+)\](:[0-9]+)?` at the start of a host; what follows is dropped.
fn bracketed(spec: &str) -> Result<(&str, &str), Refusal> {
    let (host, rest) = spec[1..]
        .split_once(']')
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| Refusal::new("invalid IPv6 address in the connection URI"))?;
    let port = rest.strip_prefix(':').unwrap_or_default();
    let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
    Ok((host, &port[..digits]))
}

/// Python's `int()` on text, as decimal digits.
fn int(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).replace('_', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    Some(if text.starts_with('-') { format!("-{digits}") } else { digits.to_owned() })
}

fn check(fields: &Fields) -> Result<(), Refusal> {
    let text = |name: &str| fields.get(name).map(String::from_utf8_lossy);
    if text("sslmode").is_some_and(|mode| !MODES.contains(&mode.replace('-', "_").as_str())) {
        return Err(Refusal::new(
            "`sslmode` parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full",
        ));
    }
    if text("sslnegotiation").is_some_and(|value| !matches!(value.as_ref(), "postgres" | "direct"))
    {
        return Err(Refusal::new("`sslnegotiation` parameter must be one of: postgres, direct"));
    }
    let is_direct = fields.get("sslnegotiation") == Some(b"direct");
    if is_direct
        && matches!(text("sslmode").as_deref(), None | Some("disable" | "allow" | "prefer"))
    {
        return Err(Refusal::new("`sslnegotiation=direct` needs a stronger `sslmode`"));
    }
    if text("target_session_attrs").is_some_and(|value| !SESSIONS.contains(&value.as_ref())) {
        return Err(Refusal::new("target_session_attrs is expected to be one of the known values"));
    }
    Ok(())
}

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify_ca", "verify_full"];

const SESSIONS: [&str; 6] =
    ["any", "primary", "standby", "prefer-standby", "read-write", "read-only"];
