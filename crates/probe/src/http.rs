//! One HTTP request: no redirect followed, bounded in time and size.

use std::error::Error;
use std::fmt;
use std::io::Read;
use std::time::Duration;

use resolver::Agents;
use secret::Secret;
use ureq::Agent;
use ureq::http::header::LOCATION;

/// Bodies are read up to this many bytes; a health answer is far smaller.
const MAX_BODY: u64 = 64 * 1024;

/// A request.
#[derive(Default)]
pub struct HttpRequest<'a> {
    /// The address.
    pub url: &'a str,
    /// Headers that anybody may see.
    pub headers: &'a [(String, String)],
    /// A header that is sent encrypted, or to this machine, or not at all.
    pub secret: Option<(&'a str, &'a Secret)>,
    /// What is posted; without it the request is a GET.
    pub body: Option<&'a [u8]>,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Where a redirect points, if it is one.
    pub location: Option<String>,
    /// The body, cut after 64 KiB.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum HttpError {
    /// The address is not one.
    Address,
    /// The request has a secret, and it would travel in the clear.
    InTheClear,
    /// The secret has characters that no header can hold.
    Secret,
    /// The name could not be resolved.
    Name,
    /// No connection, or it broke before the answer was whole.
    Connection(Box<dyn Error + Send + Sync>),
    /// No whole answer in time.
    Timeout,
    /// TLS could not be agreed on.
    Tls(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "the address is malformed",
            Self::InTheClear => {
                "the secret would travel in the clear; the address must be https://, or http:// on this machine"
            }
            Self::Secret => "the secret has characters that no header can hold",
            Self::Name => "the host name cannot be resolved",
            Self::Connection(_) => "the connection failed",
            Self::Timeout => "no whole answer in time",
            Self::Tls(_) => "TLS could not be agreed on",
        })
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connection(source) | Self::Tls(source) => Some(source.as_ref()),
            Self::Address | Self::InTheClear | Self::Secret | Self::Name | Self::Timeout => None,
        }
    }
}

/// Sends one GET request with the headers given.
///
/// # Errors
/// Fails where no whole answer comes within `timeout`; any status is an answer.
pub fn get(
    url: &str,
    headers: &[(String, String)],
    timeout: Duration,
) -> Result<HttpAnswer, HttpError> {
    ask(&HttpRequest { url, headers, ..HttpRequest::default() }, timeout)
}

/// Sends one request.
///
/// # Errors
/// Fails where no whole answer comes within `timeout`; any status is an answer.
pub fn ask(request: &HttpRequest<'_>, timeout: Duration) -> Result<HttpAnswer, HttpError> {
    let agents = Agents::new(|| {
        Agent::config_builder()
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
    });
    let agent = agents.to(request.url);
    let mut headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if let Some((name, value)) = request.secret {
        if !resolver::is_private(request.url) {
            return Err(HttpError::InTheClear);
        }
        // To the server that was named, which may not send us on.
        let text = value.expose_text().unwrap_or_default();
        if text.is_empty() || text.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
            return Err(HttpError::Secret);
        }
        headers.push((name, text));
    }
    let answer = match request.body {
        None => {
            let get = agent.get(request.url);
            headers.iter().fold(get, |get, (name, value)| get.header(*name, *value)).call()
        }
        Some(body) => {
            let post = agent.post(request.url).header("content-type", "application/json");
            headers.iter().fold(post, |post, (name, value)| post.header(*name, *value)).send(body)
        }
    };
    let mut response = answer.map_err(classify)?;
    let mut body = Vec::new();
    response.body_mut().as_reader().take(MAX_BODY).read_to_end(&mut body).map_err(|error| {
        if error.kind() == std::io::ErrorKind::TimedOut {
            HttpError::Timeout
        } else {
            HttpError::Connection(error.into())
        }
    })?;
    let location =
        response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(HttpAnswer { status: response.status().as_u16(), location, body })
}

fn classify(error: ureq::Error) -> HttpError {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => HttpError::Address,
        ureq::Error::HostNotFound => HttpError::Name,
        ureq::Error::Timeout(_) => HttpError::Timeout,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => HttpError::Tls(error.into()),
        other => HttpError::Connection(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;

    /// Serves one connection with fixed bytes, after a wait.
    fn serve(answer: &'static str, wait: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            thread::sleep(wait);
            let _ = stream.write_all(answer.as_bytes());
        });
        url
    }

    fn check(answer: &'static str, expected: &str) {
        let result = get(&serve(answer, Duration::ZERO), &[], Duration::from_secs(2));
        let text = match result {
            Ok(HttpAnswer { status, location, body }) => {
                format!("{status} {location:?} {}", String::from_utf8_lossy(&body))
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn any_status_is_an_answer() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 None ok");
        check("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "503 None ");
    }

    #[test]
    fn a_redirect_is_not_followed() {
        check(
            "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n",
            "301 Some(\"https://elsewhere/\") ",
        );
    }

    #[test]
    fn half_an_answer_is_no_answer() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "the connection failed");
        check("", "the connection failed");
    }

    #[test]
    fn a_slow_answer_is_a_timeout() {
        let url = serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Duration::from_secs(5));
        let error = get(&url, &[], Duration::from_millis(200)).unwrap_err();
        assert!(matches!(error, HttpError::Timeout), "{error:?}");
    }

    #[test]
    fn a_secret_is_not_sent_in_the_clear() {
        let secret = Secret::from("CANARY of the test".to_owned());
        for url in ["http://app.example/api", "http://127.0.0.1@app.example/", "ftp://localhost"] {
            let request =
                HttpRequest { url, secret: Some(("token", &secret)), ..HttpRequest::default() };
            let error = ask(&request, Duration::from_secs(1)).unwrap_err();
            assert!(matches!(error, HttpError::InTheClear), "{url}");
        }
        let url = serve("HTTP/1.1 204 Done\r\n\r\n", Duration::ZERO);
        let body = Some(&b"{}"[..]);
        let request = HttpRequest {
            url: &url,
            secret: Some(("token", &secret)),
            body,
            ..HttpRequest::default()
        };
        assert_eq!(ask(&request, Duration::from_secs(2)).unwrap().status, 204);
    }

    #[test]
    fn an_address_must_be_one() {
        let error = get("no address at all", &[], Duration::from_secs(1)).unwrap_err();
        assert!(matches!(error, HttpError::Address), "{error:?}");
    }
}
