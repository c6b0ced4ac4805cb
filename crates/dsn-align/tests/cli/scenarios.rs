//! The field study's scenarios about connection strings, end to end.

use super::{POOLER, SPLIT, dsn_align, repo, rules};

const SUPABASE: &str = "provider = [\"supabase\"]\nmode = [\"session\"]\nsslmode = \"require\"";

#[test]
fn a_quoted_exported_value_is_whole_and_nothing_is_executed() {
    let value = "postgresql://postgres.synthref:p%2FCANARY%21d@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require&application_name=x%3D1";
    let file = format!(
        "\u{feff}# the vault's own\r\nPADDED=Q0FOQVJZ==\r\nexport DATABASE_URL='{value}'\r\nTRAP=\"$HOME `touch gone` $(touch gone)\"\r\n"
    );
    let bed = repo(SUPABASE, &file, "");
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), [""; 0], "{output}");
    assert_eq!(output.code(), 0);
    assert!(!bed.path("gone").exists());
    let twice = repo(SUPABASE, &format!("{file}DATABASE_URL='{value}'\r\n"), "");
    let found = dsn_align(&twice, &["check", "--format", "json"]).run();
    assert_eq!(rules(&found.json()), ["duplicate-key DATABASE_URL"], "{found}");
    let output = dsn_align(&bed, &["parse", "--place", "vault-staging", "--format", "json"]).run();
    let answer = output.json();
    assert_eq!(answer["fields"]["application_name"], "x=1", "{output}");
    assert_eq!(answer["fields"]["user"], "postgres.synthref");
    assert_eq!((&answer["provider"], &answer["mode"]), (&"supabase".into(), &"session".into()));
}

#[test]
fn a_session_pooler_string_is_split_for_chatwoot() {
    for port in ["5432", "6543"] {
        let bed = repo("", &POOLER.replace(":5432/", &format!(":{port}/")), "");
        let output =
            dsn_align(&bed, &["derive", "--to", "split:POSTGRES"]).stdout_holds_secrets().run();
        assert_eq!(output.code(), 0, "{output}");
        let expected = format!(
            "POSTGRES_HOST=aws-1-us-east-1.pooler.supabase.com\nPOSTGRES_PORT={port}\n\
             POSTGRES_USERNAME=postgres.synthref\nPOSTGRES_PASSWORD=p/CANARY!d\n\
             POSTGRES_DATABASE=postgres\nPGSSLMODE=require\n"
        );
        assert!(output.stdout() == expected, "the lines are not the expected ones");
    }
    let bed = repo("", POOLER, "");
    let output = dsn_align(&bed, &["check"]).run();
    assert!(
        output.stdout().contains("all clients share one small pool: scale workers to 0"),
        "{output}"
    );
}

#[test]
fn the_urgent_order_gets_a_finding_for_each_of_its_mistakes() {
    let policy = "provider = [\"supabase\"]\nmode = [\"direct\"]\nsslmode = \"require\"";
    let bed = repo(policy, POOLER, SPLIT);
    bed.write(
        "vault/occ/chatwoot/postgres_staging.env",
        "POSTGRES_HOST=aws-1-us-east-1.pooler.supabase.com\nPOSTGRES_PORT=5432\nPOSTGRES_USER=postgres\n\
         POSTGRES_PASSWORD=p%2FCANARY%21d\nPOSTGRES_DATABASE=postgres\nPGSSLMODE=require\n",
    );
    let output = dsn_align(&bed, &["check", "chatwoot-split", "--format", "json"]).run();
    assert_eq!(
        rules(&output.json()),
        [
            "split-incomplete POSTGRES_USERNAME",
            "wrong-user POSTGRES_HOST",
            "policy-mode POSTGRES_PORT",
            "encoded-twice POSTGRES_PASSWORD",
        ],
        "{output}"
    );
    assert_eq!(output.code(), 1);
    let human = dsn_align(&bed, &["check", "chatwoot-split"]).run();
    for said in [
        "hint: rename POSTGRES_USER to POSTGRES_USERNAME",
        "port 5432 on a pooler host is session mode; policy allows direct",
        "Tenant or user not found",
        "hint: write the plain password",
    ] {
        assert!(human.stdout().contains(said), "{said}: {human}");
    }
}

