//! The health check that a fly.toml declares.
//!
//! Where checks stand and what they hold: flyctl, `internal/appconfig/service.go` and `toplevelcheck.go`.

use toml::{Table, Value};

/// The first HTTP check of an app.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HealthCheck {
    /// The path that is asked, with its `/`.
    pub(super) path: String,
    /// Headers sent with it.
    pub(super) headers: Vec<(String, String)>,
}

/// Reads the first HTTP check, in the order `[http_service]`, `[[services]]`, `[checks]`.
pub(super) fn health_check(text: &str) -> Result<HealthCheck, &'static str> {
    let table: Table = text.parse().map_err(|_| "it is not TOML")?;
    let from_service = |service: &Value, key: &str| first_check(service.get(key)?);
    table
        .get("http_service")
        .and_then(|service| from_service(service, "checks"))
        .or_else(|| {
            items(table.get("services")?).find_map(|service| from_service(service, "http_checks"))
        })
        .or_else(|| {
            let checks = table.get("checks")?.as_table()?;
            let http = |check: &&Value| check.get("type").and_then(Value::as_str) == Some("http");
            checks.values().find(http).and_then(check)
        })
        .ok_or("it declares no HTTP check")
}

fn first_check(list: &Value) -> Option<HealthCheck> {
    items(list).find_map(check)
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

    fn check_path(text: &str, expected: Result<&str, &str>) {
        assert_eq!(
            health_check(text).as_ref().map(|check| check.path.as_str()).map_err(|error| *error),
            expected
        );
    }

    #[test]
    fn every_kind_of_check_is_found() {
        check_path("[http_service]\n[[http_service.checks]]\npath = '/api'", Ok("/api"));
        check_path("[[services]]\n[[services.http_checks]]\npath = '/up'", Ok("/up"));
        check_path("[checks.a]\ntype = 'tcp'\n[checks.b]\ntype = 'http'\npath = '/b'", Ok("/b"));
        check_path("app = 'a'", Err("it declares no HTTP check"));
        check_path("app = ", Err("it is not TOML"));
    }

    #[test]
    fn headers_are_sent_along() {
        let text = "[[http_service.checks]]\npath = '/'\nheaders = { X-Forwarded-Proto = 'https' }";
        let expected = vec![("X-Forwarded-Proto".to_owned(), "https".to_owned())];
        assert_eq!(health_check(text).unwrap().headers, expected);
    }
}
