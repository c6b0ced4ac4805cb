//! Secrets under a name in a list, a header or a configuration file, and the token in a URL's path.

use super::Part;
use super::inside::{SHORTEST, is_telling};
use super::room::Room;

/// No name of a setting is longer.
const LONGEST_NAME: usize = 48;
/// What may stand between a name and its value.
const BLANKS: &[u8] = b" \t\"'";
/// What a header has before the credential.
const SCHEMES: [&[u8]; 6] = [b"Bearer ", b"bearer ", b"Basic ", b"basic ", b"Token ", b"token "];

/// Takes what stands behind a telling name: `AccountKey=…;`, `token: …`, `secret_key = …`,
/// `Authorization: Bearer …`, `password …` of a `.netrc`, and the fifth field of a `.pgpass`.
pub(super) fn assigned(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    // JSON is taken apart by its own rules; `[name]` begins a section.
    let mut black = value.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (black.next(), black.next()) {
        (Some(b'{'), _) | (Some(b'['), Some(b'{' | b'[' | b'"')) => return,
        _ => {}
    }
    let mut room = Room::new();
    for line in value.split(|byte| *byte == b'\n') {
        room.begin_line();
        for at in memchr::memchr2_iter(b'=', b':', line).map(|at| at + 1) {
            let name = name_before(&line[..at - 1]);
            // Behind the `:` of a host stands its port.
            let is_port = line[at - 1] == b':'
                && !line[at..].first().is_none_or(|next| BLANKS.contains(next));
            if !is_port
                && !name.is_empty()
                && is_telling(name)
                && !name.eq_ignore_ascii_case(b"password")
                && room.has(at)
            {
                room.take(at, at + take_word(&line[at..], take));
            }
        }
        for at in memchr::memmem::find_iter(line, b"password ") {
            take_word(&line[at + b"password ".len()..], take);
        }
        pgpass(line, take);
    }
    // `password: …` and `password = …`; without blanks it is taken as that of a connection string.
    for at in memchr::memmem::find_iter(value, b"password") {
        let rest = &value[at + b"password".len()..];
        let rest = rest.trim_ascii_start();
        if let Some((b'=' | b':', rest)) = rest.split_first()
            && rest.first().is_some_and(u8::is_ascii_whitespace)
        {
            take_word(rest, take);
        }
    }
}

/// Takes a last part of a URL's path that looks drawn by lot, as chats and bots have it.
pub(super) fn path_token(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    let Some(start) = memchr::memmem::find(value, b"://").map(|at| at + 3) else { return };
    let path = value[start..].split(|byte| b"?#".contains(byte)).next().unwrap_or_default();
    for part in path.split(|byte| *byte == b'/').skip(1) {
        if is_drawn(part) {
            take(Part::Token, part);
            if let Some(token) = part.strip_prefix(b"bot") {
                take(Part::Token, token);
            }
        }
    }
}

/// The name that ends where a `=` or `:` stands, blanks and quotes between left away.
fn name_before(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !BLANKS.contains(byte)).map_or(0, |last| last + 1);
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let n_name = line[..end].iter().rev().take(LONGEST_NAME).take_while(is_name).count();
    &line[end - n_name..end]
}

/// Takes the word that follows, as far as it goes in any notation; answers where it ends.
fn take_word(text: &[u8], take: &mut dyn FnMut(Part, &[u8])) -> usize {
    let start = text.iter().position(|byte| !BLANKS.contains(byte)).unwrap_or(text.len());
    let mut rest = &text[start..];
    for scheme in SCHEMES {
        rest = rest.strip_prefix(scheme).unwrap_or(rest);
    }
    let ends = |byte: &u8| *byte <= b' ' || b";,\"'&".contains(byte);
    let len = rest.iter().position(ends).unwrap_or(rest.len());
    let word = &rest[..len];
    // A path or a URL leads to a secret and is none.
    let is_place = matches!(word.first(), Some(b'/' | b'.' | b'~' | b'$' | b'<'))
        || memchr::memmem::find(word, b"://").is_some();
    if word.len() >= SHORTEST && !is_place {
        take(Part::Token, word);
    }
    text.len() - rest.len() + len
}

/// `host:port:database:user:password`, in which a backslash saves a colon.
fn pgpass(line: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    let line = line.trim_ascii_end();
    let mut fields = line.splitn(5, |byte| *byte == b':');
    let port = fields.nth(1).unwrap_or_default();
    let is_port = port == b"*" || (!port.is_empty() && port.iter().all(u8::is_ascii_digit));
    let is_entry = is_port && !line.contains(&b'/');
    if let Some(password) = fields.nth(2).filter(|password| is_entry && password.len() >= 8) {
        take(Part::Password, password);
    }
}

/// Small letters, capitals and digits, 20 or more, as no name of a path has them.
fn is_drawn(part: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| part.iter().any(is);
    part.len() >= 20
        && part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(byte))
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &[&str]) {
        let mut found = Vec::new();
        let mut take = |_: Part, bytes: &[u8]| {
            found.push(String::from_utf8_lossy(bytes).into_owned());
        };
        assigned(value.as_bytes(), &mut take);
        path_token(value.as_bytes(), &mut take);
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn lists_and_headers() {
        check(
            "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=CANARYz991zzKq7Vw==;EndpointSuffix=core.windows.net",
            &["CANARYz991zzKq7Vw=="],
        );
        check(
            "Endpoint=sb://n.example/;SharedAccessKeyName=Root;SharedAccessKey=CANARYzKq7Vw=",
            &["CANARYzKq7Vw="],
        );
        check("Authorization: Bearer CANARY7Vw2xTz", &["CANARY7Vw2xTz"]);
        check("key1=CANARY7Vw2xT1,key2=CANARY7Vw2xT2", &["CANARY7Vw2xT1", "CANARY7Vw2xT2"]);
        check("CANARY7Vw2xTzP991zz==", &[]);
        check("https://keycloak.example.com:8443/realms/main", &[]);
        check("key_file=/etc/ssl/private.pem token_url=https://h.example/token", &[]);
    }

    #[test]
    fn files_of_other_programs() {
        check(
            "[default]\naws_secret_access_key = CANARYq8Vw2xTz/P991\nregion = us-east-1\n",
            &["CANARYq8Vw2xTz/P991"],
        );
        check("h.example:5432:app:app:CANARY7Vw\n*:*:*:u:CANARY:Vw\n", &["CANARY7Vw", "CANARY:Vw"]);
        check("//registry.example/:_authToken=CANARYq8Vw2xT\n", &["CANARYq8Vw2xT"]);
        check("users:\n- user:\n    token: \"CANARYq8Vw2xT\"\n", &["CANARYq8Vw2xT"]);
        check("machine h login u password CANARYq8Vw2xT\n", &["CANARYq8Vw2xT"]);
        check("password = CANARYq8Vw2xT\n", &["CANARYq8Vw2xT"]);
        check("00:11:22:33:44:55", &[]);
    }

    #[test]
    fn tokens_in_paths() {
        check(
            "https://api.example/bot123456789:CANARYq7Vw2xTz/",
            &["bot123456789:CANARYq7Vw2xTz", "123456789:CANARYq7Vw2xTz"],
        );
        check("https://hooks.example/services/T01/CANARYKq7Vw2xTzP991z", &["CANARYKq7Vw2xTzP991z"]);
        check("https://h.example/api/v1/some-long-name-of-a-thing-2", &[]);
    }
}
