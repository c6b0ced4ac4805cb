//! Redacts standard input with made-up secrets, to compare its cost with that of `cat`.

use std::io::{self, Read, Write};
use std::time::Instant;

use secret::{Redactor, Secret, SecretSet};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let n_secrets: u64 = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(50);
    let kind = arguments.get(2).map_or("mixed", String::as_str);
    let secrets: Vec<_> =
        (0..n_secrets).map(|n| (format!("SECRET_{n}"), made_up(n, kind))).collect();

    let started = Instant::now();
    let mut builder = SecretSet::builder();
    for (name, secret) in &secrets {
        builder.add(name, secret);
    }
    let set = builder.build();
    let mut stderr = io::stderr();
    writeln!(stderr, "built in {:?}, {} refused", started.elapsed(), set.refused().len())?;

    let with_forms = arguments.iter().any(|argument| argument == "forms");
    let mut redactor = if with_forms { Redactor::with_forms(&set) } else { Redactor::new(&set) };
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let mut input = vec![0; 64 * 1024];
    let mut output = Vec::new();
    loop {
        let len = stdin.read(&mut input)?;
        if len == 0 {
            break;
        }
        output.clear();
        redactor.push(&input[..len], &mut output);
        stdout.write_all(&output)?;
    }
    output.clear();
    redactor.finish(&mut output);
    stdout.write_all(&output)?;
    writeln!(stderr, "{} markers", redactor.counts().values().sum::<u64>())
}

/// Tokens, passwords with punctuation, and database URLs.
fn made_up(n: u64, kind: &str) -> Secret {
    let mut state = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut text = |alphabet: &[u8], len: u64| {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..len)
            .map(|_| {
                char::from(alphabet[usize::try_from(next() >> 33).unwrap_or(0) % alphabet.len()])
            })
            .collect::<String>()
    };
    let plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let special =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_{|}~@:\"<>";
    Secret::from(match (kind, n % 4) {
        ("tokens", _) | (_, 0 | 1) => text(plain, 24 + n % 20),
        (_, 2) => text(special, 18),
        _ => format!(
            "postgresql://postgres.ref{n}:{}@aws-1-us-east-1.pooler.supabase.com:5432/postgres",
            text(plain, 16)
        ),
    })
}
