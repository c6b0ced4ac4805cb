//! Passwords among the arguments of commands that take them there.

use super::placeholder::is_placeholder;
use super::{LONGEST_LEAD, Place, Verdict, assigned, reference};

const LONGEST_PASSWORD: usize = 512;
const SHORTEST_PASSWORD: usize = 3;
/// So far behind the program's name its option begins, with room for itself and a quote; what a stream has of that.
const FURTHEST: usize = LONGEST_LEAD - 48;

/// `mysql -u root -p…`: the password follows without a blank, or the client asks for it.
pub(super) fn mysql(place: &Place<'_>) -> Verdict {
    in_options(place, &[b" -p"], false)
}

/// `redis-cli -a …`.
pub(super) fn redis(place: &Place<'_>) -> Verdict {
    in_options(place, &[b" -a", b" --pass"], true)
}

/// `sshpass -p …`.
pub(super) fn sshpass(place: &Place<'_>) -> Verdict {
    in_options(place, &[b" -p"], true)
}

/// `sqlcmd -P …`.
pub(super) fn sqlcmd(place: &Place<'_>) -> Verdict {
    in_options(place, &[b" -P"], true)
}

/// `smbclient -U user%…`.
pub(super) fn smbclient(place: &Place<'_>) -> Verdict {
    let rest = &place.text[place.after()..];
    let rest = &rest[..rest.len().min(FURTHEST)];
    let Some(sign) = memchr::memchr2(b'%', b'\n', rest) else { return Verdict::Nothing };
    let Some(option) = memchr::memmem::rfind(&rest[..sign], b"-U") else { return Verdict::Nothing };
    let user = rest[option + 2..sign].trim_ascii_start();
    let is_user = user.last().is_some_and(u8::is_ascii_alphanumeric) && !user.contains(&b' ');
    if is_user { value(place, place.after() + sign + 1) } else { Verdict::Nothing }
}

/// `openssl … -passin pass:…`. A manual has words in capitals there, or very short ones.
pub(super) fn openssl(place: &Place<'_>) -> Verdict {
    let is_of_manual = |value: &[u8]| {
        value.len() < assigned::SHORTEST_PASSWORD
            || value.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
    };
    match value(place, place.after()) {
        Verdict::Found(_, range) if is_of_manual(&place.text[range.clone()]) => Verdict::Nothing,
        verdict => verdict,
    }
}

/// The value of the first of `options` that has one, in the command that begins with the anchor.
fn in_options(place: &Place<'_>, options: &[&[u8]], may_be_next: bool) -> Verdict {
    let text = place.text;
    let words = &text[place.at..text.len().min(place.at + FURTHEST)];
    let ends = |at: usize| match words[at] {
        b'|' | b';' => true,
        b'\n' => !words[..at].ends_with(b"\\") && !words[..at].ends_with(b"\\\r"),
        _ => false,
    };
    let len = memchr::memchr3_iter(b'|', b';', b'\n', words).find(|at| ends(*at));
    let words = &words[..len.unwrap_or(words.len())];
    let words = &words[..memchr::memmem::find(words, b" &").unwrap_or(words.len())];
    // Where the anchor stands again it is judged again: a text of anchors is looked at once.
    let next =
        memchr::memmem::find(&words[place.len.min(words.len())..], &text[place.at..place.after()]);
    let words = &words[..next.map_or(words.len(), |next| place.len + next)];
    for option in options {
        for at in memchr::memmem::find_iter(words, option) {
            let behind = place.at + at + option.len();
            let is_next = may_be_next && text.get(behind) == Some(&b' ');
            match value(place, behind + usize::from(is_next)) {
                Verdict::Nothing => {}
                verdict => return verdict,
            }
        }
    }
    Verdict::Nothing
}

/// The argument that begins at `start`, or behind a quote there.
fn value(place: &Place<'_>, start: usize) -> Verdict {
    let text = place.text;
    let rest = &text[start.min(text.len())..];
    let bare = rest.strip_prefix(b"\\").unwrap_or(rest);
    let quote = bare.first().copied().filter(|byte| b"'\"".contains(byte));
    let start = if quote.is_some() { text.len() - bare.len() + 1 } else { start };
    let belongs = |byte: u8| match quote {
        Some(quote) => byte >= b' ' && byte != quote,
        None => byte > b' ' && !b"\"'`|;&<>)\\,\x7f".contains(&byte),
    };
    let Some(end) = place.run_before_next(start, LONGEST_PASSWORD, belongs) else {
        return Verdict::Open(start);
    };
    let value = &text[start..end];
    let value = if quote.is_some() { value.strip_suffix(b"\\").unwrap_or(value) } else { value };
    let is_code = memchr::memchr3(b'(', b'{', b'[', value).is_some();
    // `-protocol` and `-port` with one dash too few, and words of other commands.
    let is_option = [&b"ort"[..], b"rint", b"urge"].contains(&value)
        || [&b"rotocol"[..], b"ort="].iter().any(|head| value.starts_with(head));
    if value.len() < SHORTEST_PASSWORD
        || is_code
        || is_option
        || are_ports(value)
        || value.contains(&b' ')
        || is_placeholder(value)
        || reference::is_reference(value)
    {
        return Verdict::Nothing;
    }
    Verdict::Found("command-login", start..start + value.len())
}

/// Whether a value is what `docker run --name mysql -p…` publishes, as `127.0.0.1:3306:3306/tcp`.
fn are_ports(value: &[u8]) -> bool {
    let protocol = [&b"/tcp"[..], b"/udp"].iter().find_map(|end| value.strip_suffix(*end));
    let ports = protocol.unwrap_or(value);
    ports.contains(&b':') && ports.iter().all(|byte| byte.is_ascii_digit() || b".:-".contains(byte))
}
