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
    if let Some(server) = server.strip_prefix("//") {
        if server == "/" {
            return finish(fields, query);
        }
        let (hosts, database) = server.split_once('/').unwrap_or((server, ""));
        if database.contains('/') {
            return Err(Refusal::new("JDBC URL contains too many / characters"));
        }
        set_given(&mut fields, "dbname", decoded(database)?);
        addresses(&mut fields, hosts)?;
    } else if let Some(database) = server.strip_prefix('/') {
        set_given(&mut fields, "dbname", decoded(database)?);
    } else {
        set_given(&mut fields, "dbname", decoded(server)?);
    }
    finish(fields, query)
}

fn addresses(fields: &mut Fields, hosts: &str) -> Result<(), Refusal> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for address in hosts.split(',') {
        let colon = address
            .rfind(':')
            .filter(|&colon| address.rfind(']').is_none_or(|close| close < colon));
        let (host, port) = match colon {
            Some(colon) => (&address[..colon], &address[colon + 1..]),
            None => (address, ""),
        };
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        if colon.is_some() && !is_port {
            return Err(Refusal::new("JDBC URL invalid port number"));
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
fn finish(mut fields: Fields, query: &str) -> Result<Fields, Refusal> {
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
        fields.set(name, value);
    }
    Ok(fields)
}

/// `URLDecoder.decode`: form rules, so `+` is a space.
fn decoded(text: &str) -> Result<Vec<u8>, Refusal> {
    if is_well_formed(text.as_bytes()) {
        Ok(decode_form(text.as_bytes()))
    } else {
        Err(Refusal::new("Illegal hex characters in escape (%) pattern"))
    }
}
