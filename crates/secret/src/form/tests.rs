//! What is a credential by form, and what only looks like one.

mod chunks;
mod connection;
mod logins;
mod samples;

use super::*;
use crate::{Redactor, SecretSet};

/// `input` with each match replaced by its rule.
fn marked(input: &str) -> String {
    let mut out = String::new();
    let mut said = 0;
    for found in find(input.as_bytes()) {
        out += &input[said..found.range.start];
        out.extend(["<", found.rule, ">"]);
        said = found.range.end;
    }
    out + &input[said..]
}

fn check(input: &str, expected: &str) {
    assert_eq!(marked(input), expected);
    let set = SecretSet::builder().build();
    for shift in 0..24 {
        let text = format!("{}{input}{}", " ".repeat(shift), "\n".repeat(24 - shift));
        assert_eq!(set.find_with_forms(text.as_bytes()).1, find(text.as_bytes()), "{shift}");
    }
}

fn spared(inputs: &[&str]) {
    for input in inputs {
        check(input, input);
    }
}

#[test]
fn tokens_with_a_checksum() {
    let good = checksum::complete("ghp_", "CANARY0123456789abcdefghijklmn");
    check(&format!("token {good}."), "token <github-token>.");
    check(&checksum::complete("npm_", "CANARY0123456789abcdefghijklmn"), "<npm-token>");
    spared(&[
        "ghp_0123456789012345678901234567890123ab",
        "ghp_short",
        "npm_config_registry",
        &good.replace("ghp", "xghp"),
    ]);
}

#[test]
fn tokens_with_a_prefix() {
    let cases = [
        ("AKIAQYLPMN5HFIQR7XYA", "aws-key"),
        ("xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOHcBrzzqy", "slack-token"),
        ("sk_live_CANARYqLyjWDarjtT1zdp7dc", "stripe-key"),
        ("fo1_CANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7tU9v", "fly-token"),
        ("fm2_lJPECAAAAAAAAAAAxBCANARYq7Vw2xTzPaB3dE5fG7hJ9kL+/1==", "fly-token"),
        ("sbp_0123456789abcdef0123456789abcdef01234567", "supabase-key"),
        ("sb_secret_CANARYq7Vw2xTzPaB3dE5f", "supabase-key"),
        ("AIzaSyCANARYq7Vw2xTzPaB3dE5fG7hJ9kL1m23", "google-key"),
        ("shpat_0123456789abcdef0123456789abcdef", "shopify-token"),
        ("glpat-CANARYq7Vw2xTzPaB3dE", "gitlab-token"),
        ("sk-ant-api03-CANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3", "anthropic-key"),
        ("ya29.a0AfCANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3_-x", "google-key"),
        ("ya29.c.b0AaCANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3", "google-key"),
        ("hvs.CAESICANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3", "hashicorp-token"),
        ("hvr.CANARYq7Vw2xTzPaB3dE5fG7", "hashicorp-token"),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.CANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7",
            "jwt",
        ),
    ];
    for (token, rule) in cases {
        check(&format!("x {token}, y"), &format!("x <{rule}>, y"));
        check(&format!("x={token}"), &format!("x=<{rule}>"));
    }
    check(
        "FlyV1 fm2_lJPECAAAAAAAAAAAxBCANARYq7Vw2xTzPaB3d,fm2_lJPETAAAAAAAAAAAxBCANARYq7Vw2xTzPaB3d",
        "FlyV1 <fly-token>,<fly-token>",
    );
    spared(&[
        "AKIAIOSFODNN7EXAMPLE",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        "sb_publishable_abc123",
        "ya29.example",
        "ya29.0123456789.abcdefghijklmnopqrstuvwxyz",
        "xya29.a0AfCANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3",
        "hvs.close_the_connection_to_server_2",
        "hvb.CAESICANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3",
        "lib/hvs.CAES",
        "eyJhbGciOiJIUzI1NiJ9.x.y",
    ]);
}

