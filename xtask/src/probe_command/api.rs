//! `probe api`: whether an API token is taken, whose it is, and whether it sees the account.
//!
//! Chatwoot's header and pages: `api_access_token`, `/api/v1/profile`, `/api/v1/accounts/ID`.

use std::path::Path;
use std::time::{Duration, Instant};

use probe::{HttpAnswer, HttpRequest, Secret};
use report::{Exit, Finding, Invocation, Palette, Streams};
use serde_json::Value;

use super::answer::{Answer, counted};
use super::args::ProbeApi;
use super::secrets;
use crate::error::Error;

pub(super) const SCHEMA: &str = "xtask/probe-api/1";
const HEADER: &str = "api_access_token";

pub(super) fn run(
    args: &ProbeApi,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let token = secrets::find(&args.token, ops, invocation)?;
    let account =
        args.account.as_deref().map(|name| secrets::find(name, ops, invocation)).transpose()?;
    let base = super::base(args.url.as_deref(), &args.app, invocation);
    let mut answer = Answer::new(SCHEMA, format!("api {base}"));
    let ctx = Ctx { base: &base, token: &token, timeout: Duration::from_secs(args.look.timeout) };
    if let Err(finding) = ctx.look(account.as_ref(), &mut answer) {
        answer.find(*finding);
    }
    answer.write(args.look.answer.format, palette, streams)
}

struct Ctx<'a> {
    base: &'a str,
    token: &'a Secret,
    timeout: Duration,
}

impl Ctx<'_> {
    fn look(&self, account: Option<&Secret>, answer: &mut Answer) -> Result<(), Box<Finding>> {
        let started = Instant::now();
        let profile = self.get("/api/v1/profile")?;
        let accounts = seen_accounts(&profile);
        let said = format!("the token is taken; it sees {}", counted(accounts.len(), "account"));
        answer.step("profile", started.elapsed(), said);
        let wanted = match account {
            None => accounts.first().ok_or_else(no_account)?.0,
            // A number that is compared here and stands in an address of the app's own.
            Some(number) => {
                number.expose_text().and_then(|text| text.trim().parse().ok()).ok_or_else(|| {
                    Finding::error("account-number", "the account is not given as a number")
                })?
            }
        };
        let role = accounts.iter().find(|(id, _)| *id == wanted).ok_or_else(no_account)?.1.clone();
        let started = Instant::now();
        let page = self.get(&format!("/api/v1/accounts/{wanted}"))?;
        if page.get("id").and_then(Value::as_u64) != Some(wanted) {
            return Err(no_account());
        }
        answer.step("account", started.elapsed(), format!("it is open to the token, as {role}"));
        Ok(())
    }

    fn get(&self, page: &str) -> Result<Value, Box<Finding>> {
        let url = format!("{}{page}", self.base);
        let request =
            HttpRequest { url: &url, secret: Some((HEADER, self.token)), ..HttpRequest::default() };
        match probe::ask(&request, self.timeout) {
            Ok(answer) => judge(&answer),
            Err(error) => {
                let finding = Finding::error("no-answer", report::describe(&error));
                Err(Box::new(
                    finding.hint("`cargo xtask probe http` says whether the app answers at all"),
                ))
            }
        }
    }
}

fn judge(answer: &HttpAnswer) -> Result<Value, Box<Finding>> {
    let (rule, message, hint) = match answer.status {
        200..=299 => match serde_json::from_slice(&answer.body) {
            Ok(value) => return Ok(value),
            Err(_) => (
                "not-the-api",
                "the answer is not JSON".to_owned(),
                "the address is another app's, or a page stands before it",
            ),
        },
        300..=399 => (
            "redirect",
            "a redirect, to which no token is sent on".to_owned(),
            "name the address that it leads to with --url",
        ),
        401 | 403 => (
            "token-refused",
            "the app does not take the token".to_owned(),
            "make one in the user's profile settings; an agent bot's and a platform app's tokens have no profile",
        ),
        404 => (
            "not-the-api",
            "the app has no such page".to_owned(),
            "check the address; the API's pages begin with /api/v1",
        ),
        429 => (
            "too-many",
            "the app answers too many requests".to_owned(),
            "wait a minute, then look again",
        ),
        status => (
            "app-fails",
            format!("the app answers {status}"),
            "`cargo xtask probe http` asks for its health",
        ),
    };
    Err(Box::new(Finding::error(rule, message).hint(hint)))
}

fn no_account() -> Box<Finding> {
    let finding = Finding::error("account-hidden", "the token does not see the account");
    Box::new(finding.hint("add its user to the account, or declare the account that it is for"))
}

/// Number and role of every account of the profile.
fn seen_accounts(profile: &Value) -> Vec<(u64, String)> {
    let accounts = profile.get("accounts").and_then(Value::as_array);
    let of = |account: &Value| {
        let role = account.get("role").and_then(Value::as_str).unwrap_or("a user");
        // A word of the app's, shown only where it is one.
        let is_word = role.len() <= 40
            && role.bytes().all(|byte| byte.is_ascii_lowercase() || b"_ ".contains(&byte));
        Some((account.get("id")?.as_u64()?, if is_word { role } else { "a user" }.to_owned()))
    };
    accounts.into_iter().flatten().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: &str) {
        let answer = HttpAnswer { status, location: None, body: body.as_bytes().to_vec() };
        let rule = match judge(&answer) {
            Ok(value) => format!("{:?}", seen_accounts(&value)),
            Err(finding) => finding.rule.to_owned(),
        };
        assert_eq!(rule, expected, "{status} {body}");
    }

    #[test]
    fn every_answer_has_a_meaning() {
        check(
            200,
            r#"{"accounts":[{"id":3,"role":"administrator"},{"id":4}]}"#,
            r#"[(3, "administrator"), (4, "a user")]"#,
        );
        check(200, r#"{"accounts":[{"id":3,"role":"<b>"}]}"#, r#"[(3, "a user")]"#);
        check(200, "{}", "[]");
        check(200, "<html>", "not-the-api");
        check(302, "", "redirect");
        check(401, "", "token-refused");
        check(404, "", "not-the-api");
        check(429, "", "too-many");
        check(500, "", "app-fails");
    }
}
