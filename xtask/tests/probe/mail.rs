//! `probe smtp` and `probe imap`: against scripted servers, and aiosmtpd with STARTTLS and a login where it is.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use testbed::{Bed, Output};

use crate::dovecot::Dovecot;

/// A server that answers each line that begins like this with that, after a greeting; once.
fn serve(greeting: &'static str, answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let _ = stream.write_all(greeting.as_bytes());
        while let Some(Ok(line)) = lines.next() {
            let Some((_, answer)) = answers.iter().find(|(begin, _)| line.starts_with(begin))
            else {
                break;
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port.to_string()
}

fn probe(bed: &Bed, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let command = bed.command(testbed::bin!("xtask")).arg("probe").args(args.iter().copied());
    let start = command.env("UNUSED", "");
    variables.iter().fold(start, |command, (name, value)| command.env(name, *value)).run()
}

/// The output without ports, times, and how many addresses this machine has for itself.
fn shown(output: &Output, port: &str) -> String {
    let text = output.to_string().replace(port, "[PORT]");
    let lines = text.lines().filter(|line| !line.starts_with("  resolve ")).map(|line| match line
        .rsplit_once("  ")
    {
        Some((before, time)) if time.ends_with(" ms") => before.trim_end().to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

const SMTP: &[(&str, &str)] = &[
    ("EHLO", "250-mail.example\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"),
    ("STARTTLS", "454 not now\r\n"),
    ("AUTH PLAIN", "235 ok\r\n"),
];

#[test]
fn an_smtp_server_without_tls_is_reached_and_its_offer_is_named() {
    let bed = Bed::new();
    let port = serve("220 mail.example\r\n", SMTP);
    let args = ["smtp", "--host", "127.0.0.1", "--port", &port, "--tls", "never"];
    insta::assert_snapshot!(shown(&probe(&bed, &args, &[]), &port), @"
    smtp 127.0.0.1:[PORT]
      connect  over IPv4
      greet    ready
      ehlo     offers STARTTLS AUTH
      warning: STARTTLS is offered and not used [tls-unused]
        hint: mail and passwords travel in the clear; declare STARTTLS
    findings: 4 steps, 1 finding
    [exit status: 1]
    ");
}

#[test]
fn settings_and_login_come_from_variables() {
    let bed = Bed::new();
    let port = serve("220 mail.example\r\n", SMTP);
    let variables = [
        ("SMTP_ADDRESS", "127.0.0.1"),
        ("SMTP_PORT", &port),
        ("SMTP_ENABLE_STARTTLS_AUTO", "false"),
        ("SMTP_USERNAME", "ops"),
        ("SMTP_PASSWORD", "smtp-CANARY-password"),
        ("MAILER_SENDER_EMAIL", "ops"),
        ("MAILER_INBOUND_EMAIL_DOMAIN", "in.example.com"),
        ("RAILS_INBOUND_EMAIL_SERVICE", "mailgun"),
    ];
    insta::assert_snapshot!(shown(&probe(&bed, &["smtp"], &variables), &port), @"
    smtp 127.0.0.1:[PORT]
      connect       over IPv4
      greet         ready
      ehlo          offers STARTTLS AUTH
      authenticate  accepted, by PLAIN
      error: MAILER_SENDER_EMAIL is no address [sender]
        hint: it is written `Name <name@example.com>`
      error: mailgun delivers inbound mail, and MAILGUN_INGRESS_SIGNING_KEY is not set [inbound-key]
        hint: without it every delivery is refused
      error: a login is declared over a connection without TLS [password-in-clear]
        hint: SMTP_ENABLE_STARTTLS_AUTO=true
      warning: STARTTLS is offered and not used [tls-unused]
        hint: mail and passwords travel in the clear; declare STARTTLS
    findings: 5 steps, 4 findings
    [exit status: 1]
    ");
    insta::assert_snapshot!(probe(&bed, &["smtp"], &[]), @"
    ------- stderr -------
    error: finding the mail server
    hint: give --host, or SMTP_ADDRESS with `env-from` of the step
    [exit status: 2]
    ");
}

#[test]
fn starttls_that_is_declared_must_be_offered_and_given() {
    let bed = Bed::new();
    let look = |port: &str| {
        let args = ["smtp", "--host", "127.0.0.1", "--port", port, "--tls", "starttls"];
        shown(&probe(&bed, &args, &[]), port)
    };
    insta::assert_snapshot!(look(&serve("220 hello\r\n", &[("EHLO", "250 mail.example\r\n")])), @"
    smtp 127.0.0.1:[PORT]
      connect  over IPv4
      greet    ready
      ehlo     offers nothing
      error: STARTTLS is declared, and the server does not offer it [no-starttls]
        hint: use the port that speaks TLS from the first byte, or another server
    findings: 4 steps, 1 finding
    [exit status: 1]
    ");
    insta::assert_snapshot!(look(&serve("220 hello\r\n", SMTP)), @"
    smtp 127.0.0.1:[PORT]
      connect  over IPv4
      greet    ready
      ehlo     offers STARTTLS AUTH
      error: the server refused (454) [refused]
        hint: look the code up in the server's documentation
    findings: 4 steps, 1 finding
    [exit status: 1]
    ");
    insta::assert_snapshot!(look(&serve("HTTP/1.1 400 Bad Request\r\n", &[])), @"
    smtp 127.0.0.1:[PORT]
      connect  over IPv4
      error: the answer is not of the expected protocol [no-greeting]
        hint: the port may speak TLS from the first byte: try --tls implicit
    findings: 2 steps, 1 finding
    [exit status: 1]
    ");
}

const IMAP: &[(&str, &str)] = &[
    ("c CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS IDLE\r\nc OK done\r\n"),
    ("l LOGIN \"ops\" \"a \\\"quoted\\\" CANARY\"", "l OK [CAPABILITY IMAP4rev1] in\r\n"),
    ("l LOGIN", "l NO [AUTHENTICATIONFAILED] no\r\n"),
];

#[test]
fn an_imap_server_is_reached_and_takes_a_login() {
    let bed = Bed::new();
    let look = |password| {
        let port = serve("* OK ready\r\n", IMAP);
        let place = ["imap", "--host", "127.0.0.1", "--port", &port, "--tls", "never"];
        let args = [&place[..], &["--user", "USER", "--password", "PASSWORD"]].concat();
        shown(&probe(&bed, &args, &[("USER", "ops"), ("PASSWORD", password)]), &port)
    };
    insta::assert_snapshot!(look("a \"quoted\" CANARY"), @"
    imap 127.0.0.1:[PORT]
      connect       over IPv4
      greet         ready
      capability    offers IMAP4REV1 STARTTLS IDLE
      authenticate  accepted
      warning: STARTTLS is offered and not used [tls-unused]
        hint: mail and passwords travel in the clear; declare STARTTLS
    findings: 5 steps, 1 finding
    [exit status: 1]
    ");
    insta::assert_snapshot!(look("CANARY"), @"
    imap 127.0.0.1:[PORT]
      connect     over IPv4
      greet       ready
      capability  offers IMAP4REV1 STARTTLS IDLE
      error: user or password is wrong [login-refused]
        hint: check user and password; many providers want a password made for the app
    findings: 4 steps, 1 finding
    [exit status: 1]
    ");
}

#[test]
fn a_port_that_nobody_listens_on_and_a_wrong_way_of_tls_are_told_apart() {
    let bed = Bed::new();
    let port = serve("* OK ready\r\n", &[]);
    let args =
        ["imap", "--host", "127.0.0.1", "--port", &port, "--tls", "implicit", "--timeout", "2"];
    insta::assert_snapshot!(shown(&probe(&bed, &args, &[]), &port), @"
    imap 127.0.0.1:[PORT]
      connect  over IPv4
      error: TLS could not be agreed on [tls-from-start]
        hint: the port may begin in the clear: try --tls starttls
    findings: 2 steps, 1 finding
    [exit status: 1]
    ");
    // Port 1 of this machine is nobody's.
    let args = ["imap", "--host", "127.0.0.1", "--port", "1"];
    insta::assert_snapshot!(shown(&probe(&bed, &args, &[]), "none"), @"
    imap 127.0.0.1:1
      error: nothing listens on this port [unreachable]
        hint: check the port, and that the service runs
    findings: 1 step, 1 finding
    [exit status: 1]
    ");
}

#[test]
fn a_server_that_drips_bytes_is_given_up() {
    let bed = Bed::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        while stream.write_all(b"2").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let args = ["smtp", "--host", "127.0.0.1", "--port", &port, "--tls", "never", "--timeout", "1"];
    let started = Instant::now();
    insta::assert_snapshot!(shown(&probe(&bed, &args, &[]), &port), @"
    smtp 127.0.0.1:[PORT]
      connect  over IPv4
      error: no answer in time [no-greeting]
        hint: the port may speak TLS from the first byte: try --tls implicit
    findings: 2 steps, 1 finding
    [exit status: 1]
    ");
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn what_is_no_mail_server_is_a_finding_and_no_end() {
    let long: &'static str = Box::leak(format!("220-{}", "x".repeat(100_000)).into_boxed_str());
    let many: &'static str = Box::leak("220-again\r\n".repeat(5000).into_boxed_str());
    let greetings =
        ["", "\r\n", "22", "2é0 x\r\n", "220", "\0\u{1}\u{2}\r\n", "-220 x\r\n", long, many];
    let look = |protocol: &str, greeting| {
        let bed = Bed::new();
        let port = serve(greeting, &[]);
        let place = ["--host", "127.0.0.1", "--port", &port, "--tls", "never"];
        let args = [&[protocol, "--timeout", "1"], &place[..]].concat();
        let output = probe(&bed, &args, &[]);
        assert_eq!(output.code(), 1, "{protocol} {output}");
        assert!(output.stdout().contains("findings: 2 steps, 1 finding"), "{output}");
    };
    thread::scope(|scope| {
        for greeting in greetings {
            scope.spawn(move || ["smtp", "imap"].map(|protocol| look(protocol, greeting)));
        }
    });
}

/// A mail server of somebody else's, with STARTTLS and one user; it says its port.
const AIOSMTPD: &str = r#"
import socket, ssl
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult, LoginPassword
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.crt", "server.key")
def check(server, session, envelope, mechanism, data):
    ok = isinstance(data, LoginPassword) and data == LoginPassword(b"ops", open("password", "rb").read())
    return AuthResult(success=ok, handled=ok)
free = socket.create_server(("127.0.0.1", 0))
port = free.getsockname()[1]
free.close()
controller = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context, authenticator=check, auth_required=True)
controller.start()
print(port, flush=True)
import threading; threading.Event().wait()
"#;

#[test]
fn a_real_server_with_starttls_and_a_login() {
    let mut bed = Bed::new();
    bed.holds_secrets("mail/");
    let look = ["-c", "python3 -c 'import aiosmtpd' && openssl version"];
    if bed.command("sh").args(look).unguarded().run().code() != 0 {
        testbed::not_run(
            "a_real_server_with_starttls_and_a_login",
            "aiosmtpd or openssl is not installed",
        );
        return;
    }
    bed.write("mail/password", "smtp-CANARY-password");
    bed.write("mail/server.py", AIOSMTPD);
    let script = "cd mail && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca \
        && openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost \
        && printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > extensions \
        && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile extensions";
    assert_eq!(bed.command("sh").args(["-c", script]).unguarded().run().code(), 0);
    let server = duct::cmd!("python3", "server.py").dir(bed.path("mail")).stdin_null();
    let server = server.stderr_null().reader().unwrap();
    let mut port = String::new();
    BufReader::new(&server).read_line(&mut port).unwrap();
    let port = port.trim();
    let look = |extra: &[&str], password: &str| {
        let args = [
            "smtp",
            "--host",
            "localhost",
            "--port",
            port,
            "--tls",
            "starttls",
            "--user",
            "USER",
            "--password",
            "PASSWORD",
        ];
        let args = [&args[..], extra].concat();
        shown(&probe(&bed, &args, &[("USER", "ops"), ("PASSWORD", password)]), port)
    };
    let trusted = ["--authorities", "mail/ca.crt"];
    insta::assert_snapshot!(look(&trusted, "smtp-CANARY-password"), @"
    smtp localhost:[PORT]
      connect       over IPv4
      greet         ready
      ehlo          offers SIZE 8BITMIME SMTPUTF8 STARTTLS HELP
      starttls      agreed
      tls           TLS 1.3
      ehlo          offers SIZE 8BITMIME SMTPUTF8 AUTH HELP
      authenticate  accepted, by PLAIN
    ok: 8 steps, nothing found
    [exit status: 0]
    ");
    insta::assert_snapshot!(look(&trusted, "wrong-CANARY"), @"
    smtp localhost:[PORT]
      connect   over IPv4
      greet     ready
      ehlo      offers SIZE 8BITMIME SMTPUTF8 STARTTLS HELP
      starttls  agreed
      tls       TLS 1.3
      ehlo      offers SIZE 8BITMIME SMTPUTF8 AUTH HELP
      error: user or password is wrong (535) [login-refused]
        hint: check user and password; many providers want a password made for the app
    findings: 7 steps, 1 finding
    [exit status: 1]
    ");
    insta::assert_snapshot!(look(&[], "smtp-CANARY-password"), @"
    smtp localhost:[PORT]
      connect   over IPv4
      greet     ready
      ehlo      offers SIZE 8BITMIME SMTPUTF8 STARTTLS HELP
      starttls  agreed
      error: the certificate is from no authority that is trusted here [certificate]
        hint: name the provider's certificate authority with --authorities FILE
    findings: 5 steps, 1 finding
    [exit status: 1]
    ");
    server.kill().unwrap();
}

#[test]
fn a_real_imap_server_with_both_ways_of_tls_and_a_login() {
    let bed = Bed::new();
    let servers = bed.root().with_file_name("servers");
    fs::create_dir(&servers).unwrap();
    // The server's own users may enter.
    fs::set_permissions(servers.parent().unwrap(), Permissions::from_mode(0o711)).unwrap();
    let server = match Dovecot::start(&servers, &[("ops", "imap-CANARY-password")]) {
        Ok(server) => server,
        Err(why) => {
            testbed::not_run("a_real_imap_server_with_both_ways_of_tls_and_a_login", &why);
            return;
        }
    };
    let [_, starttls, implicit] = server.ports.map(|port| port.to_string());
    let authorities = server.authorities();
    let look = |port: &str, ssl: &str, extra: &[&str], password: &str| {
        let args = [&["imap", "--authorities", authorities.to_str().unwrap()], extra].concat();
        let variables = [
            ("IMAP_ADDRESS", "localhost"),
            ("IMAP_PORT", port),
            ("IMAP_ENABLE_SSL", ssl),
            ("IMAP_LOGIN", "ops"),
            ("IMAP_PASSWORD", password),
        ];
        shown(&probe(&bed, &args, &variables), port)
    };
    insta::assert_snapshot!(look(&implicit, "true", &[], "imap-CANARY-password"), @"
    imap localhost:[PORT]
      connect       over IPv4
      tls           TLS 1.3
      greet         ready
      capability    offers IMAP4REV1 AUTH=PLAIN IDLE
      authenticate  accepted
    ok: 6 steps, nothing found
    [exit status: 0]
    ");
    let by_starttls = ["--tls", "starttls"];
    insta::assert_snapshot!(look(&starttls, "", &by_starttls, "imap-CANARY-password"), @"
    imap localhost:[PORT]
      connect       over IPv4
      greet         ready
      capability    offers IMAP4REV1 STARTTLS AUTH=PLAIN IDLE
      starttls      agreed
      tls           TLS 1.3
      capability    offers IMAP4REV1 AUTH=PLAIN IDLE
      authenticate  accepted
    ok: 8 steps, nothing found
    [exit status: 0]
    ");
    insta::assert_snapshot!(look(&implicit, "true", &[], "wrong-CANARY"), @"
    imap localhost:[PORT]
      connect     over IPv4
      tls         TLS 1.3
      greet       ready
      capability  offers IMAP4REV1 AUTH=PLAIN IDLE
      error: user or password is wrong [login-refused]
        hint: check user and password; many providers want a password made for the app
    findings: 5 steps, 1 finding
    [exit status: 1]
    ");
    insta::assert_snapshot!(look(&starttls, "true", &[], "imap-CANARY-password"), @"
    imap localhost:[PORT]
      connect  over IPv4
      error: TLS could not be agreed on [tls-from-start]
        hint: the port may begin in the clear: try --tls starttls
    findings: 2 steps, 1 finding
    [exit status: 1]
    ");
    insta::assert_snapshot!(look(&starttls, "false", &[], "imap-CANARY-password"), @"
    imap localhost:[PORT]
      connect       over IPv4
      greet         ready
      capability    offers IMAP4REV1 STARTTLS AUTH=PLAIN IDLE
      authenticate  accepted
      error: a login is declared over a connection without TLS [password-in-clear]
        hint: IMAP_ENABLE_SSL=true, with the port that speaks TLS, 993
      warning: STARTTLS is offered and not used [tls-unused]
        hint: mail and passwords travel in the clear; declare STARTTLS
    findings: 5 steps, 2 findings
    [exit status: 1]
    ");
    let log = fs::read_to_string(servers.join("dovecot/log")).unwrap();
    assert!(log.contains("Login: user=<ops>") && !log.contains("CANARY"), "{log}");
}
