//! What a health answer means: a status alone is not enough, as some apps answer 200 while failing.

use probe::HttpAnswer;
use serde_json::Value;

/// Words by which a service says of a part of itself that it does not work.
const FAILING: &[&str] =
    &["failing", "failed", "down", "error", "unhealthy", "critical", "unavailable"];

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
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(body) else {
        return if body.trim_ascii_start().starts_with(b"<") {
            Err(HTML_PAGE.to_owned())
        } else {
            Ok("a success without a JSON body".to_owned())
        };
    };
    let failing: Vec<&str> = members
        .iter()
        .filter(|(_, value)| {
            value.as_str().is_some_and(|word| FAILING.contains(&word.to_lowercase().as_str()))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    if failing.is_empty() {
        Ok(HEALTHY.to_owned())
    } else {
        Err(format!("{} failing", failing.join(" and ")))
    }
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
