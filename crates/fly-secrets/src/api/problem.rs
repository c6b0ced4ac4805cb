//! How a call to Fly fails, in words that say what to do; never in the words of a request.

use std::fmt;

use crate::token::{Standing, renew};

/// A call that failed, after as many tries as it deserves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// What was being done, as in "listing the secrets of".
    pub doing: &'static str,
    /// The app.
    pub app: String,
    /// What came of it.
    pub problem: Problem,
    /// The id under which Fly's support finds the request.
    pub request_id: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether the service may have acted on it all the same.
    pub may_have_acted: bool,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No connection, or none that lasted.
    NoAnswer(Box<NoAnswer>),
    /// An answer that stops in the middle or is not what the call answers.
    BadAnswer(&'static str),
    /// 401.
    Unauthorized(Box<Unaccepted>),
    /// 403.
    Forbidden,
    /// 404: there is no such app, or the token may not see it.
    NotFound,
    /// 409.
    Conflict(Option<String>),
    /// 422 and 400, with the service's reason where it quotes no secret.
    Refused(Option<String>),
    /// 429, also after waiting as told.
    RateLimited,
    /// Any other status, 5xx for the most part.
    Status(u16, Option<String>),
}

/// Who did not answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The host that was asked.
    pub host: String,
    /// The variable whose proxy was to carry it there.
    pub proxy: Option<&'static str>,
    /// The system's reason.
    pub reason: String,
}

/// A token that Fly does not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unaccepted {
    /// Where it is kept.
    pub credential: String,
    /// What it says of itself.
    pub standing: Standing,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.doing, self.app, self.problem)?;
        if self.attempts > 1 {
            write!(f, " ({} tries)", self.attempts)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |f: &mut fmt::Formatter<'_>, text: &str, reason: &Option<String>| match reason {
            Some(reason) => write!(f, "{text}: {reason}"),
            None => f.write_str(text),
        };
        match self {
            Self::NoAnswer(no) => {
                write!(f, "no answer from {}", no.host)?;
                if let Some(proxy) = no.proxy {
                    write!(f, " through the proxy of {proxy}")?;
                }
                write!(f, ": {}", no.reason)
            }
            Self::BadAnswer(what) => write!(f, "the answer cannot be used: {what}"),
            Self::Unauthorized(token) => {
                f.write_str("Fly does not accept the token")?;
                match token.standing {
                    Standing::Ended(at) => write!(f, ": it ended on {}", at.format("%Y-%m-%d")),
                    Standing::Broken => {
                        f.write_str(": it begins like a macaroon and cannot be read")
                    }
                    Standing::Good(_) | Standing::Unsaid => Ok(()),
                }
            }
            Self::Forbidden => f.write_str("the token may not do this"),
            Self::NotFound => f.write_str("Fly knows no such app, or the token may not see it"),
            Self::Conflict(reason) => said(f, "somebody else is at work there", reason),
            Self::Refused(reason) => said(f, "Fly refused the request", reason),
            Self::RateLimited => f.write_str("Fly answers too many requests"),
            Self::Status(status, reason) => said(f, &format!("Fly answered {status}"), reason),
        }
    }
}

impl CallError {
    /// What the operator can do about it.
    pub fn hint(&self) -> String {
        let app = &self.app;
        match &self.problem {
            Problem::NoAnswer(no) => match no.proxy {
                Some(proxy) => format!(
                    "look at the proxy that {proxy} names; NO_PROXY={} goes past it; then run the same command again",
                    no.host
                ),
                None => "look at the network, and at FLY_FLAPS_BASE_URL if it is set; then run the same command again"
                    .to_owned(),
            },
            Problem::BadAnswer(_) => {
                "something between here and Fly changed the answer, a proxy most likely; run it again".to_owned()
            }
            Problem::Unauthorized(token) => {
                let why = match token.standing {
                    Standing::Ended(_) => String::new(),
                    Standing::Broken => {
                        "it may have been cut: copy it whole, with all its commas; or ".to_owned()
                    }
                    Standing::Good(at) => format!(
                        "by its own word it is good until {}, so it was revoked, or a part of it is missing; ",
                        at.format("%Y-%m-%d")
                    ),
                    Standing::Unsaid => "it was revoked, or has expired; ".to_owned(),
                };
                let credential = &token.credential;
                format!("{why}`{}` makes a new one, which belongs in {credential}", renew(app))
            }
            Problem::Forbidden => format!(
                "the token is for another app or organization, or may only read; `{}` makes one that will do",
                renew(app)
            ),
            Problem::NotFound => format!(
                "`fly-secrets auth --app {app}` shows what the token can see; the app's name is in its fly.toml"
            ),
            Problem::Conflict(_) => {
                "wait until the other deploy has ended, then run the same command again".to_owned()
            }
            Problem::Refused(_) => {
                "names take letters, digits and underscores; values must be text".to_owned()
            }
            Problem::RateLimited => "wait a minute, then run the same command again".to_owned(),
            Problem::Status(..) => {
                "Fly has trouble of its own (https://status.flyio.net); nothing needs undoing, run it again later"
                    .to_owned()
            }
        }
    }

    /// Whether a second try may go better.
    pub fn is_temporary(&self) -> bool {
        match self.problem {
            Problem::NoAnswer(_) | Problem::BadAnswer(_) | Problem::RateLimited => true,
            Problem::Status(status, _) => status >= 500,
            _ => false,
        }
    }
}