#[test]
fn batch_tokens_are_long() {
    let token = format!("hvb.AAAAAQ{}", "CANARYq7Vw2xTzPaB3-_".repeat(5));
    check(&format!("x {token}. y"), "x <hashicorp-token>. y");
}

/// Facebook's `EAA…` alone is in every source map, and is looked for behind labels.
#[test]
fn tokens_of_facebook_behind_their_labels() {
    let token = "EAAGm0PX4ZCpsBACANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7ZD";
    check(&format!("/me?access_token={token}&x=1"), "/me?access_token=<assigned-token>&x=1");
    check(&format!("Authorization: OAuth {token}"), "Authorization: OAuth <auth-header>");
    spared(&[
        "\"mappings\":\";AAAA,SAASA,EAAEC,GAAGC,IAAI,EAAEA,CAAC,EAAED\"",
        "EAAAAAAACgAMAAYABQAIAAoAAAAAAQQADAAAAAgACAAAAAQACAAAAAQAAAABAAAAFAAA",
    ]);
}

#[test]
fn short_labels_of_passwords() {
    check("DB_PASS=hunter2x", "DB_PASS=<assigned-password>");
    check("export SMTP_PWD='CANARYp4ss'", "export SMTP_PWD='<assigned-password>'");
    check("\"MYSQL_PASS\": \"CANARYp4ss\",", "\"MYSQL_PASS\": \"<assigned-password>\",");
    check("DB_PASSWD=CANARYp4ss", "DB_PASSWD=<assigned-password>");
    check("smtp_pass: kq7Vw2xT", "smtp_pass: <assigned-password>");
    check("db_pwd = \"p4/w!d,x9\"", "db_pwd = \"<assigned-password>\"");
    spared(&[
        "DB_PASS=$PASS2",
        "DB_PASS=${SECRET_2}",
        "DB_PASS=<your-pass-1>",
        "DB_PASS=changeme1",
        "DB_PASS=secret",
        "DB_PASS=/run/secrets/db2",
        "DB_PWD=./secrets/db2.txt",
        "OLD_PWD=/home/user1/x",
        "DB_PASS=aaaa11",
        "pub const ESCAPE_DEFRAG_PASS: D3D_ESCAPE_OPERATION = 3i32;",
        "DB_PASS_FILE=kq7Vw2xT",
        "N_PASS: 12",
        "TEST_PASS 12ms in_2_runs",
        "render_pass: RenderPass2d,",
        "let second_pass = pass2_of_module;",
        "depth_pass = pass_2(x)",
        "BYPASS=kq7Vw2xT",
        "band_pass: 20Hz-20kHz",
        "high_pass=440Hz2",
        "shadow_pass: Pass2D",
        "DB_PASS=arn:aws:ssm:eu-1:1:parameter/db1",
        "DB_PASS=@db1pass@",
        "_PASSAGE=kq7Vw2xT",
        "first_pass = 2 * x1",
    ]);
}

#[test]
fn what_leads_to_a_password_is_none() {
    spared(&[
        "DB_PASS=process.env.DB2_PASS",
        "password: process.env.PG1_PASSWORD",
        "DB_PASSWORD: config.db1.password",
        "SMTP_PASSWORD: import.meta.env.VITE_X1",
        "'password' => 'required|min:8'",
        "auth_verbose_passwords=no|plain|sha1",
        "pub const ERROR_WRONG_PASSWORD: WIN32_ERROR = 1323u32;",
        "pub Password: super::super::Win32::UNICODE_STRING,",
        "password: crate::Secret2,",
        "DB_PASSWORD=vault:secret/db1#x",
        "--sasl-password=projects/123/secrets/my-secret/versions/1",
        "/etc/passwd:eli:x:2098:1000:Eli",
        "GRPASSWD|5.005000|5.005000|Vn",
        "hvs.getElementByIdentifierName1234()",
        "setup (ownerPassword=ownerPassword@entry=0x1165830, x=1)",
        "\u{8}PasswordEprotobuf:\"bytes,2,opt,name=words,proto3\"",
        "host=myhost user=myuser password=mypassword dbname=x",
        "log: host=a user=b password=incorrect",
    ]);
    check("DB_PASSWORD=p4.ss|w0rd", "DB_PASSWORD=<assigned-password>");
    check("DB_PASSWORD=config4u2", "DB_PASSWORD=<assigned-password>");
    check("DB_PASSWORD=u32x1323", "DB_PASSWORD=<assigned-password>");
}

