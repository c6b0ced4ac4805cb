//! The variables that Chatwoot reads for mail, and what does not fit together in them.

use probe::{MailTls, Secret};
use report::Finding;

/// What the variables say.
pub(super) struct Settings {
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    /// When the connection is encrypted; none where nothing is said.
    pub(super) tls: Option<MailTls>,
    pub(super) is_verified: bool,
    user: Option<Secret>,
    password: Option<Secret>,
    faults: Vec<Finding>,
}

/// The services that deliver inbound mail, and the variable that each of them needs.
const INBOUND: [(&str, &str); 6] = [
    ("relay", "RAILS_INBOUND_EMAIL_PASSWORD"),
    ("postmark", "RAILS_INBOUND_EMAIL_PASSWORD"),
    ("sendgrid", "RAILS_INBOUND_EMAIL_PASSWORD"),
    ("mailgun", "MAILGUN_INGRESS_SIGNING_KEY"),
    ("mandrill", "MANDRILL_INGRESS_API_KEY"),
    ("ses", "ACTION_MAILBOX_SES_SNS_TOPIC"),
];

impl Settings {
    /// Reads the variables; an empty one is not set.
    pub(super) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let is_on = |name: &str| text(name).map(|text| text.eq_ignore_ascii_case("true"));
        let implicit = is_on("SMTP_TLS") == Some(true) || is_on("SMTP_SSL") == Some(true);
        let starttls = is_on("SMTP_ENABLE_STARTTLS_AUTO");
        let mut faults = Vec::new();
        if implicit && starttls == Some(true) {
            faults.push(
                Finding::error("tls-twice", "SMTP_TLS and SMTP_ENABLE_STARTTLS_AUTO are both on")
                    .hint(
                        "TLS is from the first byte or begins with STARTTLS; turn one of them off",
                    ),
            );
        }
        let tls = match (implicit, starttls) {
            (true, _) => Some(MailTls::Implicit),
            (false, Some(true)) => Some(MailTls::StartTls),
            (false, Some(false)) => Some(MailTls::Never),
            (false, None) => None,
        };
        let port = text("SMTP_PORT").and_then(|port| {
            let number = port.trim().parse().ok().filter(|port| *port > 0);
            if number.is_none() {
                faults.push(Finding::error("port", "SMTP_PORT is no port").key("SMTP_PORT"));
            }
            number
        });
        let is_verified = text("SMTP_OPENSSL_VERIFY_MODE").is_none_or(|mode| mode != "none");
        if !is_verified {
            faults.push(
                Finding::warning(
                    "unverified",
                    "SMTP_OPENSSL_VERIFY_MODE=none takes any certificate",
                )
                .key("SMTP_OPENSSL_VERIFY_MODE")
                .hint("remove it, or set it to peer"),
            );
        }
        let user = text("SMTP_USERNAME").map(Secret::from);
        let password = text("SMTP_PASSWORD").map(Secret::from);
        if user.is_some() != password.is_some() {
            faults.push(
                Finding::error(
                    "login-incomplete",
                    "of SMTP_USERNAME and SMTP_PASSWORD one is not set",
                )
                .hint("set both, or neither"),
            );
        }
        if text("SMTP_AUTHENTICATION").is_some() && user.is_none() && password.is_none() {
            faults.push(
                Finding::error(
                    "login-incomplete",
                    "SMTP_AUTHENTICATION is set, and no user and password are",
                )
                .key("SMTP_AUTHENTICATION"),
            );
        }
        faults.extend(sender(text("MAILER_SENDER_EMAIL").as_deref()));
        faults.extend(inbound(&text));
        let address = text("SMTP_ADDRESS").map(|address| address.trim().to_owned());
        Self { address, port, tls, is_verified, user, password, faults }
    }

    /// User and password, where both are set.
    pub(super) fn login(&self) -> Option<(Secret, Secret)> {
        Some((self.user.as_ref()?.duplicate(), self.password.as_ref()?.duplicate()))
    }
}

/// `Name <a@b>` or `a@b`.
fn sender(text: Option<&str>) -> Option<Finding> {
    let text = text?.trim();
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let is_address = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains(['@', ' ', '>'])
    });
    (!is_address).then(|| {
        Finding::error("sender", "MAILER_SENDER_EMAIL is no address")
            .key("MAILER_SENDER_EMAIL")
            .hint("it is written `Name <name@example.com>`")
    })
}

