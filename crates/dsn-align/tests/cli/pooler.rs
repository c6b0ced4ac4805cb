//! `probe` against stand-ins: what poolers say, one attempt alone, its time limit, and nothing on the wire.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use testbed::Bed;

use super::dsn_align;
use super::servers::has;

/// A server that counts its connections and does the same with each.
struct StandIn {
    port: u16,
    n_connections: Arc<AtomicUsize>,
}

impl StandIn {
    fn new(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let n_connections = Arc::new(AtomicUsize::new(0));
        let (count, serve) = (Arc::clone(&n_connections), Arc::new(serve));
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self { port, n_connections }
    }

    /// Answers the startup message with an error; before it with a demand for the password where asked.
    fn refusing(code: &'static str, message: &'static str, asks: bool) -> Self {
        Self::new(move |mut stream| {
            read_message(&mut stream);
            if asks {
                let _ = stream.write_all(b"R\0\0\0\x0c\0\0\0\x05salt");
                read_message(&mut stream);
            }
            let body = format!("SFATAL\0C{code}\0M{message}\0\0");
            let length = u32::try_from(body.len() + 4).unwrap();
            let mut answer = b"E".to_vec();
            answer.extend_from_slice(&length.to_be_bytes());
            answer.extend_from_slice(body.as_bytes());
            let _ = stream.write_all(&answer);
        })
    }
}

/// Reads whatever comes first; every message here fits one read.
fn read_message(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer);
}

/// A bed with one place for each string.
fn bed(texts: &[String]) -> Bed {
    let bed = Bed::new();
    let (mut ops, mut env) = ("version = 1\n".to_owned(), String::new());
    for (index, text) in texts.iter().enumerate() {
        writeln!(ops, "[[dsn.place]]\nname = \"p{index}\"\ngroup = \"p{index}\"\ncanonical = true\nenv-file = \"vault/a.env\"\nkey = \"P{index}\"").unwrap();
        writeln!(env, "P{index}='{text}'").unwrap();
    }
    bed.write("ops.toml", ops);
    bed.write("vault/a.env", env);
    bed
}

#[test]
fn what_poolers_say_is_named_after_one_attempt() {
    let cases = [
        (
            "XX000",
            "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15",
            "the pooler has no connection left (max clients reached) (EMAXCONNSESSION)",
        ),
        (
            "XX000",
            "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
            "the pooler has no connection left (max clients reached) (MaxClientsInSessionMode)",
        ),
        ("XX000", "Tenant or user not found", "the pooler knows no such tenant or user (XX000)"),
        (
            "XX000",
            "(ECIRCUITBREAKER) too many authentication errors",
            "the pooler refuses this client after too many failures (ECIRCUITBREAKER)",
        ),
        (
            "XX000",
            "(ESSLREQUIRED) SSL connection is required for user",
            "the server refuses connections without TLS (ESSLREQUIRED)",
        ),
        (
            "XX000",
            "(EADDRNOTALLOWED) address not allowed",
            "this address is not on the provider's allow list (EADDRNOTALLOWED)",
        ),
        (
            "28P01",
            "(EWRONGPASSWORD) password authentication failed for user \"CANARYuser\"",
            "user or password is wrong (EWRONGPASSWORD)",
        ),
    ];
    for asks in [false, true] {
        let servers: Vec<StandIn> =
            cases.iter().map(|(code, message, _)| StandIn::refusing(code, message, asks)).collect();
        let texts: Vec<String> = servers
            .iter()
            .map(|server| {
                format!("postgresql://u:CANARYpw@127.0.0.1:{}/db?sslmode=disable", server.port)
            })
            .collect();
        let bed = bed(&texts);
        let output = dsn_align(&bed, &["probe", "--format", "json"]).run();
        assert_eq!(output.code(), 1, "{output}");
        let answer = output.json();
        for (index, (_, _, expected)) in cases.iter().enumerate() {
            let failure = &answer["places"][index]["failure"];
            assert_eq!(failure["message"], **expected, "{output}");
            assert_eq!(failure["step"], "authenticate", "{output}");
            assert!(failure["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
        }
        for server in &servers {
            assert_eq!(server.n_connections.load(Ordering::SeqCst), 1, "one attempt each");
        }
    }
}

#[test]
fn a_server_that_answers_too_slowly_ends_every_probe_in_time() {
    // One byte at a time keeps a limit on single reads from ever being reached.
    let slow = StandIn::new(|mut stream| {
        while stream.write_all(b"R").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let text = format!("postgresql://u:CANARYpw@127.0.0.1:{}/db?sslmode=disable", slow.port);
    let bed = bed(&vec![text; 20]);
    let begun = Instant::now();
    let output = dsn_align(&bed, &["probe", "--timeout", "2", "--format", "json"]).run();
    let took = begun.elapsed();
    assert_eq!(output.code(), 1, "{output}");
    let answer = output.json();
    let places = answer["places"].as_array().unwrap();
    assert_eq!(places.len(), 20);
    for place in places {
        assert_eq!(place["failure"]["message"], "no answer in time", "{output}");
        assert!(place["failure"]["milliseconds"].as_u64().is_some_and(|time| time >= 1_900));
    }
    // One after the other would take 40 seconds.
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn no_password_goes_to_a_name_server_or_over_the_wire() {
    if !has("strace") {
        testbed::not_run(
            "no_password_goes_to_a_name_server_or_over_the_wire",
            "strace is not installed",
        );
        return;
    }
    let server = StandIn::refusing("28P01", "password authentication failed", true);
    let port = server.port;
    let bed = bed(&[
        format!("postgresql://u:CANARYpw@localhost:{port}/db?sslmode=disable"),
        format!("postgresql://u:CANARYone@CANARYtwo@localhost:{port}/db"),
        "postgresql://u:CANARYone/CANARYtwo@nohost.invalid/db".to_owned(),
        "postgresql://u:CANARYone@nohost.invalid/db".to_owned(),
        "postgresql://u:CANARYone@CANARYtwo.invalid:5432@nohost.invalid/db".to_owned(),
    ]);
    let trace = bed.path("trace");
    // Everything that leaves the process; `-s` keeps it whole.
    let calls = "trace=network,write,writev,pwrite64,execve";
    let output = bed
        .command("/usr/bin/strace")
        .args(["-f", "-s", "100000", "-e", calls, "-o"])
        .arg(trace.as_os_str())
        .args([testbed::bin!("dsn-align"), "probe", "--format", "json", "--timeout", "5"])
        .run();
    let traced = fs::read_to_string(&trace).unwrap_or_default();
    if !traced.contains("execve") {
        testbed::not_run(
            "no_password_goes_to_a_name_server_or_over_the_wire",
            "strace may not trace here",
        );
        return;
    }
    assert_eq!(output.code(), 1, "{output}");
    // The probe did talk: the md5 answer begins with its word.
    assert!(traced.contains("md5"), "{traced}");
    assert!(!traced.to_ascii_lowercase().contains("canary"), "a password left the process");
}