#[test]
fn an_escape_before_a_token_is_no_part_of_it() {
    let token = format!("shpat_{}", "0a1b2c3d".repeat(4));
    for before in [
        "\\n",
        "\\t",
        "\\r\\n",
        "\\\\n",
        "%20",
        "%3D",
        "%3d",
        "=3D",
        "\\u0022",
        "\\x22",
        "\u{1b}[32m",
        "\u{1b}[0;1;32m",
        "\\x1b[1m",
        "\\u001b[32m",
        "\\033[m",
    ] {
        check(&format!("\"x{before}{token}\""), &format!("\"x{before}<shopify-token>\""));
    }
    for before in ["n", "20", "%2", "u0022", "x22", "\\u022", "=33", "32m", "[3xm", "\\a"] {
        spared(&[&format!("\"x{before}{token}\"")]);
    }
}

#[test]
fn private_keys() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    let block =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n{body}\n-----END RSA PRIVATE KEY-----");
    check(&format!("a {block}\nb"), "a <private-key>\nb");
    check(&format!("\"{}\\n\",", block.replace('\n', "\\n")), "\"<private-key>\\n\",");
    check(&format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n;rest"), "<private-key>\n;rest");
    spared(&[
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        &format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"),
        "grep -e '-----BEGIN RSA PRIVATE KEY-----' file",
    ]);
}

#[test]
fn values_after_a_label() {
    let token = "CANARYq7Vw2xTzPaB3dE5fG7";
    let hex = "0123456789abcdef0123456789abcdef";
    check(&format!("api_access_token: {token}"), "api_access_token: <auth-header>");
    check(
        &format!("-H 'Authorization: Bearer {token}'"),
        "-H 'Authorization: Bearer <auth-header>'",
    );
    check(
        &format!("{{\"client_secret\": \"{token}\"}}"),
        "{\"client_secret\": \"<assigned-token>\"}",
    );
    check(
        &format!("export CHATWOOT_TOKEN_STAGING={token}"),
        "export CHATWOOT_TOKEN_STAGING=<assigned-token>",
    );
    check(&format!("API_KEY={hex}"), "API_KEY=<assigned-token>");
    check(&format!("a token {hex} was used"), "a token <assigned-token> was used");
    check("**Password**: SYNTHpass1", "**Password**: <assigned-password>");
    check("- **Password:** `SYNTHpass1`.", "- **Password:** `<assigned-password>`.");
    check("PGPASSWORD='p4/w!d,x9' psql", "PGPASSWORD='<assigned-password>' psql");
    check("mysql --password kq7Vw2xT db", "mysql --password <assigned-password> db");
    check("redis://[REDACTED:X]:kq7Vw2xT@h", "redis://[REDACTED:X]:<connection-string>@h");
    check("X-Auth-Token: kq7Vw2xTzPaB3dE5", "X-Auth-Token: <assigned-token>");
    check("x-api-key: kq7Vw2xTzPaB3dE5", "x-api-key: <assigned-token>");
    check("> Authorization: Basic dXNlcjpodW50ZXIy\r", "> Authorization: Basic <auth-header>\r");
    check("Authorization: Basic authentication", "Authorization: Basic authentication");
    check("Authorization: ApiKey kq7Vw2xTzPaB3dE5", "Authorization: ApiKey <auth-header>");
    check("authorization: token kq7Vw2xTzPaB3dE5", "authorization: token <auth-header>");
    spared(&[
        "Authorization: Bearer $TOKEN",
        "Authorization: Bearer <token>",
        "Authorization: Bearer ***",
        "api_access_token: [REDACTED:X]",
        "redis://[REDACTED:redis.env:REDIS_URL]@10.0.0.7:6379/1",
        "curl -u [REDACTED:stripe.env:STRIPE_KEY]: https://h",
        "token_sha256: 9f2c0123456789abcdef0123456789abcdef9f2c0123456789abcdef01234567",
        "password: string;",
        "Password: required",
        "const token = generateTokenForUser2(id)",
        "secret: process.env.SESSION_SECRET_V2",
        "password=\"$PGPASSWORD\"",
        "password_changed: 2025-10-11T02:15:33Z",
        "tokens: 12345",
        "token: artifacts/ops/run-2025-10-11T02-15-33Z/out.json",
        "Password: ",
        "password: ${{ secrets.DB_PASSWORD_2 }}",
        "the secret is 42",
    ]);
}

