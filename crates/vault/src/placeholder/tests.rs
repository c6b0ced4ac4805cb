//! What is a stand-in and what is not.

use proptest::prelude::*;

use super::{Traits, placeholder};

fn is_stand_in(value: &str) {
    assert!(placeholder("API_KEY", value.as_bytes()).is_some(), "passed as real: {value}");
}

fn is_real(value: &str) {
    assert_eq!(placeholder("API_KEY", value.as_bytes()), None, "taken for a stand-in: {value}");
}

#[test]
fn look_alikes_are_found() {
    is_stand_in("shpat_SYNTH_embed_token_placeholder_2025-10-10");
    is_stand_in("changeme");
    is_stand_in("CHANGEME");
    is_stand_in("changeme123");
    is_stand_in("changethis");
    is_stand_in("replace-this-secret");
    is_stand_in("super-secret-jwt-token-with-at-least-32-characters-long");
    is_stand_in("ENC[AES256_GCM,data:q1w2e3,iv:r4t5,tag:z6u7,type:str]");
    is_stand_in("encrypted:BD8RI3ZgCANARY");
    is_stand_in("sk_live_changeme_please");
    is_stand_in("<password>");
    is_stand_in("{{vault:chatwoot/redis}}");
    is_stand_in(
        "postgresql://postgres.ref:[YOUR-PASSWORD]@aws-1.pooler.supabase.com:5432/postgres",
    );
    is_stand_in(
        "postgresql://postgres.ref:%5BYOUR-PASSWORD%5D@aws-1.pooler.supabase.com:5432/postgres",
    );
    is_stand_in("postgres://user:<your-password>@host/db");
    is_stand_in("postgres://user:%3Cpassword%3E@host/db");
    is_stand_in("postgresql://[user]:[password]@[host]:5432/db");
    is_stand_in("https://h.example/?token=[token]");
    is_stand_in("postgresql://USER:PASSWORD@HOST:5432/DATABASE");
    is_stand_in("postgresql://user:password@localhost/db");
    is_stand_in("redis://default:$REDIS_PW@cache.example.com:6379");
    is_stand_in("https://user:YOUR_TOKEN@git.example.com/a.git");
    is_stand_in("[REDACTED]");
    is_stand_in("[FILTERED]");
    is_stand_in("%%PASSWORD%%");
    is_stand_in("xxx");
    is_stand_in("xxxxxxxxxxxx");
    is_stand_in("fo1_xxxxxxxxxxxxxxxx");
    is_stand_in("0000");
    is_stand_in("00000000-0000-0000-0000-000000000000");
    is_stand_in("1111-1111-1111-1111");
    is_real("11-11");
    is_real("00000000-0000-0000-0000-000000000001");
    is_stand_in("****");
    is_stand_in("fo1_abc\u{2026}");
    is_stand_in("fo1_abc...");
    is_stand_in("\u{2022}\u{2022}\u{2022}\u{2022}abcd");
    is_stand_in("$(cat token)");
    is_stand_in("`cat token`");
    is_stand_in("${FLY_API_TOKEN}");
    is_stand_in("$FLY_API_TOKEN");
    is_stand_in("${FLY_API_TOKEN:-none}");
    is_stand_in("%FLY_API_TOKEN%");
    is_stand_in("op://vault/item/field");
    is_stand_in("api_key");
    is_stand_in("API_KEY");
    is_stand_in("your-token-here");
    is_stand_in("your_api_key");
    is_stand_in("sk_live_your_key");
    is_stand_in("replace-with-real-key");
    is_stand_in("TODO");
    is_stand_in("null");
    is_stand_in("-");
    is_stand_in("\"changeme\"");
    is_stand_in(&["AKIAIOSFODNN7", "EXAMPLE"].concat());
    is_stand_in(&["AKIAI44QH8DHB", "EXAMPLE"].concat());
    is_stand_in(&["wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"].concat());
    is_stand_in(&["je7MtGbClwBF/2Zp9Utk/", "h3yCo8nvbEXAMPLEKEY"].concat());
    is_stand_in("XXXX-XXXX-XXXX");
    is_stand_in("__TOKEN__");
    is_stand_in("@@TOKEN@@");
    is_stand_in("#{TOKEN}");
    is_stand_in("#{ENV['TOKEN']}");
    is_stand_in("postgres://u:#{DB_PASSWORD}@h/d");
    is_stand_in("postgres://u:__DB_PASSWORD__@h/d");
    is_stand_in("<%= ENV[\"X\"] %>");
    is_stand_in("insert_token_here");
    is_stand_in("KEY_GOES_HERE");
    is_stand_in("dummy_token");
    is_stand_in("fake_key");
    is_stand_in("sample_value");
    is_stand_in("my_api_key");
    is_stand_in("yourpassword");
    is_stand_in("not-a-real-token");
    is_stand_in("to-be-provided");
    is_stand_in("aws-sm://prod/x");
    is_stand_in("ref+vault://secret/x#token");
    is_stand_in("secret://vault/x");
    is_stand_in("test");
    is_stand_in("password1");
}

