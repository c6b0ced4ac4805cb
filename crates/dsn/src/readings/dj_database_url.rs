//! dj-database-url 3: `parse`, on top of `urlsplit`; Django hands the options to psycopg.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::python::{parse_qsl, port_number, unquote, urlsplit};
use super::{set_given, utf8};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let no_url = || Refusal::new("This string is not a valid url");
    let url = urlsplit(utf8(text)?).map_err(|_| no_url())?;
    if !SCHEMES.contains(&url.scheme.as_str()) {
        return Err(Refusal::new("the scheme is unknown"));
    }
    let mut fields = Fields::new();
    let (user, password) = url.userinfo();
    set_given(&mut fields, "user", unquote(user));
    set_given(&mut fields, "password", unquote(password));
    let (host, port) = url.host_port();
    set_given(&mut fields, "host", unquote(&host));
    let port = port_number(port).map_err(|_| no_url())?;
    if let Some(port) = port.filter(|&port| port > 0) {
        fields.set("port", port.to_string());
    }
    set_given(&mut fields, "dbname", unquote(url.path.get(1..).unwrap_or_default()));
    // The values of each key, joined, and where each key is among them: there may be very many.
    let mut options: Vec<(String, String)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, value) in parse_qsl(&url.query, false)? {
        let value = typed(value);
        match places.entry(key) {
            Entry::Occupied(place) => {
                options[*place.get()].1.extend([",", &value]);
            }
            Entry::Vacant(place) => {
                options.push((place.key().clone(), value));
                place.insert(options.len() - 1);
            }
        }
    }
    for (name, value) in options {
        if name == "currentSchema" {
            fields.set("options", format!("-c search_path={value}"));
        } else if fields.get(&name).is_none() {
            // Django passes these to the driver beside HOST, USER and the rest.
            fields.set(Name::Owned(name), value);
        }
    }
    Ok(fields)
}

/// Digits become a number and `true`/`false` a truth value, whatever their case.
fn typed(value: String) -> String {
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = value.trim_start_matches('0');
        return if number.is_empty() { "0".to_owned() } else { number.to_owned() };
    }
    if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
        return value.to_ascii_lowercase();
    }
    value
}

const SCHEMES: [&str; 7] =
    ["postgres", "postgresql", "pgsql", "postgis", "redshift", "timescale", "timescalegis"];
