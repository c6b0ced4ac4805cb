//! What goes wrong on request: which calls it hits, how often, and how.

use std::str::FromStr;

use serde::Deserialize;

/// One thing that goes wrong, written `[METHOD ]PATH=EFFECT[,times=N][,after=N][,retry-after=S]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Only this method; any where `None`.
    pub method: Option<String>,
    /// Only paths that contain this.
    pub path: String,
    /// What happens.
    pub effect: Effect,
    /// How many calls it hits; all where `None`.
    pub times: Option<u32>,
    /// How many matching calls pass unharmed first.
    pub after: u32,
    /// Seconds named in `Retry-After`.
    pub retry_after: Option<u64>,
}

/// How a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Answered with this status, and not acted on.
    Status(u16),
    /// Acted on and answered after this many milliseconds.
    Slow(u64),
    /// Acted on; half of the answer is sent, then the connection is closed.
    Half,
    /// The connection is closed before anything is done.
    Close,
    /// Acted on, then the connection is closed without an answer.
    CloseAfter,
    /// Answered 422 with a message that repeats the request's body, and not acted on.
    Echo,
    /// Answered 200 with an HTML page, as proxies do, and not acted on.
    Html,
}

impl Fault {
    /// Whether this call is hit; counts it.
    pub(super) fn hits(&mut self, method: &str, path: &str) -> bool {
        let matches = self.method.as_deref().is_none_or(|wanted| wanted == method)
            && path.contains(&self.path);
        if !matches {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (call, rest) = text.split_once('=').ok_or("a fault is written PATH=EFFECT")?;
        let (method, path) = match call.split_once(' ') {
            Some((method, path)) => (Some(method.to_owned()), path),
            None => (None, call),
        };
        let mut parts = rest.split(',');
        let effect = effect(parts.next().unwrap_or_default())?;
        let mut fault = Self {
            method,
            path: path.to_owned(),
            effect,
            times: None,
            after: 0,
            retry_after: None,
        };
        for part in parts {
            let (name, number) = part.split_once('=').ok_or("options are written name=number")?;
            let number: u32 = number.parse().map_err(|_| format!("{name} needs a number"))?;
            match name {
                "times" => fault.times = Some(number),
                "after" => fault.after = number,
                "retry-after" => fault.retry_after = Some(number.into()),
                _ => return Err(format!("unknown option {name}; known: times after retry-after")),
            }
        }
        Ok(fault)
    }
}

fn effect(text: &str) -> Result<Effect, String> {
    if let Some(milliseconds) = text.strip_prefix("slow:") {
        let milliseconds = milliseconds.parse().map_err(|_| "slow needs milliseconds")?;
        return Ok(Effect::Slow(milliseconds));
    }
    match text {
        "half" => Ok(Effect::Half),
        "close" => Ok(Effect::Close),
        "close-after" => Ok(Effect::CloseAfter),
        "html" => Ok(Effect::Html),
        "echo" => Ok(Effect::Echo),
        _ => {
            match text.parse() {
                Ok(status @ 100..=599) => Ok(Effect::Status(status)),
                _ => Err("known effects: a status, slow:MS, half, close, close-after, html, echo"
                    .to_owned()),
            }
        }
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_in_one_line() {
        let fault: Fault = "POST /v1/apps/a/secrets=429,times=2,retry-after=1".parse().unwrap();
        assert_eq!(fault.method.as_deref(), Some("POST"));
        assert_eq!(fault.path, "/v1/apps/a/secrets");
        assert_eq!(fault.effect, Effect::Status(429));
        assert_eq!((fault.times, fault.retry_after), (Some(2), Some(1)));
        assert_eq!("/graphql=slow:50".parse::<Fault>().unwrap().effect, Effect::Slow(50));
        for wrong in ["", "/x", "/x=tired", "/x=429,often=2", "/x=429,times=many"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_hits_as_often_as_it_says() {
        let mut fault: Fault = "GET /secrets=500,after=1,times=2".parse().unwrap();
        let hits: Vec<bool> = (0..5).map(|_| fault.hits("GET", "/v1/apps/a/secrets")).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert!(!fault.hits("POST", "/v1/apps/a/secrets"));
    }
}
