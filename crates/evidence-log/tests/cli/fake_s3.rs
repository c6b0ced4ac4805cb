//! A store that speaks enough of S3, and of what Google and Azure have in its place, to be pushed to, and that has
//! exactly the fault that a test wants.
//!
//! The faults are those of real servers: `If-None-Match` ignored (Garage 2.5, s3rver 3.7), checked and then raced past
//! (s3s-fs 0.14), objects cut short, and a server that stops answering in the middle.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

/// What is wrong with the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It answers 200 to a conditional write on an object that exists, and overwrites it.
    IgnoresConditions,
    /// It looks whether an object exists, and writes it later.
    Races,
    /// It denies everything after this many writes.
    DeniesAfter(usize),
    /// It is out of order: every answer is 500, without a code.
    IsBroken,
    /// It keeps the first half of every object that is larger than this.
    KeepsHalfAbove(usize),
}

struct State {
    objects: BTreeMap<String, Vec<u8>>,
    fault: Fault,
    writes: usize,
    /// How many writers have looked for a key that is raced for, and found nothing.
    racing: BTreeMap<String, usize>,
}

/// The running store; its threads end with the test.
pub(crate) struct FakeS3 {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    is_conditional: bool,
    body: Vec<u8>,
}

impl FakeS3 {
    pub(crate) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { objects: BTreeMap::new(), fault, writes: 0, racing: BTreeMap::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        // Two writers that meet here have both looked before either writes.
        let pair = Arc::new(Barrier::new(2));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, pair) = (Arc::clone(&shared), Arc::clone(&pair));
                thread::spawn(move || drop(serve(stream, &state, &pair)));
            }
        });
        Self { port, state }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        state.fault = fault;
        state.writes = 0;
    }

    /// The keys, without the bucket, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    pub(crate) fn change(&self, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.state.lock().unwrap().objects.get_mut(key).unwrap());
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>, pair: &Barrier) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let Some(request) = read(&mut reader)? else { return Ok(()) };
    let (status, body) = answer(&request, state, pair);
    let mut stream = reader.into_inner();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\nETag: \"x\"\r\n\
         Last-Modified: Sun, 22 Nov 2026 17:00:00 GMT\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (mut length, mut is_conditional) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        is_conditional |= header == "if-none-match: *" || header == "x-goog-if-generation-match: 0";
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path: decoded(path), query: query.to_owned(), is_conditional, body }))
}

fn answer(request: &Request, state: &Mutex<State>, pair: &Barrier) -> (&'static str, Vec<u8>) {
    let bucket_and_key = request.path.trim_start_matches('/');
    let (_, key) = bucket_and_key.split_once('/').unwrap_or((bucket_and_key, ""));
    let fault = state.lock().unwrap().fault;
    if fault == Fault::IsBroken {
        return ("500 Internal Server Error", b"CANARY timed out".to_vec());
    }
    match request.method.as_str() {
        "PUT" => {
            let exists = state.lock().unwrap().objects.contains_key(key);
            let mut guard = state.lock().unwrap();
            if matches!(fault, Fault::DeniesAfter(most) if guard.writes >= most) {
                return ("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>".to_vec());
            }
            let is_there = match fault {
                Fault::Races => exists,
                Fault::IgnoresConditions => false,
                _ => guard.objects.contains_key(key),
            };
            if request.is_conditional && is_there {
                return (
                    "412 Precondition Failed",
                    b"<Error><Code>PreconditionFailed</Code></Error>".to_vec(),
                );
            }
            if fault == Fault::Races && key.contains("/race-") {
                let n_racing = guard.racing.entry(key.to_owned()).or_default();
                *n_racing += 1;
                // A third would wait for a fourth, who may find the object there and never come.
                if *n_racing <= 2 {
                    drop(guard);
                    pair.wait();
                    guard = state.lock().unwrap();
                }
            }
            let mut body = request.body.clone();
            if matches!(fault, Fault::KeepsHalfAbove(most) if body.len() > most) {
                body.truncate(body.len() / 2);
            }
            guard.objects.insert(key.to_owned(), body);
            guard.writes += 1;
            ("200 OK", Vec::new())
        }
        "GET" if request.query.contains("comp=list") => {
            ("200 OK", list_azure(key, &request.query, state))
        }
        "GET" if key.is_empty() => ("200 OK", list(&request.query, state)),
        "GET" | "HEAD" => match state.lock().unwrap().objects.get(key) {
            Some(body) => ("200 OK", body.clone()),
            None => ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        },
        _ => ("204 No Content", Vec::new()),
    }
}

fn list(query: &str, state: &Mutex<State>) -> Vec<u8> {
    let value = |name: &str| {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        decoded(found.unwrap_or_default())
    };
    let (prefix, after) = (value("prefix"), value("start-after"));
    let mut text = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    for (key, body) in &state.lock().unwrap().objects {
        if key.starts_with(&prefix) && *key > after {
            let _ = write!(
                text,
                "<Contents><Key>{key}</Key><Size>{}</Size><ETag>\"x\"</ETag>\
                 <LastModified>2026-11-22T17:00:00.000Z</LastModified></Contents>",
                body.len()
            );
        }
    }
    text.push_str("</ListBucketResult>");
    text.into_bytes()
}

/// The same in Azure's words; the container is the first part of the keys.
fn list_azure(container: &str, query: &str, state: &Mutex<State>) -> Vec<u8> {
    let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or_default();
    let container = format!("{container}/");
    let mut text = String::from("<EnumerationResults><Blobs>");
    for (key, body) in &state.lock().unwrap().objects {
        let name = key.strip_prefix(&container).filter(|name| name.starts_with(&decoded(prefix)));
        if let Some(name) = name {
            let _ = write!(
                text,
                "<Blob><Name>{name}</Name><Properties><Etag>x</Etag><Content-Type/>\
                 <Last-Modified>Sun, 22 Nov 2026 17:00:00 GMT</Last-Modified>\
                 <Content-Length>{}</Content-Length></Properties></Blob>",
                body.len()
            );
        }
    }
    text.push_str("</Blobs><NextMarker/></EnumerationResults>");
    text.into_bytes()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap_or("0"), 16).unwrap_or(b'?')
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
