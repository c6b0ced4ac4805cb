//! Texts put together from what the rules look for: cut anywhere, and of one anchor alone.

use proptest::prelude::*;

use crate::form::{FormMatch, find};
use crate::{Redactor, SecretSet};

proptest! {
    #![proptest_config(crate::redactor::tests::cases(512))]
    /// Texts put together from what the rules look for, so that rules meet and are cut.
    #[test]
    fn chunks_do_not_matter(
        pieces in proptest::collection::vec(0_usize..PIECES.len(), 0..24),
        lengths in proptest::collection::vec(1_usize..12, 1..5),
    ) {
        let input: String = pieces.iter().map(|&piece| PIECES[piece]).collect();
        let set = SecretSet::builder().build();
        let redact = |lengths: &[usize]| {
            let redactor = Redactor::with_forms(&set);
            let output = crate::redactor::tests::redact(redactor, input.as_bytes(), lengths);
            String::from_utf8_lossy(&output).into_owned()
        };
        let whole = redact(&[usize::MAX]);
        prop_assert_eq!(redact(&lengths), whole.clone());
        // One marker stands for what touches and is of one rule.
        let found = find(input.as_bytes());
        let touches = |pair: &&[FormMatch]| {
            pair[0].range.end == pair[1].range.start && pair[0].rule == pair[1].rule
        };
        let expected = found.len() - found.windows(2).filter(touches).count();
        prop_assert_eq!(whole.matches("[REDACTED:").count(), expected);
    }
}

const PIECES: &[&str] = &[
    " ",
    "\n",
    ": ",
    "=",
    "\"",
    "'",
    "@",
    "/",
    ".",
    ",",
    "://",
    "Server=h;",
    ";Pwd=",
    "host=h password = ",
    "postgres",
    "https",
    "user:",
    "kq7Vw2xT",
    "CANARYq7Vw2xTzPaB3dE5fG7",
    "host/db?x",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9",
    ".eyJyb2xlIjoiYW5vbiJ9.",
    "ghp_",
    "xoxb-",
    "fm2_",
    "FlyV1 ",
    "Authorization",
    "Bearer ",
    "token",
    "secret",
    "_hash",
    "Password",
    "**",
    "5e1f0123456789abcdef0123456789ab",
    "Basic ",
    "api_access_token",
    "Cookie",
    "X-Auth-Token: ",
    "; ",
    "curl",
    " -u ",
    "--user ",
    "--password ",
    "ApiKey ",
    "DB_PASS",
    "db_pwd",
    "host=h ",
    " user=u",
    "?password=",
    ";Password=",
    "password='",
    "sommer",
    "\\'",
    "hvs.",
    "ya29.",
    "ALTER USER app PASSWORD '",
    "CREATE USER app IDENTIFIED BY \"",
    "machine h login app password ",
    "h:5432:app:app:",
    "*:*:*:app:",
    "\"auth\": \"",
    "YXBwOlNvbW1lcg==",
    "AccountKey=",
    "mysql -u",
    " -p",
    "redis-cli -a ",
    "sshpass -p ",
    "REDISCLI_AUTH=",
];

/// Each of these once took the square of its length.
#[test]
fn texts_of_anchors_alone_are_searched_in_time() {
    for text in [
        "src/x.pem:-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----",
        "password=",
        "token: ",
        "eyJhbGciOiJIUzI1NiJ9.",
        "-eyJ",
        "Authorization=",
        "password=xa",
        "password='xa",
        "a=b password=c ",
        "?password=",
        "A_PASS=x1",
        "A_PASS=",
        "ya29.a",
        "hvs.",
        "x_token=ab1",
        "sk-ant-",
        "SG.",
        "xoxb-",
        "fm2_/",
        "ALTER USER a PASSWORD 'x",
        "machine h password x",
        "machine a login ",
        "h:5432:a:b:",
        ":*:*:",
        ":*",
        ":5432:",
        "mysql -p",
        "mysql -u root x -p",
        "redis-cli -h h -a",
        "sshpass -p x1 y z",
        "GRANT IDENTIFIED BY 'x",
    ] {
        let text = text.repeat(1_000_000 / text.len());
        let begin = std::time::Instant::now();
        assert!(find(text.as_bytes()).len() <= text.len() / 16);
        let took = begin.elapsed();
        assert!(took < std::time::Duration::from_secs(30), "{}: {took:?}", &text[..9]);
    }
}