#[test]
fn thirteen_guesses_get_one_stable_class_each() {
    let cases = [
        (
            "postgresql://prisma.synthref:CANARYpw@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require",
            &[][..],
        ),
        (
            "postgresql://postgres:CANARYpw@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require",
            &["wrong-user"],
        ),
        (
            "postgresql://postgres:CANARYpw@aws-0-us-east-1.pooler.supabase.com:6543/postgres?sslmode=require",
            &["policy-mode", "wrong-user"],
        ),
        (
            "postgresql://postgres.synthref:CANARYpw@aws-1-us-east-1.pooler.supabase.com:6543/postgres?sslmode=require",
            &["policy-mode"],
        ),
        (
            "postgresql://postgres:CANARYpw@db.synthref.supabase.co:5432/postgres?sslmode=require",
            &["policy-mode"],
        ),
        (
            "postgresql://postgres.synthref:CANARYpw@db.synthref.supabase.co:5432/postgres?sslmode=require",
            &["policy-mode", "wrong-user"],
        ),
        (
            "postgresql://postgres:CANARYpw@db.synthref.supabase.co:6543/postgres?sslmode=require",
            &["policy-mode"],
        ),
        (
            "postgresql://postgres.synthref:CANARYpw@synthref.pooler.supabase.com:5432/postgres?sslmode=require",
            &["wrong-host"],
        ),
        (
            "postgresql://postgres.synthref:CANARYpw@203.0.113.7:5432/postgres?sslmode=require",
            &["policy-provider", "wrong-host"],
        ),
        (
            "postgresql://postgres.synthref:CANARYpw@aws-1-us-east-1.pooler.supabase.com:6543/postgres?pgbouncer=true",
            &["refused"],
        ),
        ("https://synthref.supabase.co/rest?apikey=CANARYpw", &["refused"]),
        (
            "postgresql://postgres.synthref:CANARY@pw@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require",
            &["not-encoded"],
        ),
        (
            "postgresql://postgres.synthref:CANARY/pw@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require",
            &["not-encoded"],
        ),
    ];
    for (text, expected) in cases {
        let bed = repo(SUPABASE, &format!("DATABASE_URL='{text}'\n"), "");
        let first = dsn_align(&bed, &["check", "--format", "json"]).run();
        let again = dsn_align(&bed, &["check", "--format", "json"]).run();
        assert_eq!(first.stdout(), again.stdout());
        let mut found: Vec<String> = rules(&first.json())
            .iter()
            .map(|rule| rule.split(' ').next().unwrap_or_default().to_owned())
            .collect();
        found.sort();
        if expected == ["not-encoded"] {
            // The raw character is the cause; whatever else it breaks is found beside it.
            assert!(found.iter().any(|rule| rule == "not-encoded"), "{found:?}");
        } else {
            assert_eq!(found, expected, "{first}");
        }
    }
}

#[test]
fn only_allowed_providers_pass_and_redis_only_where_it_is_meant() {
    for host in ["app-db.flycast", "app-db.internal", "top2.nearest.of.app-db.internal"] {
        let text = format!(
            "DATABASE_URL=postgresql://postgres:CANARYpw@{host}:5432/chatwoot?sslmode=require\n"
        );
        let bed = repo("provider = [\"supabase\"]", &text, "");
        let output = dsn_align(&bed, &["check", "--format", "json"]).run();
        assert_eq!(rules(&output.json()), ["policy-provider DATABASE_URL"], "{output}");
        assert_eq!(output.code(), 1);
        let message = output.json()["findings"].to_string();
        assert!(message.contains("fly-postgres; policy allows supabase"), "{output}");
    }
    let redis = "rediss://default:CANARYpw@synth.upstash.io:6379";
    let bed = repo("provider = [\"supabase\"]", &format!("DATABASE_URL={redis}\n"), "");
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), ["refused DATABASE_URL"], "{output}");
    let more = "\n[[dsn.place]]\nname = \"redis\"\nenv-file = \"vault/occ/chatwoot/redis_staging.env\"\nkey = \"REDIS_URL\"\ngroup = \"redis\"\ncanonical = true\n";
    let bed = repo("provider = [\"supabase\"]", POOLER, more);
    bed.write("vault/occ/chatwoot/redis_staging.env", format!("REDIS_URL={redis}\n"));
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), [""; 0], "{output}");
    bed.write(
        "vault/occ/chatwoot/redis_staging.env",
        format!("REDIS_URL={}\n", redis.replace("rediss", "redis")),
    );
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(rules(&output.json()), ["plain-redis REDIS_URL"], "{output}");
}
