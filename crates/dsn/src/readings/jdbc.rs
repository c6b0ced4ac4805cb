//! The JDBC driver: `Driver.parseURL`, which takes no user or password before the host.

use super::{set_given, utf8};
use crate::percent::{decode_form, is_well_formed};
use crate::{Fields, Name, Refusal};

const PREFIX: &str = "jdbc:postgresql:";

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return Err(Refusal::new(
            "JDBC takes jdbc:postgresql://host:port/database?user=…&password=…",
        ));
    };
    let (server, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut fields = Fields::new();
    match server.strip_prefix("//") {
        Some("" | "/") => {}
        Some(server) => {
            let Some((hosts, database)) = server.split_once('/') else {
                let reason = "JDBC URL must contain a / at the end of the host or port";
                return Err(Refusal::new(reason));
            };
            if database.contains('/') {
                return Err(Refusal::new("JDBC URL contains too many / characters"));
            }
            set_given(&mut fields, "dbname", decoded(database)?);
            addresses(&mut fields, hosts)?;
        }
        None if server.starts_with('/') => {
            return Err(Refusal::new("JDBC URL has one / where the host should begin"));
        }
        None => set_given(&mut fields, "dbname", decoded(server)?),
    }
    parameters(fields, query)
}

fn addresses(fields: &mut Fields, hosts: &str) -> Result<(), Refusal> {
    // Java's `split` drops empty items at the end, and trips over a list of nothing else.
    let kept = hosts.trim_end_matches(',');
    if kept.is_empty() && !hosts.is_empty() {
        return Err(Refusal::new("JDBC URL has a list of hosts without a host"));
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for address in kept.split(',') {
        let colon = address
            .rfind(':')
            .filter(|&colon| address.rfind(']').is_none_or(|close| close < colon));
        let (host, port) = match colon {
            Some(colon) => (&address[..colon], &address[colon + 1..]),
            None => (address, ""),
        };
        if colon.is_some() {
            check_port(port)?;
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        names.push(bare);
        ports.push(port);
    }
    set_given(fields, "host", names.join(","));
    if ports.iter().any(|port| !port.is_empty()) {
        fields.set("port", ports.join(","));
    }
    Ok(())
}

/// Takes the query by the driver's own names, which become libpq's where both mean the same.
fn parameters(mut fields: Fields, query: &str) -> Result<Fields, Refusal> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value)?;
        let name: Name = match key {
            "PGHOST" => "host".into(),
            "PGPORT" => "port".into(),
            "PGDBNAME" => "dbname".into(),
            "ApplicationName" => "application_name".into(),
            "connectTimeout" => "connect_timeout".into(),
            "targetServerType" => "target_session_attrs".into(),
            _ => Name::Owned(key.to_owned()),
        };
        if name == "port" {
            let list = String::from_utf8_lossy(&value);
            list.split(',').try_for_each(check_port)?;
        }
        fields.set(name, value);
    }
    Ok(fields)
}

fn check_port(text: &str) -> Result<(), Refusal> {
    match text.parse::<u16>() {
        Ok(1..) => Ok(()),
        _ => Err(Refusal::new("JDBC URL invalid port number")),
    }
}

/// `URLDecoder.decode`: form rules, so `+` is a space; what is no UTF-8 is replaced.
fn decoded(text: &str) -> Result<Vec<u8>, Refusal> {
    if is_well_formed(text.as_bytes()) {
        let decoded = decode_form(text.as_bytes());
        Ok(String::from_utf8_lossy(&decoded).into_owned().into_bytes())
    } else {
        Err(Refusal::new("Illegal hex characters in escape (%) pattern"))
    }
}
