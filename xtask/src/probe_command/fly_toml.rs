//! The health check that a fly.toml declares.
//!
//! Where checks stand and what they hold: flyctl, `internal/appconfig/service.go` and `toplevelcheck.go`.

use toml::{Table, Value};

/// An HTTP check of an app.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HealthCheck {
    /// The path that is asked, with its `/`.
    pub(super) path: String,
    /// Headers sent with it.
    pub(super) headers: Vec<(String, String)>,
}

/// Reads every HTTP check, in the order `[http_service]`, `[[services]]`, `[checks]`; each page once.
pub(super) fn health_checks(text: &str) -> Result<Vec<HealthCheck>, &'static str> {
    let table: Table = text.parse().map_err(|_| "it is not TOML")?;
    let of = |service: &Value, key: &str| {
        service.get(key).into_iter().flat_map(items).filter_map(check).collect::<Vec<_>>()
    };
    let service = table.get("http_service").into_iter().flat_map(|service| of(service, "checks"));
    let services = table.get("services").into_iter().flat_map(items);
    let services = services.flat_map(|service| of(service, "http_checks"));
    let is_http = |check: &&Value| check.get("type").and_then(Value::as_str) == Some("http");
    let top = table.get("checks").and_then(Value::as_table);
    let top = top.into_iter().flat_map(Table::values).filter(is_http).filter_map(check);
    let mut found: Vec<HealthCheck> = Vec::new();
    for check in service.chain(services).chain(top) {
        if !found.contains(&check) {
            found.push(check);
        }
    }
    if found.is_empty() { Err("it declares no HTTP check") } else { Ok(found) }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn check(value: &Value) -> Option<HealthCheck> {
    let path = value.get("path")?.as_str()?.to_owned();
    let headers = value.get("headers").and_then(Value::as_table);
    let headers = headers
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    Some(HealthCheck { path, headers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_paths(text: &str, expected: Result<&[&str], &str>) {
        let found = health_checks(text);
        let paths =
            found.as_ref().map(|checks| checks.iter().map(|one| one.path.as_str()).collect());
        assert_eq!(paths.map_err(|error| *error), expected.map(<[&str]>::to_vec));
    }

    #[test]
    fn every_kind_of_check_is_found() {
        check_paths("[http_service]\n[[http_service.checks]]\npath = '/api'", Ok(&["/api"]));
        check_paths("[[services]]\n[[services.http_checks]]\npath = '/up'", Ok(&["/up"]));
        check_paths(
            "[checks.a]\ntype = 'tcp'\n[checks.b]\ntype = 'http'\npath = '/b'",
            Ok(&["/b"]),
        );
        let two = "[[http_service.checks]]\npath = '/a'\n[[http_service.checks]]\npath = '/b'\n[checks.c]\ntype = 'http'\npath = '/a'";
        check_paths(two, Ok(&["/a", "/b"]));
        check_paths("app = 'a'", Err("it declares no HTTP check"));
        check_paths("app = ", Err("it is not TOML"));
    }

    #[test]
    fn headers_are_sent_along() {
        let text = "[[http_service.checks]]\npath = '/'\nheaders = { X-Forwarded-Proto = 'https' }";
        let expected = vec![("X-Forwarded-Proto".to_owned(), "https".to_owned())];
        assert_eq!(health_checks(text).unwrap()[0].headers, expected);
    }
}
