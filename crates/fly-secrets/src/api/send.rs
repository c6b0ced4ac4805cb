//! One request: sent, tried again where that is safe, its failure put into words.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use resolver::Agents;
use secret::Secret;
use serde_json::Value;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use vault::Vault;
use zeroize::Zeroizing;

use super::problem::{CallError, NoAnswer, Problem, Unaccepted};

/// A list of a thousand secrets is a tenth of this.
const ANSWER_LIMIT: u64 = 16 << 20;
/// As often as fly-go's own client tries after 429, 5xx and the like.
const TRIES: u32 = 4;
/// As often as it tries after a connection was reset, for calls that only read.
const TRIES_AFTER_RESET: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A call to be made: what, where, and under which conditions twice.
pub(super) struct Call<'a> {
    pub(super) doing: &'static str,
    pub(super) app: &'a str,
    pub(super) method: Method,
    pub(super) url: String,
    /// Wiped after use: it may hold values.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) lease: Option<&'a str>,
    /// The values that it carries, which an error must not repeat.
    pub(super) values: &'a [(&'a str, &'a Secret)],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

/// The connection, the token and what must not be repeated from answers.
pub(super) struct Line<'a> {
    agents: Agents,
    authorization: Zeroizing<String>,
    unauthorized: Unaccepted,
    vault: &'a Vault,
}

impl<'a> Line<'a> {
    /// Prepares calls with a token; `None` where the token cannot stand in a header.
    pub(super) fn new(token: &Secret, unauthorized: Unaccepted, vault: &'a Vault) -> Option<Self> {
        // Goes into the Authorization header and nowhere else.
        let text = token.expose_text()?.trim();
        if text.is_empty() || text.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
            return None;
        }
        let is_macaroon = ["fm1r_", "fm1a_", "fm2_"].iter().any(|prefix| text.starts_with(prefix));
        let authorization = Zeroizing::new(match text.strip_prefix("FlyV1 ") {
            Some(_) => text.to_owned(),
            None if is_macaroon => format!("FlyV1 {text}"),
            None => format!("Bearer {text}"),
        });
        let agents = Agents::new(|| {
            Agent::config_builder()
                .http_status_as_error(false)
                // A redirect would carry the token to an address that nobody declared.
                .max_redirects(0)
                .timeout_connect(Some(Duration::from_secs(10)))
                .timeout_global(Some(Duration::from_mins(1)))
                .user_agent(concat!("fly-secrets/", env!("CARGO_PKG_VERSION")))
        });
        Some(Self { agents, authorization, unauthorized, vault })
    }

    /// Makes the call, again where it is safe to, and gives the answer's JSON.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Value, CallError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (mut error, wait) = match self.once(call) {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            error.attempts = attempts;
            let tries = match error.problem {
                Problem::RateLimited | Problem::Status(500.., _) => TRIES,
                // Reading twice changes nothing; writing twice is for the caller to decide.
                _ if call.method == Method::Get && error.is_temporary() => TRIES_AFTER_RESET,
                _ => 1,
            };
            if attempts >= tries {
                return Err(error);
            }
            let backoff = Duration::from_millis(250) * 2_u32.pow(attempts - 1);
            sleep(wait.unwrap_or(backoff).min(LONGEST_WAIT));
        }
    }

    fn once(&self, call: &Call<'_>) -> Result<Value, (CallError, Option<Duration>)> {
        let error = |problem, request_id, may_have_acted| CallError {
            doing: call.doing,
            app: call.app.to_owned(),
            problem,
            request_id,
            attempts: 1,
            may_have_acted,
        };
        let writes = call.method != Method::Get;
        let mut response = match self.response(call) {
            Ok(response) => response,
            Err(failure) => {
                let problem = Problem::NoAnswer(Box::new(NoAnswer {
                    host: resolver::host(&call.url).unwrap_or_default(),
                    proxy: resolver::proxy_variable(&call.url),
                    reason: reason(&failure),
                }));
                return Err((error(problem, None, writes && has_reached(&failure)), None));
            }
        };
        let request_id = header(&response, "fly-request-id");
        let wait = header(&response, "retry-after").and_then(|text| text.parse().ok());
        let status = response.status();
        let body = response.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec();
        if !status.is_success() {
            let said = body.ok().and_then(|bytes| self.message(&bytes, call.values));
            let problem = match status {
                StatusCode::UNAUTHORIZED => {
                    Problem::Unauthorized(Box::new(self.unauthorized.clone()))
                }
                _ => problem_of(status, said),
            };
            return Err((error(problem, request_id, false), wait.map(Duration::from_secs)));
        }
        let bad = |what| (error(Problem::BadAnswer(what), request_id.clone(), writes), None);
        let bytes = body.map_err(|_| bad("it stops in the middle"))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| {
            let is_page = bytes.trim_ascii_start().starts_with(b"<");
            bad(if is_page { "it is an HTML page" } else { "it is not JSON" })
        })
    }

    fn response(&self, call: &Call<'_>) -> Result<Response<Body>, ureq::Error> {
        let agent = self.agents.to(&call.url);
        let authorization = self.authorization.as_str();
        let body = call.body.as_ref().map(|body| body.as_slice());
        let with_body = match call.method {
            Method::Get => {
                return agent.get(&call.url).header("authorization", authorization).call();
            }
            Method::Delete => {
                let mut request = agent.delete(&call.url).header("authorization", authorization);
                if let Some(lease) = call.lease {
                    request = request.header("fly-machine-lease-nonce", lease);
                }
                return request.call();
            }
            Method::Post => agent.post(&call.url),
            Method::Patch => agent.patch(&call.url),
        };
        let mut request = with_body
            .header("authorization", authorization)
            .header("content-type", "application/json");
        if let Some(lease) = call.lease {
            request = request.header("fly-machine-lease-nonce", lease);
        }
        request.send(body.unwrap_or(b"{}"))
    }

    /// The service's own reason, unless it repeats a secret.
    fn message(&self, body: &[u8], values: &[(&str, &Secret)]) -> Option<String> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let text = ["error", "message"].iter().find_map(|key| value.get(key)?.as_str())?;
        let line: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        let is_clean = !repeats(self.vault, values, text.as_bytes());
        (!line.is_empty() && is_clean).then_some(line)
    }
}