fn inbound(text: &dyn Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut faults = Vec::new();
    let domain = text("MAILER_INBOUND_EMAIL_DOMAIN");
    let Some(service) = text("RAILS_INBOUND_EMAIL_SERVICE") else {
        if domain.is_some() {
            faults.push(
                Finding::error(
                    "inbound-service",
                    "MAILER_INBOUND_EMAIL_DOMAIN is set, and no service delivers to it",
                )
                .key("RAILS_INBOUND_EMAIL_SERVICE")
                .hint("one of relay, mailgun, mandrill, postmark, sendgrid, ses"),
            );
        }
        return faults;
    };
    if domain.is_none() {
        faults.push(
            Finding::error(
                "inbound-domain",
                "an inbound service is set, and no domain for its mail",
            )
            .key("MAILER_INBOUND_EMAIL_DOMAIN"),
        );
    }
    match INBOUND.iter().find(|(name, _)| *name == service.trim()) {
        None => faults.push(
            Finding::error(
                "inbound-service",
                "RAILS_INBOUND_EMAIL_SERVICE names no service that is known",
            )
            .key("RAILS_INBOUND_EMAIL_SERVICE")
            .hint("one of relay, mailgun, mandrill, postmark, sendgrid, ses"),
        ),
        Some((name, key)) if text(key).is_none() => faults.push(
            Finding::error(
                "inbound-key",
                format!("{name} delivers inbound mail, and {key} is not set"),
            )
            .key(*key)
            .hint("without it every delivery is refused"),
        ),
        Some(_) => {}
    }
    faults
}

/// Everything that is wrong before anything was asked.
pub(super) fn faults(settings: &Settings, port: u16, tls: MailTls) -> Vec<Finding> {
    let mut faults = settings.faults.clone();
    let fits = match port {
        465 | 993 => tls == MailTls::Implicit,
        25 | 143 | 587 => tls != MailTls::Implicit,
        _ => true,
    };
    if !fits {
        let message = match port {
            465 | 993 => {
                format!("port {port} speaks TLS from the first byte, and that is not declared")
            }
            _ => {
                format!("port {port} begins in the clear, and TLS from the first byte is declared")
            }
        };
        faults.push(
            Finding::error("tls-port", message)
                .key("port")
                .hint("465 and 993 go with TLS (SMTP_TLS=true), 587 and 143 with STARTTLS"),
        );
    }
    if tls == MailTls::Never && settings.user.is_some() {
        faults.push(
            Finding::error(
                "password-in-clear",
                "a login is declared over a connection without TLS",
            )
            .hint("SMTP_ENABLE_STARTTLS_AUTO=true"),
        );
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules that `NAME=value` words break.
    fn check(words: &str, port: u16, tls: MailTls) -> String {
        let find = |name: &str| {
            let value =
                words.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            value.map(|value| value.replace('_', " "))
        };
        let settings = Settings::read(&find);
        let rules: Vec<&str> = faults(&settings, port, tls).iter().map(|one| one.rule).collect();
        rules.join(" ")
    }

    #[test]
    fn settings_that_fit_are_no_findings() {
        check_none("");
        check_none("SMTP_ADDRESS=h SMTP_USERNAME=u SMTP_PASSWORD=CANARY SMTP_AUTHENTICATION=plain");
        check_none("MAILER_SENDER_EMAIL=Us_<us@example.com>");
        check_none(
            "MAILER_INBOUND_EMAIL_DOMAIN=in.example.com RAILS_INBOUND_EMAIL_SERVICE=ses ACTION_MAILBOX_SES_SNS_TOPIC=arn",
        );
    }

    fn check_none(words: &str) {
        assert_eq!(check(words, 587, MailTls::StartTls), "", "{words}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let check = |words: &str| check(words, 2525, MailTls::StartTls);
        assert_eq!(check("SMTP_TLS=true SMTP_ENABLE_STARTTLS_AUTO=true"), "tls-twice");
        assert_eq!(check("SMTP_PORT=smtp"), "port");
        assert_eq!(check("SMTP_OPENSSL_VERIFY_MODE=none"), "unverified");
        assert_eq!(check("SMTP_USERNAME=u"), "login-incomplete");
        assert_eq!(check("SMTP_AUTHENTICATION=plain"), "login-incomplete");
        assert_eq!(check("MAILER_SENDER_EMAIL=us"), "sender");
        assert_eq!(check("MAILER_INBOUND_EMAIL_DOMAIN=in.example.com"), "inbound-service");
        assert_eq!(check("RAILS_INBOUND_EMAIL_SERVICE=pigeon"), "inbound-domain inbound-service");
        assert_eq!(
            check("RAILS_INBOUND_EMAIL_SERVICE=mailgun MAILER_INBOUND_EMAIL_DOMAIN=in.example.com"),
            "inbound-key"
        );
    }

    #[test]
    fn a_port_goes_with_its_way_of_tls() {
        assert_eq!(check("", 465, MailTls::StartTls), "tls-port");
        assert_eq!(check("", 587, MailTls::Implicit), "tls-port");
        assert_eq!(check("", 993, MailTls::Implicit), "");
        assert_eq!(check("", 25, MailTls::Never), "");
        let login = "SMTP_USERNAME=u SMTP_PASSWORD=CANARY";
        assert_eq!(check(login, 25, MailTls::Never), "password-in-clear");
    }
}
