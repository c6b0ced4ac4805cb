//! Passwords in files that programs read their logins from: `.netrc`, `.pgpass`, Docker's `config.json`.

use super::assigned::{LONGEST_VALUE, is_login, is_password};
use super::placeholder::is_placeholder;
use super::{LONGEST_LEAD, Place, Verdict, is_word, reference};

const LONGEST_LINE: usize = 512;
const LONGEST_BETWEEN: usize = 64;
const SHORTEST_PASSWORD: usize = 3;

/// `machine HOST login USER password …`, in one line or several, as the manual of ftp's `.netrc` has it.
pub(super) fn netrc(place: &Place<'_>) -> Verdict {
    let text = place.text;
    let n_blanks = text[place.after()..]
        .iter()
        .take(LONGEST_BETWEEN)
        .take_while(|byte| b" \t".contains(byte))
        .count();
    // The first letter of the word is not in the anchor.
    let Some(before) = text[..place.at].strip_suffix(b"p").filter(|_| n_blanks > 0) else {
        return Verdict::Nothing;
    };
    let start = place.after() + n_blanks;
    // A sign is another's: what follows it is a parameter or an assignment.
    if text.get(start).is_some_and(|sign| b"=:".contains(sign)) {
        return Verdict::Nothing;
    }
    let start = start + usize::from(text[start..].starts_with(b"\""));
    let lead = &before[start.saturating_sub(LONGEST_LEAD).min(before.len())..];
    let Some(entry) = entry(lead) else { return Verdict::Nothing };
    let belongs = |byte: u8| byte > b' ' && !b"\"'`\\<\x7f".contains(&byte);
    let Some(end) = place.run_before_next(start, LONGEST_LINE, belongs) else {
        return Verdict::Open(start);
    };
    let value = &text[start..end];
    // So do manuals write it, and so is nobody asked for one.
    let is_sample = entry.is_of_example && value.iter().all(u8::is_ascii_lowercase)
        || entry.login.as_ref().is_some_and(|login| login == b"anonymous" || login == value);
    if is_secret(value) && !is_sample && (entry.login.is_some() || is_password(value)) {
        Verdict::Found("password-file", start..end)
    } else {
        Verdict::Nothing
    }
}

/// What stands in an entry of `.netrc` before its password.
struct Entry {
    login: Option<Vec<u8>>,
    is_of_example: bool,
}

/// The entry of `.netrc` that a text ends within.
fn entry(lead: &[u8]) -> Option<Entry> {
    let has = |word: &[u8]| memchr::memmem::find(lead, word).is_some();
    if !has(b"machine ") && !has(b"default") {
        return None;
    }
    // A script prints the lines of an entry, and a diff shows them.
    let mut lead = lead.to_vec();
    for at in 1..lead.len() {
        if lead[at - 1] == b'\\' && b"nt".contains(&lead[at]) {
            lead[at - 1..=at].fill(b' ');
        }
    }
    if lead.last().is_none_or(|byte| is_word(*byte)) {
        return None;
    }
    let is_mark = |byte: &u8| b"+->|#\"'`".contains(byte);
    let mut words = lead
        .split(u8::is_ascii_whitespace)
        .map(|word| &word[word.iter().take_while(|byte| is_mark(byte)).count()..])
        .filter(|word| !word.is_empty())
        .rev();
    let mut entry = Entry { login: None, is_of_example: false };
    loop {
        let value = words.next()?;
        if value == b"default" {
            return Some(entry);
        }
        match words.next()? {
            b"machine" => {
                entry.is_of_example = memchr::memmem::find(value, b"example").is_some();
                return Some(entry);
            }
            b"login" => entry.login = Some(value.to_vec()),
            b"account" => {}
            _ => return None,
        }
    }
}

/// `HOST:PORT:DATABASE:USER:…` as libpq's `.pgpass` has it, by its port; the anchor may have the database too.
pub(super) fn pgpass(place: &Place<'_>) -> Verdict {
    let text = place.text;
    // A row of anchors is not read from each of them to its end.
    let ahead = &text[place.after()..text.len().min(place.after() + LONGEST_LINE)];
    let is_next_a_name = memchr::memchr(b':', ahead).is_none_or(|len| is_name(&ahead[..len]));
    let is_in_row = text[place.at..].starts_with(b":*:*") && text[..place.at].ends_with(b":*");
    if is_in_row || !is_next_a_name {
        return Verdict::Nothing;
    }
    let is_inside = |byte: &u8| *byte > b' ' && !b"\"'`\x7f".contains(byte);
    let Some(end) = place.run_before_next(place.after(), LONGEST_LINE, |byte| is_inside(&byte))
    else {
        return Verdict::Open(place.after());
    };
    let n_fields = if text[place.at..place.after()].ends_with(b":*:*:") { 1 } else { 2 };
    let Some(start) = behind_fields(text, place.after()..end, n_fields) else {
        return Verdict::Nothing;
    };
    let lead = &text[start.saturating_sub(LONGEST_LEAD).min(place.at)..place.at];
    let host_len = lead.iter().rev().take_while(|byte| is_inside(byte)).count();
    let host = &lead[lead.len() - host_len..];
    let is_host = !host.is_empty()
        && host.iter().all(|byte| is_word(*byte) || b".-*/\\:".contains(byte))
        && !has_colon(host);
    let value = &text[start..end];
    // Letters alone may be the words of a message.
    let is_line = lead[..lead.len() - host_len].last().is_none_or(|byte| b"\n\"'".contains(byte))
        && text.get(end).is_none_or(|byte| b"\r\n\"'\\".contains(byte));
    if is_host && is_secret(value) && (is_line || is_password(value)) {
        Verdict::Found("password-file", start..end)
    } else {
        Verdict::Nothing
    }
}

/// Where the field begins behind so many, each of them a name.
fn behind_fields(text: &[u8], range: std::ops::Range<usize>, n_fields: usize) -> Option<usize> {
    let mut start = range.start;
    for _ in 0..n_fields {
        let len = memchr::memchr(b':', &text[start..range.end])?;
        if !is_name(&text[start..start + len]) {
            return None;
        }
        start += len + 1;
    }
    Some(start)
}

fn is_name(field: &[u8]) -> bool {
    field.iter().all(|byte| is_word(*byte) || b".-*@".contains(byte))
        && field.iter().any(|byte| byte.is_ascii_alphabetic() || *byte == b'*')
}

/// Whether a colon stands in a host that no backslash stands before.
fn has_colon(host: &[u8]) -> bool {
    memchr::memchr_iter(b':', host).any(|at| !host[..at].ends_with(b"\\"))
}

/// `"auth": "…"`, the Base64 of `user:password`, as Docker and Podman keep the login of a registry.
pub(super) fn docker(place: &Place<'_>) -> Verdict {
    let start = place.after();
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let Some(end) = place.run(start, LONGEST_VALUE, belongs) else { return Verdict::Open(start) };
    let is_closed = place.text.get(end).is_some_and(|next| b"\"\\".contains(next));
    if is_closed && is_login(&place.text[start..end]) {
        Verdict::Found("docker-login", start..end)
    } else {
        Verdict::Nothing
    }
}

fn is_secret(value: &[u8]) -> bool {
    value.len() >= SHORTEST_PASSWORD
        && memchr::memchr3(b'(', b'{', b'[', value).is_none()
        && !is_placeholder(value)
        && !reference::is_reference(value)
}
