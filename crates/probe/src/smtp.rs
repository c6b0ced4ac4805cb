//! SMTP: resolve, connect, greet, EHLO, STARTTLS, EHLO again, AUTH; no mail is sent.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::failure::{Cause, Failure};
use crate::mail::{Line, MOST_LINES, MailFacts, MailServer};
use crate::step::{Failed, Log, Options, Outcome};

/// Probes an SMTP server.
pub fn smtp(server: &MailServer<'_>, options: &Options) -> Outcome<MailFacts> {
    Outcome::of(options, |log, facts| run(server, options, log, facts))
}

fn run(
    server: &MailServer<'_>,
    options: &Options,
    log: &mut Log,
    facts: &mut MailFacts,
) -> Result<(), Failed> {
    let mut line = Line::open(server, options, log, facts)?;
    log.step("greet", || reply(&mut line, 220).map(|_| ((), "ready".to_owned())))?;
    facts.greeted = true;
    let mut offers = ehlo(&mut line, log)?;
    if line
        .start_tls(log, facts, has(&offers, "STARTTLS"), |line| call(line, b"STARTTLS\r\n", 220))?
    {
        offers = ehlo(&mut line, log)?;
    }
    if let Some((user, password)) = server.login {
        log.step("authenticate", || {
            if line.is_in_the_clear(facts) {
                return Err(Failure::new(Cause::PasswordInClear));
            }
            // Both to the server that was named, encrypted or on this machine.
            let way = login(&mut line, &offers, user.expose(), password.expose())?;
            Ok(((), format!("accepted, by {way}")))
        })?;
        facts.authenticated = true;
    }
    // A server that does not say goodbye is no failure.
    let _ = line.write(b"QUIT\r\n");
    Ok(())
}

/// Says hello; gives what the server offers, a line each.
fn ehlo(line: &mut Line<'_>, log: &mut Log) -> Result<Vec<String>, Failed> {
    log.step("ehlo", || {
        let offers = call(line, b"EHLO localhost\r\n", 250)?;
        let offers: Vec<String> =
            offers.into_iter().skip(1).map(|offer| offer.to_ascii_uppercase()).collect();
        let words = words(&offers);
        let said = if words.is_empty() {
            "offers nothing".to_owned()
        } else {
            format!("offers {}", words.join(" "))
        };
        Ok((offers, said))
    })
}

/// The first word of each offer, as far as it is one.
fn words(offers: &[String]) -> Vec<&str> {
    let is_word =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    offers.iter().filter_map(|offer| offer.split(' ').next().filter(is_word)).take(20).collect()
}

fn has(offers: &[String], word: &str) -> bool {
    words(offers).contains(&word)
}

fn login(
    line: &mut Line<'_>,
    offers: &[String],
    user: &[u8],
    password: &[u8],
) -> Result<&'static str, Failure> {
    let ways: Vec<&str> = offers
        .iter()
        .filter_map(|offer| offer.strip_prefix("AUTH "))
        .flat_map(str::split_whitespace)
        .collect();
    let command = |text: &str| Zeroizing::new(format!("{text}\r\n").into_bytes());
    if ways.contains(&"PLAIN") {
        let together = Zeroizing::new([b"\0", user, b"\0", password].concat());
        let text = Zeroizing::new(format!("AUTH PLAIN {}", BASE64.encode(&together)));
        call(line, &command(&text), 235)?;
        return Ok("PLAIN");
    }
    if ways.contains(&"LOGIN") {
        call(line, b"AUTH LOGIN\r\n", 334)?;
        call(line, &command(&BASE64.encode(user)), 334)?;
        let password = Zeroizing::new(BASE64.encode(password));
        call(line, &command(&password), 235)?;
        return Ok("LOGIN");
    }
    Err(Failure::new(Cause::Method))
}

fn call(line: &mut Line<'_>, command: &[u8], expected: u16) -> Result<Vec<String>, Failure> {
    line.write(command)?;
    reply(line, expected)
}

/// The lines of one answer, `250-…` and at last `250 …`, where it has the code that was expected.
fn reply(line: &mut Line<'_>, expected: u16) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let text = line.read()?;
        let (code, rest) = text.split_at_checked(3).ok_or(Failure::new(Cause::Protocol))?;
        let code: u16 = code.parse().map_err(|_| Failure::new(Cause::Protocol))?;
        if code != expected {
            return Err(refusal(code));
        }
        lines.push(rest.get(1..).unwrap_or_default().to_owned());
        if !rest.starts_with('-') {
            return Ok(lines);
        }
    }
    Err(Failure::new(Cause::Protocol))
}

/// RFC 5321 and RFC 4954.
fn refusal(code: u16) -> Failure {
    let cause = match code {
        421 => Cause::ServerStarting,
        502 | 504 => Cause::Method,
        530 | 538 => Cause::TlsRequired,
        534 | 535 => Cause::PasswordWrong,
        _ => Cause::Other,
    };
    Failure { cause, code: Some(code.to_string()) }
}
