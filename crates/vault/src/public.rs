//! What is public by design and says so by its form: certificates and public keys.

use secret::Secret;

/// Whether a value has nothing in it but certificates and public keys, in PEM or as OpenSSH writes them in `*.pub` and
/// `known_hosts`.
pub fn is_public_by_form(value: &Secret) -> bool {
    // Most values are shorter than any key, and say so at once. The text is looked at and goes nowhere.
    if value.len() < SHORTEST {
        return false;
    }
    value.expose_text().is_some_and(|text| is_pem(text) || is_openssh(text))
}

/// A key of Ed25519 is the shortest.
const SHORTEST: usize = 80;

const LABELS: [&str; 6] = [
    "CERTIFICATE",
    "CERTIFICATE REQUEST",
    "PGP PUBLIC KEY BLOCK",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "X509 CRL",
];

/// Blocks of these labels, and nothing else but comments.
fn is_pem(text: &str) -> bool {
    const EDGE: &str = "-----";
    let mut open = None;
    for line in text.lines().map(str::trim_end) {
        let edge = line.strip_prefix(EDGE).and_then(|line| line.strip_suffix(EDGE));
        match (open, edge) {
            (None, Some(edge)) => {
                let label = edge.strip_prefix("BEGIN ").filter(|label| LABELS.contains(label));
                let Some(label) = label else { return false };
                open = Some(label);
            }
            (Some(label), Some(edge)) if edge.strip_prefix("END ") == Some(label) => open = None,
            (Some(_), None) => {}
            (None, None) if is_comment(line) => {}
            _ => return false,
        }
    }
    open.is_none() && text.contains("-----BEGIN ")
}

/// Lines of a key's kind and the key, as a host or an option may stand before and a comment behind.
fn is_openssh(text: &str) -> bool {
    let is_key = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let is_kind =
            |word: &str| ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|head| word.starts_with(head));
        // Options may hold anything, and are in quotes then.
        let first = words.next().filter(|first| !first.contains('"'));
        first.is_some_and(|first| is_kind(first) || words.next().is_some_and(is_kind))
            && words.next().is_some_and(|key| key.starts_with("AAAA"))
    };
    let mut lines = text.lines().filter(|line| !is_comment(line)).peekable();
    lines.peek().is_some() && lines.all(is_key)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        assert_eq!(is_public_by_form(&Secret::from(text.to_owned())), expected, "{text}");
    }

    fn block(label: &str) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", "Q0FOQVJZ".repeat(8))
    }

    #[test]
    fn certificates_and_public_keys_are_public() {
        let certificate = block("CERTIFICATE");
        check(&certificate, true);
        check(&format!("# the root\n\n{certificate}{certificate}").replace('\n', "\r\n"), true);
        check(&block("PUBLIC KEY"), true);
        check(&block("PRIVATE KEY"), false);
        check(&format!("{certificate}{}", block("RSA PRIVATE KEY")), false);
        check(&format!("password CANARYkq7V\n{certificate}"), false);
        check(certificate.trim_end_matches("-\n"), false);
        check(&"CANARYkq7Vw2xTzP\n".repeat(9), false);
    }

    #[test]
    fn keys_of_openssh_are_public() {
        let key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}", "CANARYkq7V".repeat(5));
        check(&format!("{key} deploy@ci\n"), true);
        check(&format!("# hosts\n[db.example.com]:2222 {key}\n|1|x=|y= {key}\n"), true);
        check(&format!("command=\"login CANARYkq7V\" {key}\n"), false);
        check(&format!("{key}\npassword CANARYkq7Vw2xTzP\n"), false);
        check(&format!("a password {key}\n"), false);
    }
}