#[test]
fn real_values_are_spared() {
    is_real("sk_test_8fJ2kQ0vX3mN7pR4tW9yB6cD");
    is_real("mytestapp-prod-9f8e7d6c");
    is_real("latest-greatest-8841");
    is_real("FlyV1 fm2_lJPECAAAAAAAAxxxQkJCQkJCQkJCQg==,fm2_abc,fo1_9XtestQ");
    is_real(
        "postgresql://postgres.ref:p%2Fw%21d@aws-1.pooler.supabase.com:5432/postgres?sslmode=require",
    );
    is_real("postgres://user:pa$$w0rd@[::1]:5432/db");
    is_real("11");
    is_real("5432");
    is_real("true");
    is_real("https://hotdash-chatwoot.fly.dev");
    is_real("a<b>c-d9X2qP");
    is_real("p{x}q$1{{");
    is_real("rediss://default:xoxo@redis.upstash.io:6379");
    is_real("deadbeef00000000deadbeef");
    is_real("{\"type\": \"service_account\", \"scopes\": [\"a b\"]}");
    is_real("contest-winner");
    is_real("pass-the-salt-please");
    is_real("__token__");
    is_real("my-app");
    is_real("test_user");
    is_real("sample_db");
    is_real("correct-horse-battery-staple");
    is_real("xoxb-xxa-12");
    is_real("XOXO-XOXO");
    is_real("p#{x}q");
    is_real("s3://my-bucket/key");
    is_real("https://example.com/akia");
    is_real("https://vault.example.com:8200");
    is_real(&format!("your-{}", "kq7Vw2xTzP".repeat(6)));
    is_real("$A9");
    is_real("le-changement-d9X2qP");
    is_real("kq7Vw2xTzP3...kq7V");
    is_real("[db-host.example.com]:2222 ssh-ed25519 AAAAC3NzaCANARYkq7V");
    is_real("https://h.example/hooks?filter[name]=open&filter%5Bkey%5D=a&a[user][name]=b");
}

#[test]
fn bytes_that_are_no_text_are_no_stand_in() {
    assert_eq!(placeholder("A", b"\xff\xfe"), None);
}

proptest! {
    #[test]
    fn random_tokens_are_real(token in "[A-Za-wyz0-9]{24,64}") {
        prop_assume!(!token.to_ascii_lowercase().contains("changeme"));
        prop_assert_eq!(placeholder("API_KEY", token.as_bytes()), None);
    }

    #[test]
    fn any_bytes_are_judged(value in prop::collection::vec(any::<u8>(), 0..80)) {
        placeholder("API_KEY", &value);
    }
}

proptest! {
    #[test]
    fn a_look_at_telling_places_sees_what_a_look_at_all_does(
        pieces in proptest::collection::vec(
            prop_oneof![
                "[a-zA-Z0-9./*xX…é-]{0,4}",
                "(?i)placeh|chang|change|replac|insert|your|exampl|example|examplekey|akia|asia|eyjzdw|xxxxxx",
                "\\*\\*\\*|\\.\\.\\.|<|\\[|%|\\$|\\{|`|•|#\\{",
            ],
            0..6,
        ),
        cut in 0_usize..3,
    ) {
        let text = pieces.concat();
        let text = &text.as_bytes()[cut.min(text.len())..];
        let mut all = Traits::default();
        (0..text.len()).for_each(|at| all.look(text, at));
        prop_assert_eq!(Traits::of(text), all);
    }
}
