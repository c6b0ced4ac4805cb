//! Arguments that are passwords by their place: behind `--password`, `mysql -p`, `fly secrets set KEY=`.
//!
//! A value of the vault is found wherever it stands. This is for those that no vault knows: an argument has no label
//! in front of it but the word before.

use std::ops::Range;
use std::path::Path;

use secret::form::is_placeholder;

/// Options of any program whose value is a secret; exactly these words.
const OPTIONS: [&str; 12] = [
    "--password",
    "--passwd",
    "--passphrase",
    "--http-password",
    "--ftp-password",
    "--proxy-password",
    "--token",
    "--access-token",
    "--auth-token",
    "--api-key",
    "--api-token",
    "--client-secret",
];

/// How a program takes a secret.
#[derive(Clone, Copy)]
enum Takes {
    /// In the word after this one.
    After(&'static str),
    /// In the same word behind these letters, and not in the next: the program would ask for it.
    Behind(&'static str),
    /// Either.
    Both(&'static str),
    /// Behind the colon of the word after this one: `user:password`.
    Login(&'static str),
    /// As a login, behind this letter at the end of other short options that take nothing, or in the same word.
    Cluster(char),
    /// A word after this one that has a `=`; another names a file.
    Pairs(&'static str),
    /// Behind the `=` of each word after this one: `KEY=value`.
    Settings(&'static str),
}

use Takes::{After, Behind, Both, Cluster, Login, Pairs, Settings};

/// The programs, and how they take secrets.
const PROGRAMS: [(&str, &[Takes]); 26] = [
    (
        "curl",
        &[
            Cluster('u'),
            Cluster('U'),
            Login("--user"),
            Login("--proxy-user"),
            Pairs("-b"),
            Pairs("--cookie"),
        ],
    ),
    ("http", &[Login("-a"), Login("--auth")]),
    ("https", &[Login("-a"), Login("--auth")]),
    ("mysql", &[Behind("-p")]),
    ("mysqldump", &[Behind("-p")]),
    ("mysqladmin", &[Behind("-p")]),
    ("mariadb", &[Behind("-p")]),
    ("mariadb-dump", &[Behind("-p")]),
    ("redis-cli", &[After("-a"), After("--pass")]),
    ("sshpass", &[Both("-p")]),
    ("docker", &[Both("-p")]),
    ("podman", &[Both("-p")]),
    ("helm", &[After("-p")]),
    ("mongo", &[After("-p")]),
    ("mongosh", &[After("-p")]),
    ("mongodump", &[After("-p")]),
    ("mongorestore", &[After("-p")]),
    ("ldapsearch", &[After("-w")]),
    ("zip", &[After("-P")]),
    ("unzip", &[After("-P")]),
    ("7z", &[Behind("-p")]),
    ("fly", &[After("-t"), Settings("set"), Settings("import")]),
    ("flyctl", &[After("-t"), Settings("set"), Settings("import")]),
    ("heroku", &[Settings("config:set")]),
    ("vercel", &[After("-t")]),
    ("netlify", &[After("--auth")]),
];

/// Shells, whose `-c` takes a line of words.
const SHELLS: [&str; 5] = ["sh", "bash", "dash", "zsh", "ash"];

/// A shorter value is none, or tells nothing.
const SHORTEST: usize = 4;

/// For each argument of a command the bytes of it that are a secret by their place.
pub(super) fn secret_parts(command: &[&[u8]]) -> Vec<Vec<Range<usize>>> {
    let mut parts = of_words(command);
    let shell = command.first().is_some_and(|program| SHELLS.contains(&name(program)));
    let line = command.iter().position(|word| is_line_option(word)).map(|at| at + 1);
    if let Some(at) = line.filter(|&at| shell && at < command.len()) {
        parts[at] = in_line(command[at]);
    }
    parts
}

/// `-c`, `-lc`, `-ec`.
fn is_line_option(word: &[u8]) -> bool {
    word.len() > 1 && word[0] == b'-' && word.ends_with(b"c") && !word.starts_with(b"--")
}

fn of_words(words: &[&[u8]]) -> Vec<Vec<Range<usize>>> {
    let mut parts = vec![Vec::new(); words.len()];
    let known = |word: &&[u8]| PROGRAMS.iter().find(|(program, _)| *program == name(word));
    // Behind `sudo` or `env` the program is a later word.
    let takes = words.iter().find_map(known).map_or(&[][..], |(_, takes)| takes);
    let is_login = words.contains(&&b"login"[..]);
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1);
        let mut add = |at: usize, from: usize| {
            let value = &words[at][from..];
            if value.len() >= SHORTEST && !value.starts_with(b"-") && !is_placeholder(value) {
                parts[at].push(from..words[at].len());
            }
        };
        for option in OPTIONS {
            match word.strip_prefix(option.as_bytes()) {
                Some([]) if next.is_some() => add(at + 1, 0),
                Some([b'=', ..]) => add(at, option.len() + 1),
                _ => {}
            }
        }
        if word.starts_with(b"pass:") {
            add(at, 5);
        }
        for &take in takes {
            match take {
                // `docker run -p 80:80` is a port.
                Both("-p") if is_login || !words.iter().any(|word| is_container(word)) => {
                    match word.strip_prefix(b"-p") {
                        Some([]) if next.is_some() => add(at + 1, 0),
                        Some([_, ..]) => add(at, 2),
                        _ => {}
                    }
                }
                After(option) if *word == option.as_bytes() && next.is_some() => add(at + 1, 0),
                Behind(option) if word.starts_with(option.as_bytes()) && at > 0 => {
                    add(at, option.len());
                }
                Login(option) if word.starts_with(option.as_bytes()) => {
                    let (at, from) = match &word[option.len()..] {
                        [] if next.is_some() => (at + 1, 0),
                        [b'=', ..] => (at, option.len() + 1),
                        [_, ..] if option.len() == 2 => (at, 2),
                        _ => continue,
                    };
                    if let Some(colon) = memchr(b':', &words[at][from..]) {
                        add(at, from + colon + 1);
                    }
                }
                Cluster(letter) => {
                    let Some((at, from)) = in_cluster(words, at, letter) else { continue };
                    if let Some(colon) = memchr(b':', &words[at][from..]) {
                        add(at, from + colon + 1);
                    }
                }
                Pairs(option) => {
                    let value = match word.strip_prefix(option.as_bytes()) {
                        Some([]) if next.is_some() => (at + 1, 0),
                        Some([b'=', ..]) => (at, option.len() + 1),
                        Some([_, ..]) if option.len() == 2 => (at, 2),
                        _ => continue,
                    };
                    if memchr(b'=', &words[value.0][value.1..]).is_some() {
                        add(value.0, value.1);
                    }
                }
                Settings(option) if *word == option.as_bytes() => {
                    for (at, word) in words.iter().enumerate().skip(at + 1) {
                        if let Some(equals) = memchr(b'=', word).filter(|_| word[0] != b'-') {
                            add(at, equals + 1);
                        }
                    }
                }
                Both(_) | After(_) | Behind(_) | Login(_) | Settings(_) => {}
            }
        }
    }
    parts
}

/// Where the value of curl's option `letter` begins, which may stand behind others that take nothing: `-sSfu`.
fn in_cluster(words: &[&[u8]], at: usize, letter: char) -> Option<(usize, usize)> {
    const TAKE_NOTHING: &[u8] = b"012346aBfgGiIjJkLlMnNOpqRsSvVZ#";
    let letters = words[at].strip_prefix(b"-")?;
    let place = letters.iter().position(|byte| !TAKE_NOTHING.contains(byte))?;
    if char::from(letters[place]) != letter {
        return None;
    }
    match place + 2 {
        end if end < words[at].len() => Some((at, end)),
        _ => (at + 1 < words.len()).then_some((at + 1, 0)),
    }
}

fn is_container(word: &[u8]) -> bool {
    matches!(name(word), "docker" | "podman")
}

/// The same in a line of a shell, split where its simplest rules would: at blanks outside of quotes, and into commands
/// at `;`, `|` and `&`.
fn in_line(line: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut command: Vec<Range<usize>> = Vec::new();
    let mut finish = |command: &mut Vec<Range<usize>>| {
        let words: Vec<&[u8]> = command.iter().map(|range| &line[range.clone()]).collect();
        for (range, parts) in command.iter().zip(of_words(&words)) {
            let within = |part: Range<usize>| range.start + part.start..range.start + part.end;
            found.extend(parts.into_iter().map(within));
        }
        command.clear();
    };
    let mut at = 0;
    while at < line.len() {
        match line[at] {
            b';' | b'|' | b'&' | b'\n' => {
                finish(&mut command);
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            quote @ (b'"' | b'\'') => {
                let end = memchr(quote, &line[at + 1..]).map_or(line.len(), |end| at + 1 + end);
                command.push(at + 1..end);
                at = end + 1;
            }
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b";|&".contains(byte);
                let end = line[at..].iter().position(ends).map_or(line.len(), |len| at + len);
                command.push(at..end);
                at = end;
            }
        }
    }
    finish(&mut command);
    found
}

/// A program's name without its folder.
fn name(word: &[u8]) -> &str {
    let word = std::str::from_utf8(word).unwrap_or_default();
    Path::new(word).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn memchr(byte: u8, text: &[u8]) -> Option<usize> {
    text.iter().position(|&found| found == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words with each secret part as `#`.
    #[track_caller]
    fn check(words: &[&str], expected: &str) {
        let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let mut shown = Vec::new();
        for (word, parts) in words.iter().zip(secret_parts(&bytes)) {
            let mut word = (*word).to_owned();
            for part in parts.into_iter().rev() {
                word.replace_range(part, "#");
            }
            shown.push(word);
        }
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn what_stands_where_a_password_stands_is_one() {
        check(&["curl", "-u", "me:CANARYpw", "https://h"], "curl -u me:# https://h");
        check(&["curl", "-ume:CANARYpw", "--user=me:CANARYpw"], "curl -ume:# --user=me:#");
        check(
            &["/usr/bin/mysql", "-u", "root", "-pCANARYpw", "db"],
            "/usr/bin/mysql -u root -p# db",
        );
        check(&["curl", "-sSfu", "me:CANARYpw", "h"], "curl -sSfu me:# h");
        check(&["curl", "-sume:CANARYpw", "-b", "s=CANARYpw"], "curl -sume:# -b #");
        check(&["tool", "--password", "CANARYpw"], "tool --password #");
        check(&["tool", "--token=CANARYpw"], "tool --token=#");
        check(&["sudo", "sshpass", "-p", "CANARYpw", "ssh", "h"], "sudo sshpass -p # ssh h");
        check(&["docker", "login", "-u", "me", "-p", "CANARYpw"], "docker login -u me -p #");
        check(
            &["fly", "secrets", "set", "A=CANARYpw", "B=CANARYpw", "-a", "x"],
            "fly secrets set A=# B=# -a x",
        );
        check(&["openssl", "rsa", "-passin", "pass:CANARYpw"], "openssl rsa -passin pass:#");
        check(
            &[
                "bash",
                "-lc",
                "cd x && mysql -p'CANARYpw'; curl -u \"me:CANARYpw\" h | redis-cli -a CANARYpw",
            ],
            "bash -lc cd x && mysql -p#; curl -u \"me:#\" h | redis-cli -a #",
        );
    }

    #[test]
    fn what_stands_elsewhere_is_none() {
        for line in [
            "docker run -p 8080:8080 image",
            "mysql -u root -p db",
            "curl -u me: https://host:443/x",
            "curl -sSo out:put -b jar -fsSL https://host:443/x",
            "ps -p 12345",
            "mkdir -p deep/folder",
            "tool --password",
            "tool --token-file secrets/token",
            "tool --password $PASSWORD",
            "ssh -p 2222 host",
            "psql -p 5432 -U me",
            "fly deploy --build-arg A=value",
            "git config --set a=value",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            check(&words, line);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_without_a_fall(line in "[ -~\n]{0,80}") {
            let words: [&[u8]; 3] = [b"sh", b"-c", line.as_bytes()];
            for part in secret_parts(&words).concat() {
                proptest::prop_assert!(part.end <= line.len());
            }
        }
    }
}
