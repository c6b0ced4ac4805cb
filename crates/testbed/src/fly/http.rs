//! Just enough HTTP/1.1: requests with a body, answers with a length, connections kept open.

use std::fmt::Write as _;
use std::io::{self, BufRead, ErrorKind, Read, Write};

use super::answer::Answer;

/// More than any call of these APIs sends.
const BODY_LIMIT: usize = 8 << 20;
const HEAD_LIMIT: u64 = 64 << 10;

/// One request.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A header's value, by lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads the next request of a connection; `None` where the client has gone.
pub(super) fn read(
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> io::Result<Option<Request>> {
    let mut head = reader.take(HEAD_LIMIT);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(ErrorKind::InvalidData.into());
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    if request.header("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    request.body =
        if request.header("transfer-encoding").is_some_and(|text| text.contains("chunked")) {
            read_chunks(reader)?
        } else {
            let length = request.header("content-length").and_then(|text| text.parse().ok());
            read_exactly(reader, length.unwrap_or(0))?
        };
    Ok(Some(request))
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.take(HEAD_LIMIT).read_line(&mut line)?;
        let size = line.trim().split(';').next().unwrap_or_default();
        let length = usize::from_str_radix(size, 16).map_err(|_| ErrorKind::InvalidData)?;
        body.extend(read_exactly(reader, length)?);
        if body.len() > BODY_LIMIT {
            return Err(ErrorKind::InvalidData.into());
        }
        reader.take(HEAD_LIMIT).read_line(&mut String::new())?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_exactly(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    if length > BODY_LIMIT {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Writes an answer, or only its first half.
pub(super) fn write(writer: &mut impl Write, answer: &Answer, is_half: bool) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nfly-request-id: {}\r\n",
        answer.status,
        answer.reason(),
        answer.content_type,
        answer.body.len(),
        answer.request_id,
    );
    if let Some(seconds) = answer.retry_after {
        let _ = write!(head, "retry-after: {seconds}\r\n");
    }
    head.push_str("\r\n");
    let body = if is_half { &answer.body[..answer.body.len() / 2] } else { &answer.body[..] };
    writer.write_all(&[head.as_bytes(), body].concat())?;
    writer.flush()
}