#[test]
fn values_of_elements_of_xml() {
    check("<password>kq7Vw2xT</password>", "<password><assigned-password></password>");
    check("<s:proxyPassword>kq7Vw2xT<", "<s:proxyPassword><assigned-password><");
    check("<apiToken>kq7Vw2xTzPaB3dE5fG7h<", "<apiToken><assigned-token><");
    for head in ["<add key=\"Db", "<add key=\"app:Smtp.", "<property name=\"db"] {
        check(
            &format!("{head}Password\" value=\"kq7Vw2xT\"/>"),
            &format!("{head}Password\" value=\"<assigned-password>\"/>"),
        );
    }
    check(
        "<add key=\"ApiToken\" value=\"kq7Vw2xTzPaB3dE5fG7h\" />",
        "<add key=\"ApiToken\" value=\"<assigned-token>\" />",
    );
    spared(&[
        "<add key=\"DbPassword\" value=\"\"/>",
        "<add key=\"DbPassword\" value=\"${DB_PASSWORD1}\"/>",
        "<add key=\"DbPassword\" value=\"#{Db2.Password}\"/>",
        "<add key=\"DbPassword\" value=\"%DB2_PASSWORD%\"/>",
        "<add key=\"PasswordPolicy\" value=\"kq7Vw2xT\"/>",
        "<property name=\"password\" value=\"${db2.password}\"/>",
        "<input name=\"password\" value=\"kq7Vw2xT\">",
        "<password>${env.PW1}</password>",
        "<password>{COQLCE6DU6GtcS5P=}</password>",
        "<password></password>kq7Vw2xT",
        "<password-hash>kq7Vw2xT</password-hash>",
        "new List<Password> list1",
        "Vec<Password>::with1(2)",
    ]);
}

#[test]
fn a_setting_named_after_passwords_is_none() {
    spared(&[
        "#password_encryption = scram-sha-256\t# scram-sha-256 or md5",
        "ALTER SYSTEM SET password_encryption = 'scram-sha-256';",
        "password_scheme = SHA512-CRYPT",
        "password_method: pbkdf2_sha256",
        "PASSWORD_ALGORITHM=argon2id",
        "password-scheme-sodium: ARGON2I",
        "default_pass_scheme_of_password: SHA512-CRYPT",
        "password: PBKDF2_SHA256",
        "password_hashing_v2 = scram-sha-256",
    ]);
    check("DB_PASSWORD=sha512-kq7V", "DB_PASSWORD=<assigned-password>");
    check("DB_PASSWORD=2argon-77", "DB_PASSWORD=<assigned-password>");
    check("PASSWORD_ENCRYPTION_SALT=kq7Vw2xT", "PASSWORD_ENCRYPTION_SALT=<assigned-password>");
    check(
        "TOKEN_ENCRYPTION_KEY=CANARYkq7Vw2xTzPaB3dE5fG7",
        "TOKEN_ENCRYPTION_KEY=<assigned-token>",
    );
}

