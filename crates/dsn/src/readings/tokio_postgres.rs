//! tokio-postgres 0.7: `Config::from_str`, whose URL parser resembles libpq's and is looser.

use super::utf8;
use crate::percent::decode_lenient;
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let mut config = Config::default();
    match ["postgres://", "postgresql://"].iter().find_map(|prefix| text.strip_prefix(prefix)) {
        Some(rest) => config.url(rest)?,
        None => config.pairs(text)?,
    }
    Ok(config.finish())
}

#[derive(Default)]
struct Config {
    fields: Fields,
    hosts: Vec<Vec<u8>>,
    ports: Vec<Vec<u8>>,
    is_port_given: bool,
}

impl Config {
    fn url(&mut self, text: &str) -> Result<(), Refusal> {
        // The first `@` of the whole text ends the credentials, be it in the query.
        let mut rest = text;
        if let Some((credentials, after)) = text.split_once('@') {
            rest = after;
            let (user, password) = match credentials.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (credentials, None),
            };
            self.keep("user", decode(user)?);
            if let Some(password) = password {
                self.keep("password", decode_lenient(password.as_bytes()));
            }
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (hosts, mut rest) = rest.split_at(end);
        if !hosts.is_empty() {
            hosts.split(',').try_for_each(|chunk| self.chunk(chunk))?;
        }
        if let Some(path) = rest.strip_prefix('/') {
            let end = path.find('?').unwrap_or(path.len());
            if end > 0 {
                self.fields.set("dbname", decode(&path[..end])?);
            }
            rest = &path[end..];
        }
        match rest.strip_prefix('?') {
            Some(query) => self.query(query),
            None => Ok(()),
        }
    }

