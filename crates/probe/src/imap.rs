//! IMAP: resolve, connect, greet, CAPABILITY, STARTTLS, LOGIN; no mailbox is opened.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::failure::{Cause, Failure};
use crate::mail::{Line, MOST_LINES, MailFacts, MailServer};
use crate::step::{Failed, Log, Options, Outcome};

/// Probes an IMAP server.
pub fn imap(server: &MailServer<'_>, options: &Options) -> Outcome<MailFacts> {
    Outcome::of(options, |log, facts| run(server, options, log, facts))
}

fn run(
    server: &MailServer<'_>,
    options: &Options,
    log: &mut Log,
    facts: &mut MailFacts,
) -> Result<(), Failed> {
    let mut line = Line::open(server, options, log, facts)?;
    log.step("greet", || {
        let greeting = line.read()?.to_ascii_uppercase();
        match greeting.split_whitespace().take(2).collect::<Vec<_>>().as_slice() {
            ["*", "OK" | "PREAUTH"] => Ok(((), "ready".to_owned())),
            ["*", "BYE"] => Err(Failure::new(Cause::ServerStarting)),
            _ => Err(Failure::new(Cause::Protocol)),
        }
    })?;
    facts.greeted = true;
    let mut offers = capability(&mut line, log)?;
    let has = |offers: &[String], word: &str| offers.iter().any(|offer| offer == word);
    if line.start_tls(log, facts, has(&offers, "STARTTLS"), |line| call(line, b"STARTTLS"))? {
        offers = capability(&mut line, log)?;
    }
    if let Some((user, password)) = server.login {
        log.step("authenticate", || {
            if line.is_in_the_clear(facts) {
                return Err(Failure::new(Cause::PasswordInClear));
            }
            if has(&offers, "LOGINDISABLED") && facts.tls.is_none() {
                return Err(Failure::new(Cause::TlsRequired));
            }
            // Both to the server that was named, encrypted or on this machine.
            let (user, password) = (user.expose(), password.expose());
            if has(&offers, "AUTH=PLAIN") {
                plain(&mut line, user, password)?;
            } else {
                login(&mut line, user, password)?;
            }
            Ok(((), "accepted".to_owned()))
        })?;
        facts.authenticated = true;
    }
    // A server that does not say goodbye is no failure.
    let _ = line.write(b"o LOGOUT\r\n");
    Ok(())
}

/// What the server can do, in upper case.
fn capability(line: &mut Line<'_>, log: &mut Log) -> Result<Vec<String>, Failed> {
    log.step("capability", || {
        let lines = call(line, b"CAPABILITY")?;
        let found = lines.iter().find_map(|line| line.strip_prefix("* CAPABILITY "));
        let offers: Vec<String> =
            found.ok_or(Failure::new(Cause::Protocol))?.split(' ').map(str::to_owned).collect();
        let interesting =
            ["IMAP4REV1", "IMAP4REV2", "STARTTLS", "LOGINDISABLED", "AUTH=PLAIN", "IDLE"];
        let shown: Vec<&str> = interesting
            .into_iter()
            .filter(|word| offers.iter().any(|offer| offer == word))
            .collect();
        Ok((offers, format!("offers {}", shown.join(" "))))
    })
}

fn plain(line: &mut Line<'_>, user: &[u8], password: &[u8]) -> Result<(), Failure> {
    line.write(b"p AUTHENTICATE PLAIN\r\n")?;
    if !line.read()?.starts_with('+') {
        return Err(Failure::new(Cause::Method));
    }
    let together = Zeroizing::new([b"\0", user, b"\0", password].concat());
    let text = Zeroizing::new(format!("{}\r\n", BASE64.encode(&together)));
    line.write(text.as_bytes())?;
    tagged(line, "P").map(drop)
}

fn login(line: &mut Line<'_>, user: &[u8], password: &[u8]) -> Result<(), Failure> {
    let (user, password) = (quoted(user)?, quoted(password)?);
    let command = Zeroizing::new([b"l LOGIN ", &**user, b" ", &**password, b"\r\n"].concat());
    line.write(&command)?;
    tagged(line, "L").map(drop)
}

/// A quoted string, which holds no line breaks and nothing but ASCII.
fn quoted(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if text.iter().any(|byte| !(0x20..0x7f).contains(byte)) {
        return Err(Failure::new(Cause::Method));
    }
    let mut quoted = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
    quoted.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    Ok(quoted)
}

fn call(line: &mut Line<'_>, command: &[u8]) -> Result<Vec<String>, Failure> {
    let whole = Zeroizing::new([b"c ", command, b"\r\n"].concat());
    line.write(&whole)?;
    tagged(line, "C")
}

/// The untagged lines, in upper case, until the tagged one says how it went.
fn tagged(line: &mut Line<'_>, tag: &str) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let text = line.read()?.to_ascii_uppercase();
        let Some(rest) = text.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) else {
            lines.push(text);
            continue;
        };
        return match rest.split([' ', '[']).next() {
            Some("OK") => Ok(lines),
            // RFC 5530 names the reasons.
            Some("NO") if rest.contains("PRIVACYREQUIRED") => Err(Failure::new(Cause::TlsRequired)),
            Some("NO") if rest.contains("UNAVAILABLE") => Err(Failure::new(Cause::ServerStarting)),
            Some("NO") if tag != "C" => Err(Failure::new(Cause::PasswordWrong)),
            Some("NO" | "BAD") => Err(Failure::new(Cause::Other)),
            _ => Err(Failure::new(Cause::Protocol)),
        };
    }
    Err(Failure::new(Cause::Protocol))
}