/// Whether a text repeats what the vault holds, in any encoding, or one of these values as it is. Values of three
/// bytes or less are in any text by chance.
pub(crate) fn repeats(vault: &Vault, values: &[(&str, &Secret)], text: &[u8]) -> bool {
    let stands_in =
        |value: &[u8]| value.len() > 3 && text.windows(value.len()).any(|part| part == value);
    // Compared here, sent nowhere.
    values.iter().any(|(_, value)| stands_in(value.expose()))
        || !vault.secret_set().find(text).is_empty()
}

fn problem_of(status: StatusCode, said: Option<String>) -> Problem {
    match status.as_u16() {
        403 => Problem::Forbidden,
        404 => Problem::NotFound,
        409 => Problem::Conflict(said),
        400 | 422 => Problem::Refused(said),
        429 => Problem::RateLimited,
        other => Problem::Status(other, said),
    }
}

/// Whether the request may have come to the service before it failed.
fn has_reached(failure: &ureq::Error) -> bool {
    match failure {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::Tls(_) => false,
        ureq::Error::Io(error) => error.kind() != io::ErrorKind::ConnectionRefused,
        _ => true,
    }
}

/// The system's reason in its own words; ureq's texts hold addresses at most, no header and no body.
fn reason(failure: &ureq::Error) -> String {
    match failure {
        ureq::Error::Timeout(_) => "it took too long".to_owned(),
        ureq::Error::HostNotFound => "the host name cannot be resolved".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::ConnectProxyFailed(_) => "it would not connect us".to_owned(),
        ureq::Error::Tls(_) => "the encrypted connection could not be made".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        _ => "the connection broke".to_owned(),
    }
}

fn header(response: &Response<Body>, name: &str) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    Some(value.chars().filter(char::is_ascii_graphic).take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(failure: &ureq::Error, expected: (&str, bool)) {
        assert_eq!((reason(failure).as_str(), has_reached(failure)), expected);
    }

    #[test]
    fn a_host_that_is_not_found_and_one_that_refuses_were_not_reached() {
        let agents = Agents::new(Agent::config_builder);
        // A label is 63 bytes at most, so that nobody is asked for this one.
        let address = format!("http://{}/", "a".repeat(64));
        let nowhere = agents.to(&address).get(&address).call().unwrap_err();
        check(&nowhere, ("the host name cannot be resolved", false));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        check(&ureq::Error::Io(refused), ("connection refused", false));
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        check(&ureq::Error::Io(reset), ("connection reset", true));
        let refused = ureq::Error::ConnectProxyFailed(String::new());
        check(&refused, ("it would not connect us", false));
    }
}