    /// Reads one `host[:port]` of the list; a missing port counts as 5432 at once.
    fn chunk(&mut self, chunk: &str) -> Result<(), Refusal> {
        let (host, port) = match chunk.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(|| invalid("host"))?;
                match rest.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if rest.is_empty() => (host, None),
                    None => return Err(invalid("host")),
                }
            }
            None => match chunk.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (chunk, None),
            },
        };
        self.host(host)?;
        if let Some(port) = port {
            return self.param("port", &decode(port)?);
        }
        self.ports.push(b"5432".to_vec());
        Ok(())
    }

    fn query(&mut self, query: &str) -> Result<(), Refusal> {
        let mut rest = query;
        while !rest.is_empty() {
            let (key, after) =
                rest.split_once('=').ok_or_else(|| Refusal::new("unterminated parameter"))?;
            let (value, after) = after.split_once('&').unwrap_or((after, ""));
            let key = decode(key)?;
            if key == b"host" {
                self.host(value)?;
            } else {
                let value = decode(value)?;
                self.param(std::str::from_utf8(&key).unwrap_or_default(), &value)?;
            }
            rest = after;
        }
        Ok(())
    }

    fn pairs(&mut self, text: &str) -> Result<(), Refusal> {
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                // An empty keyword ends the parse without a word.
                return Ok(());
            }
            let after = after.trim_start().strip_prefix('=').ok_or_else(|| {
                Refusal::new(if after.trim_start().is_empty() {
                    "unexpected EOF"
                } else {
                    "unexpected character: expected `=`"
                })
            })?;
            let (value, after) = value(after.trim_start())?;
            self.param(key, value.as_bytes())?;
            rest = after.trim_start();
        }
        Ok(())
    }

    fn host(&mut self, text: &str) -> Result<(), Refusal> {
        let host = decode_lenient(text.as_bytes());
        if host.first() != Some(&b'/') && std::str::from_utf8(&host).is_err() {
            return Err(Refusal::new("invalid utf-8 sequence"));
        }
        self.hosts.push(host);
        Ok(())
    }

    fn param(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let is = |allowed: &[&str]| allowed.contains(&text);
        let (name, is_valid): (&'static str, bool) = match key {
            "user" => ("user", true),
            "password" => ("password", true),
            "dbname" => ("dbname", true),
            "options" => ("options", true),
            "application_name" => ("application_name", true),
            "sslmode" => ("sslmode", is(&["disable", "prefer", "require"])),
            "sslnegotiation" => ("sslnegotiation", is(&["postgres", "direct"])),
            "hostaddr" => {
                let is_valid = text.split(',').all(|part| part.parse::<std::net::IpAddr>().is_ok());
                ("hostaddr", is_valid)
            }
            "connect_timeout" => ("connect_timeout", text.parse::<i64>().is_ok()),
            "tcp_user_timeout" => ("tcp_user_timeout", text.parse::<i64>().is_ok()),
            "keepalives" => ("keepalives", text.parse::<u64>().is_ok()),
            "keepalives_idle" => ("keepalives_idle", text.parse::<i64>().is_ok()),
            "keepalives_interval" => ("keepalives_interval", text.parse::<i64>().is_ok()),
            "keepalives_retries" => ("keepalives_retries", text.parse::<u32>().is_ok()),
            "target_session_attrs" => {
                ("target_session_attrs", is(&["any", "read-write", "read-only"]))
            }
            "channel_binding" => ("channel_binding", is(&["disable", "prefer", "require"])),
            "load_balance_hosts" => ("load_balance_hosts", is(&["disable", "random"])),
            "host" => {
                self.hosts.extend(text.split(',').map(|host| host.as_bytes().to_vec()));
                return Ok(());
            }
            "port" => return self.port_list(text),
            _ => return Err(Refusal::new("unknown option")),
        };
        if !is_valid {
            return Err(invalid(name));
        }
        if name == "hostaddr" {
            // Every `hostaddr` is added to the list.
            let mut list =
                self.fields.get(name).map(|list| [list, b","].concat()).unwrap_or_default();
            list.extend_from_slice(value);
            self.fields.set(name, list);
        } else {
            self.keep(name, value.to_vec());
        }
        Ok(())
    }

    fn port_list(&mut self, text: &str) -> Result<(), Refusal> {
        for port in text.split(',') {
            if port.is_empty() {
                self.ports.push(b"5432".to_vec());
            } else {
                let number: u16 = port.parse().map_err(|_| invalid("port"))?;
                self.is_port_given = true;
                self.ports.push(number.to_string().into_bytes());
            }
        }
        Ok(())
    }

    /// Keeps a value; an empty one counts as not given, and takes back an earlier one.
    fn keep(&mut self, name: &'static str, value: Vec<u8>) {
        if value.is_empty() && matches!(name, "user" | "password" | "dbname") {
            self.fields.remove(name);
        } else {
            self.fields.set(name, value);
        }
    }

    fn finish(mut self) -> Fields {
        let hosts = self.hosts.join(&b',');
        super::set_given(&mut self.fields, "host", hosts);
        if self.is_port_given {
            self.fields.set("port", self.ports.join(&b','));
        }
        self.fields
    }
}

fn value(text: &str) -> Result<(String, &str), Refusal> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text[usize::from(quoted)..].chars();
    loop {
        let before = characters.as_str();
        match characters.next() {
            None if quoted => {
                return Err(Refusal::new("unterminated quoted connection parameter value"));
            }
            None if value.is_empty() => return Err(Refusal::new("unexpected EOF")),
            None => return Ok((value, "")),
            Some('\'') if quoted => return Ok((value, characters.as_str())),
            Some(c) if !quoted && c.is_whitespace() => {
                return if value.is_empty() {
                    Err(Refusal::new("unexpected EOF"))
                } else {
                    Ok((value, before))
                };
            }
            Some('\\') => value.extend(characters.next()),
            Some(c) => value.push(c),
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    let decoded = decode_lenient(text.as_bytes());
    match std::str::from_utf8(&decoded) {
        Ok(_) => Ok(decoded),
        Err(_) => Err(Refusal::new("invalid utf-8 sequence")),
    }
}

fn invalid(option: &'static str) -> Refusal {
    Refusal::new(match option {
        "host" => "invalid value for option `host`",
        "port" => "invalid value for option `port`",
        "sslmode" => "invalid value for option `sslmode`",
        _ => "invalid value for an option",
    })
}
