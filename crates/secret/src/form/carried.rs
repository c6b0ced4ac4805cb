//! What a request carries beside its headers' tokens: cookies, and a login on a command line.

use super::assigned::{LONGEST_VALUE, is_password, is_random, value_start};
use super::connection::colon_behind_user;
use super::placeholder::is_placeholder;
use super::{LONGEST_LEAD, Place, Verdict};

/// A session's cookie is no shorter; themes, languages and counters are.
const SHORTEST_COOKIE: usize = 16;
const LONGEST_LOGIN: usize = 512;

/// The programs whose `-u` and `--user` take `user:password`.
const CLIENTS: [&[u8]; 3] = [b"curl", b"http", b"wget"];

/// `Cookie: a=…; b=…`, `Set-Cookie: …`: from the first value that looks drawn by lot to the end of the last.
pub(super) fn cookie(place: &Place<'_>) -> Verdict {
    let Some(start) = value_start(place) else { return Verdict::Nothing };
    let ends = |byte: u8| byte < b' ' || b"\"'`<>\\\x7f".contains(&byte);
    let Some(end) = place.run(start, LONGEST_VALUE, |byte| !ends(byte)) else {
        return Verdict::Open(start);
    };
    let (mut at, mut first, mut last) = (start, None, start);
    for pair in place.text[start..end].split(|&byte| byte == b';') {
        let value_at = memchr::memchr(b'=', pair).map_or(pair.len(), |equals| equals + 1);
        let value = &pair[value_at..];
        // A date, as of `Expires`, has blanks, and code has brackets that open; those of a map around it close behind it.
        let is_one_word = !value.iter().any(|byte| b" ,([{".contains(byte));
        if value.len() >= SHORTEST_COOKIE
            && is_one_word
            && is_random(value)
            && !is_placeholder(value)
        {
            first.get_or_insert(at + value_at);
            last = at + pair.len();
        }
        at += pair.len() + 1;
    }
    first.map_or(Verdict::Nothing, |first| Verdict::Found("cookie", first..last))
}

/// `curl -u user:password`: the password alone.
pub(super) fn login(place: &Place<'_>) -> Verdict {
    let n_between = place.text[place.after()..]
        .iter()
        .take(2)
        .take_while(|byte| b" ='\"".contains(byte))
        .count();
    let start = place.after() + n_between;
    let ends = |byte: u8| byte <= b' ' || b"\"'`<>|;\x7f".contains(&byte);
    let Some(end) = place.run(start, LONGEST_LOGIN, |byte| !ends(byte)) else {
        return Verdict::Open(start);
    };
    let login = &place.text[start..end];
    let Some(colon) = colon_behind_user(login).filter(|at| *at > 0) else {
        return Verdict::Nothing;
    };
    let password = start + colon + 1..end;
    // Only as much is looked back at as is always there.
    let lead = &place.text[password.start.saturating_sub(LONGEST_LEAD)..place.at];
    let line = memchr::memrchr(b'\n', lead).map_or(lead, |last| &lead[last + 1..]);
    let is_client = CLIENTS.iter().any(|client| memchr::memmem::find(line, client).is_some());
    if is_client && is_password(&place.text[password.clone()]) {
        Verdict::Found("command-login", password)
    } else {
        Verdict::Nothing
    }
}
