//! `probe smtp` and `probe imap`: reachable, encrypted as declared, and settings that fit each other.

use std::path::Path;
use std::time::Duration;

use probe::{Cause, Failure, MailFacts, MailServer, MailTls, Options, Outcome, Secret};
use report::{Exit, Finding, Invocation, Palette, Streams};

use super::answer::Answer;
use super::args::{ProbeMail, Tls};
use super::mail_settings::{self, Settings};
use super::secrets;
use crate::error::Error;

/// Which protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Smtp,
    Imap,
}

impl Protocol {
    fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
        }
    }

    pub(super) fn schema(self) -> &'static str {
        match self {
            Self::Smtp => "xtask/probe-smtp/1",
            Self::Imap => "xtask/probe-imap/1",
        }
    }

    /// The port of clients, where none is said: RFC 6409, RFC 8314.
    fn port(self, tls: Option<MailTls>) -> u16 {
        match (self, tls) {
            (Self::Smtp, Some(MailTls::Implicit)) => 465,
            (Self::Smtp, _) => 587,
            (Self::Imap, Some(MailTls::StartTls | MailTls::Never)) => 143,
            (Self::Imap, _) => 993,
        }
    }
}

pub(super) fn run(
    protocol: Protocol,
    args: &ProbeMail,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let variable = |name: &str| invocation.variable(name)?.into_string().ok();
    let settings = match protocol {
        Protocol::Smtp => Settings::smtp(&variable),
        Protocol::Imap => Settings::imap(&variable),
    };
    let declared = args.tls.map(mail_tls).or(settings.tls);
    let port = args.port.or(settings.port).unwrap_or_else(|| protocol.port(declared));
    let tls = declared.unwrap_or(match port {
        465 | 993 => MailTls::Implicit,
        _ => MailTls::StartTls,
    });
    let host =
        args.host.clone().or_else(|| settings.address.clone()).ok_or_else(|| Error::Setting {
            what: "finding the mail server".to_owned(),
            hint: match protocol {
                Protocol::Smtp => "give --host, or SMTP_ADDRESS with `env-from` of the step",
                Protocol::Imap => "give --host, or IMAP_ADDRESS with `env-from` of the step",
            }
            .to_owned(),
        })?;
    let named = match (&args.user, &args.password) {
        (Some(user), Some(password)) => {
            Some((secrets::find(user, ops, invocation)?, secrets::find(password, ops, invocation)?))
        }
        _ => settings.login(),
    };
    let mut answer = Answer::new(protocol.schema(), format!("{} {host}:{port}", protocol.word()));
    for finding in mail_settings::faults(protocol, &settings, port, tls) {
        answer.find(finding);
    }
    let server = MailServer {
        host: &host,
        port,
        tls,
        is_verified: settings.is_verified,
        login: named.as_ref().map(|(user, password): &(Secret, Secret)| (user, password)),
    };
    let options = Options {
        timeout: Duration::from_secs(args.look.timeout),
        folder: invocation.cwd.clone(),
        authorities: args.authorities.as_ref().map(|path| invocation.cwd.join(path)),
    };
    let outcome = match protocol {
        Protocol::Smtp => probe::smtp(&server, &options),
        Protocol::Imap => probe::imap(&server, &options),
    };
    add(&mut answer, &outcome, tls);
    answer.write(args.look.answer.format, palette, streams)
}

fn mail_tls(tls: Tls) -> MailTls {
    match tls {
        Tls::Never => MailTls::Never,
        Tls::Starttls => MailTls::StartTls,
        Tls::Implicit => MailTls::Implicit,
    }
}

fn add(answer: &mut Answer, outcome: &Outcome<MailFacts>, tls: MailTls) {
    for step in &outcome.steps {
        answer.step(step.name, step.took, step.said.clone());
    }
    if let Some((step, failure)) = &outcome.failure {
        let (rule, message, hint) = said(failure, &outcome.facts, tls);
        answer.find(Finding::error(rule, message).key(*step).hint(hint));
    } else if outcome.facts.tls.is_none() && outcome.facts.offers_starttls == Some(true) {
        let finding = Finding::warning("tls-unused", "STARTTLS is offered and not used")
            .hint("mail and passwords travel in the clear; declare STARTTLS");
        answer.find(finding);
    }
}

/// The rule, what it means for mail, and what to do.
fn said(
    failure: &Failure,
    facts: &MailFacts,
    tls: MailTls,
) -> (&'static str, String, &'static str) {
    let (rule, hint) = match failure.cause {
        Cause::TlsNotOffered => {
            return (
                "no-starttls",
                "STARTTLS is declared, and the server does not offer it".to_owned(),
                "use the port that speaks TLS from the first byte, or another server",
            );
        }
        Cause::PasswordInClear => {
            return (
                "password-in-clear",
                "the password would travel in the clear, so it was not sent".to_owned(),
                "declare STARTTLS, or the port that speaks TLS from the first byte",
            );
        }
        Cause::TlsRequired => ("tls-required", "declare STARTTLS, or TLS from the first byte"),
        Cause::PasswordWrong => (
            "login-refused",
            "check user and password; many providers want a password made for the app",
        ),
        Cause::Method => {
            ("login-method", "the server takes neither PLAIN nor LOGIN; it may want a token")
        }
        Cause::TlsOther | Cause::Protocol | Cause::Closed | Cause::Timeout
            if facts.reachable && !facts.greeted && tls == MailTls::Implicit =>
        {
            ("tls-from-start", "the port may begin in the clear: try --tls starttls")
        }
        Cause::Protocol | Cause::Closed | Cause::Timeout if facts.reachable && !facts.greeted => {
            ("no-greeting", "the port may speak TLS from the first byte: try --tls implicit")
        }
        Cause::CertificateUnknown => {
            ("certificate", "name the provider's certificate authority with --authorities FILE")
        }
        Cause::CertificateFile => ("certificate", "--authorities names a readable PEM file"),
        Cause::CertificateName | Cause::CertificateExpired => ("certificate", failure.hint()),
        _ if !facts.reachable => ("unreachable", failure.hint()),
        _ => ("refused", failure.hint()),
    };
    (rule, failure.to_string(), hint)
}
