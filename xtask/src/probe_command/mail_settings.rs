//! The variables that Chatwoot reads for mail, and what does not fit together in them.

use probe::{MailTls, Secret};
use report::Finding;

use super::mail::Protocol;

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
    /// Reads the variables of the mail that the app sends; an empty one is not set.
    pub(super) fn smtp(variable: &dyn Fn(&str) -> Option<String>) -> Self {
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
        let port = port("SMTP_PORT", &text, &mut faults);
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
        let (user, password) = login("SMTP_USERNAME", "SMTP_PASSWORD", &text, &mut faults);
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

    /// Reads the variables of the mailbox that the app fetches mail from, named as Chatwoot names the settings of an
    /// inbox. It knows TLS from the first byte and none: `IMAP_ENABLE_SSL` is true or false.
    pub(super) fn imap(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let mut faults = Vec::new();
        let port = port("IMAP_PORT", &text, &mut faults);
        let (user, password) = login("IMAP_LOGIN", "IMAP_PASSWORD", &text, &mut faults);
        let tls = text("IMAP_ENABLE_SSL").map(|ssl| {
            if ssl.eq_ignore_ascii_case("true") { MailTls::Implicit } else { MailTls::Never }
        });
        let address = text("IMAP_ADDRESS").map(|address| address.trim().to_owned());
        Self { address, port, tls, is_verified: true, user, password, faults }
    }

    /// User and password, where both are set.
    pub(super) fn login(&self) -> Option<(Secret, Secret)> {
        Some((self.user.as_ref()?.duplicate(), self.password.as_ref()?.duplicate()))
    }
}

fn port(
    name: &'static str,
    text: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<Finding>,
) -> Option<u16> {
    let number = text(name)?.trim().parse().ok().filter(|port| *port > 0);
    if number.is_none() {
        faults.push(Finding::error("port", format!("{name} is no port")).key(name));
    }
    number
}

fn login(
    user: &'static str,
    password: &'static str,
    text: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<Finding>,
) -> (Option<Secret>, Option<Secret>) {
    let found = (text(user).map(Secret::from), text(password).map(Secret::from));
    if found.0.is_some() != found.1.is_some() {
        let message = format!("of {user} and {password} one is not set");
        faults.push(Finding::error("login-incomplete", message).hint("set both, or neither"));
    }
    found
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
pub(super) fn faults(
    protocol: Protocol,
    settings: &Settings,
    port: u16,
    tls: MailTls,
) -> Vec<Finding> {
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
            .hint(match protocol {
                Protocol::Smtp => "SMTP_ENABLE_STARTTLS_AUTO=true",
                Protocol::Imap => "IMAP_ENABLE_SSL=true, with the port that speaks TLS, 993",
            }),
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
        let (protocol, settings) = if words.starts_with("IMAP_") {
            (Protocol::Imap, Settings::imap(&find))
        } else {
            (Protocol::Smtp, Settings::smtp(&find))
        };
        let found = faults(protocol, &settings, port, settings.tls.unwrap_or(tls));
        let rules: Vec<&str> = found.iter().map(|one| one.rule).collect();
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
    fn the_settings_of_a_mailbox_fit_or_are_named() {
        let check = |words: &str| check(words, 993, MailTls::Implicit);
        let login = "IMAP_LOGIN=u IMAP_PASSWORD=CANARY";
        assert_eq!(
            check(&format!("IMAP_ADDRESS=h IMAP_PORT=993 IMAP_ENABLE_SSL=true {login}")),
            ""
        );
        assert_eq!(check(&format!("{login} IMAP_ENABLE_SSL=false")), "tls-port password-in-clear");
        assert_eq!(check("IMAP_PORT=imaps"), "port");
        assert_eq!(check("IMAP_LOGIN=u"), "login-incomplete");
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