#[test]
fn cookies_and_logins_on_command_lines() {
    check(
        "Set-Cookie: _session=kq7Vw2xTzPaB3dE5fG7hJ9%2Fabc--D4f; path=/; HttpOnly\r",
        "Set-Cookie: _session=<cookie>; path=/; HttpOnly\r",
    );
    check(
        "> Cookie: theme=dark; sid=s%3Akq7Vw2xTzPaB3dE5; id=8f14e45fceea167a5a36dedd4bea2543\n",
        "> Cookie: theme=dark; sid=<cookie>\n",
    );
    check("{\"cookie\": \"sid=kq7Vw2xTzPaB3dE5\"}", "{\"cookie\": \"sid=<cookie>\"}");
    check("curl -sS -u admin:kq7Vw2xT https://h", "curl -sS -u admin:<command-login> https://h");
    check("curl --user 'a:kq7Vw2xT' h", "curl --user 'a:<command-login>' h");
    check("curl --user=a:kq7Vw2xT h", "curl --user=a:<command-login> h");
    spared(&[
        "Set-Cookie: theme=dark; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=3600",
        "Cookie: _ga=GA1.2.1234567890.1600000000; lang=en-GB",
        "cookie: document.cookie.split(';').map(x => x.trim())",
        "Cookies: session_store=redis-cluster-production",
        "docker run -u 1000:1000b7 image",
        "curl -u admin:$PASSWORD https://h",
        "curl -u admin: https://h",
        "curl --user-agent chrome:v120x86 h",
        "chown --user web:data7x file",
        "psql --password  prompt for a password2 first",
        "  --password PASSWORD  the password to use",
        "Authorization: see docs/auth-v2.md",
        "x-request-token: none",
    ]);
}

#[test]
fn public_values_that_look_random_are_spared() {
    spared(&[
        "commit 86f40937b5d0b6a1c9ed6a6ff1ab2c3d4e5f6071",
        "sha256:9f2c0123456789abcdef0123456789abcdef9f2c0123456789abcdef01234567",
        "registry.fly.io/hotdash-chatwoot:deployment-01K7ABCDEFGHJKMNPQRSTVWXYZ",
        "artifacts/integrations/chatwoot-2025-10-11T02-15-33Z.json",
        "DATABASE_URL  a331102148f18977  2025-10-11T02:15:33Z",
        "entry 01JD4QZX8N9V7M6K5H3G2F1E0D",
        "550e8400-e29b-41d4-a716-446655440000",
    ]);
}

/// The redaction scenario: what must go goes in every copy, cut and coloured anywhere; what must stay stays.
#[test]
fn redaction_both_ways() {
    let secrets = [
        "postgresql://postgres.synthref:SYNTHp4s@aws-1-us-east-1.pooler.supabase.com:5432/postgres",
        "rediss://default:SYNTHredis77@h.upstash.io:6379",
        "api_access_token: SYNTHq7Vw2xTzPaB3dE5fG7h",
        "**Password**: SYNTHpass1",
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.SYNTHq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7",
        "token=5e1f0123456789abcdef0123456789ab",
    ];
    let gone = ["SYNTH", "5e1f0123"];
    let kept = [
        "86f40937b5d0b6a1c9ed6a6ff1ab2c3d4e5f6071",
        "registry.fly.io/app:deployment-01K7ABCDEFGHJKMNPQRSTVWXYZ",
        "artifacts/ops/run-2025-10-11T02-15-33Z.json",
        "a331102148f18977",
    ];
    let set = SecretSet::builder().build();
    let plain = [&secrets[..], &kept, &secrets].concat().join("\n");
    let coloured =
        plain.replace("SYNTH", "SY\x1b[31mNTH\x1b[0m").replace("5e1f", "\x1b[1m5e\x1b[0m1f");
    for (input, len) in
        [&plain, &coloured].into_iter().flat_map(|input| (1..60).map(move |len| (input, len)))
    {
        let mut redactor = Redactor::with_forms(&set);
        let mut output = Vec::new();
        for piece in input.as_bytes().chunks(len) {
            redactor.push(piece, &mut output);
        }
        redactor.finish(&mut output);
        let output = String::from_utf8_lossy(&output).into_owned();
        for part in gone {
            assert!(!output.contains(part), "{part} in pieces of {len}: {output}");
        }
        for part in kept {
            assert!(output.contains(part), "{part} in pieces of {len}: {output}");
        }
        assert_eq!(redactor.counts().values().sum::<u64>(), 12, "{output}");
    }
}

#[test]
fn rules_are_sorted_and_named_once() {
    assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
}
