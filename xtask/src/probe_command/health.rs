//! What a health answer means: a status alone is not enough, as some apps answer 200 while failing.

use probe::HttpAnswer;
use serde_json::Value;

/// Words by which a service says of a part of itself that it does not work.
const FAILING: &[&str] =
    &["failing", "failed", "down", "error", "unhealthy", "critical", "unavailable"];

/// Names of members whose `false` says that the service does not work.
const HEALTH: &[&str] = &["ok", "healthy", "health", "success", "alive", "up", "ready", "status"];

/// What is said of a body that says so itself.
pub(super) const HEALTHY: &str = "healthy";

/// What is said of a page that is made for people.
pub(super) const HTML_PAGE: &str = "the body is an HTML page, not a health answer";

/// Says why an answer is healthy, or why not.
pub(super) fn judge(answer: &HttpAnswer) -> Result<String, String> {
    match answer.status {
        200..=299 => judge_body(&answer.body),
        300..=399 => {
            let to = answer.location.as_deref().unwrap_or("nowhere");
            Err(format!("a redirect to {to}, which Fly's checks do not follow"))
        }
        404 => Err("the app has no such path".to_owned()),
        status => Err(format!("status {status} is no success")),
    }
}

fn judge_body(body: &[u8]) -> Result<String, String> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii();
    match body.first() {
        Some(b'<') => return Err(HTML_PAGE.to_owned()),
        Some(b'{' | b'[') => {}
        _ if is_failing(&String::from_utf8_lossy(body)) => {
            return Err("the body says that it is failing".to_owned());
        }
        _ => return Ok("a success without a JSON body".to_owned()),
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Err("the body begins like JSON and is none: it is cut off, or too long".to_owned());
    };
    let mut failing = Vec::new();
    find_failing(&value, "", "", &mut failing);
    if failing.is_empty() {
        Ok(HEALTHY.to_owned())
    } else {
        Err(format!("{} failing", failing.join(" and ")))
    }
}

/// Collects the paths of the members that say so, `services.database`; a list's members go by their number.
fn find_failing(value: &Value, path: &str, name: &str, failing: &mut Vec<String>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                find_failing(value, &below(name), name, failing);
            }
        }
        Value::Array(members) => {
            for (index, value) in members.iter().enumerate() {
                find_failing(value, &below(&index.to_string()), name, failing);
            }
        }
        Value::String(word) if is_failing(word) => failing.push(path.to_owned()),
        Value::Bool(false) if HEALTH.contains(&name.to_lowercase().as_str()) => {
            failing.push(path.to_owned());
        }
        _ => {}
    }
}

/// Whether a text begins with a word of failing.
fn is_failing(text: &str) -> bool {
    let word = text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    FAILING.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: Result<&str, &str>) {
        let location = (status == 301).then(|| "https://a/".to_owned());
        let answer = HttpAnswer { status, location, body: body.as_bytes().to_vec() };
        assert_eq!(judge(&answer).as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn the_body_is_understood() {
        check(
            200,
            r#"{"version":"4.6.0","queue_services":"ok","data_services":"ok"}"#,
            Ok("healthy"),
        );
        check(
            200,
            r#"{"queue_services":"failing","data_services":"ok"}"#,
            Err("queue_services failing"),
        );
        check(200, r#"{"a":"Down","b":"FAILING"}"#, Err("a and b failing"));
        check(
            200,
            r#"{"status":"ok","services":{"database":"failing: no connection"}}"#,
            Err("services.database failing"),
        );
        check(200, r#"[{"name":"database","status":"failing"}]"#, Err("0.status failing"));
        check(200, r#"{"healthy":false,"debug":false}"#, Err("healthy failing"));
        check(200, r#"{"errors":[],"note":"errors are logged"}"#, Ok("healthy"));
        check(200, "\u{feff}{\"queue_services\":\"failing\"}", Err("queue_services failing"));
        let cut = r#"{"queue_services":"failing","data_ser"#;
        check(200, cut, Err("the body begins like JSON and is none: it is cut off, or too long"));
        check(200, "DOWN\n", Err("the body says that it is failing"));
        check(200, "woot", Ok("a success without a JSON body"));
        check(200, "\n<!doctype html>", Err("the body is an HTML page, not a health answer"));
    }

    #[test]
    fn the_status_is_understood() {
        check(404, "", Err("the app has no such path"));
        check(503, "", Err("status 503 is no success"));
        check(301, "", Err("a redirect to https://a/, which Fly's checks do not follow"));
    }
}
