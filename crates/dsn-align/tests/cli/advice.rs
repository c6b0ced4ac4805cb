//! What Chatwoot and its like trip over: hybrids, budgets, lost ports and TLS, each with what to type.

use super::{POOLER, SPLIT, dsn_align, repo, rules};

const PATH: &str = "vault/occ/chatwoot/postgres_staging.env";
const SPLIT_KEYS: &str = "POSTGRES_HOST=aws-1-us-east-1.pooler.supabase.com\nPOSTGRES_PORT=5432\nPOSTGRES_USERNAME=postgres.synthref\nPOSTGRES_PASSWORD=p/CANARY!d\nPOSTGRES_DATABASE=postgres\n";

#[test]
fn a_hybrid_is_compared_field_by_field() {
    let bed = repo("", POOLER, SPLIT);
    let check = |url: &str| {
        bed.write(PATH, format!("{SPLIT_KEYS}PGSSLMODE=require\nDATABASE_URL='{url}'\n"));
        let output = dsn_align(&bed, &["check", "chatwoot-split"]).run();
        let lines = output.stdout().lines().skip_while(|line| !line.contains("[hybrid]"));
        lines.take(2).map(str::trim).collect::<Vec<_>>().join("\n")
    };
    let same = POOLER.trim().trim_start_matches("DATABASE_URL=");
    assert!(check(same).contains("both mean the same today"));
    let said = check("postgresql://other:CANARYpw@elsewhere.example/postgres");
    assert!(said.contains("they differ in host, user, password, where the URL counts"), "{said}");
    assert!(said.contains("port comes from the split keys, since the URL sets none"), "{said}");
    assert!(said.contains("hint: take DATABASE_URL away"), "{said}");
    let whole = repo("", POOLER, "");
    whole.write(
        "vault/occ/supabase/database_url_staging.env",
        format!("{POOLER}POSTGRES_HOST=other.example\n"),
    );
    let output = dsn_align(&whole, &["check"]).run();
    assert!(output.stdout().contains("they differ in host, where the URL counts"), "{output}");
}

#[test]
fn what_chatwoot_cannot_start_with_is_found() {
    let rails = "\n[[dsn.place]]\nname = \"app\"\nenv-file = \"vault/app.env\"\nkey = \"DATABASE_URL\"\nreader = \"rails\"\n";
    let bed = repo("", POOLER, &format!("{rails}{SPLIT}"));
    bed.write("vault/app.env", POOLER.replace(":5432/", "/"));
    bed.write(PATH, SPLIT_KEYS.replace("p/CANARY!d", "'p\"CANARY\\d'"));
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    let found = rules(&output.json());
    for rule in ["no-port DATABASE_URL", "no-tls POSTGRES_HOST", "yaml-unsafe POSTGRES_PASSWORD"] {
        assert!(found.iter().any(|found| found == rule), "{rule}: {found:?}");
    }
    let output = dsn_align(&bed, &["check"]).run();
    for hint in [
        "hint: write :5432 after the host",
        "hint: add PGSSLMODE=require to the same file",
        "hint: use DATABASE_URL for this value",
    ] {
        assert!(output.stdout().contains(hint), "{hint}: {output}");
    }
}

#[test]
fn two_redis_passwords_are_compared() {
    let redis = "\n[[dsn.place]]\nname = \"redis\"\nenv-file = \"vault/redis.env\"\nkey = \"REDIS_URL\"\ngroup = \"redis\"\ncanonical = true\n";
    let bed = repo("", POOLER, redis);
    let check = |password: &str| {
        bed.write(
            "vault/redis.env",
            format!(
                "REDIS_URL=rediss://default:CANARYone@r.example:6379\nREDIS_PASSWORD={password}\n"
            ),
        );
        let output = dsn_align(&bed, &["check", "redis", "--format", "json"]).run();
        rules(&output.json())
    };
    assert_eq!(check("CANARYone"), [""; 0]);
    assert_eq!(check("CANARYtwo"), ["redis-password REDIS_URL"]);
}

#[test]
fn the_budget_shows_its_arithmetic() {
    let budget = "
[dsn.budget]
limit = 15
reserve = 1
overlap = 2
[[dsn.budget.process]]
name = \"web\"
threads = 5
[[dsn.budget.process]]
name = \"sidekiq\"
threads = 10
";
    let bed = repo("", POOLER, budget);
    let output = dsn_align(&bed, &["check"]).run();
    assert_eq!(output.code(), 1);
    for said in [
        "ops.toml:",
        "web 1 × 1 × 5 = 5, sidekiq 1 × 1 × 10 = 10; together (5 + 10) × 2 side by side + 1 in reserve = 31, and the limit is 15 [pool-budget]",
        "hint: at most 7 fit where 15 are planned",
    ] {
        assert!(output.stdout().contains(said), "{said}: {output}");
    }
    let bed = repo("", POOLER, &budget.replace("limit = 15", "limit = 31"));
    let output = dsn_align(&bed, &["check"]).run();
    assert_eq!(output.code(), 0, "{output}");
    assert!(output.stdout().contains("= 31 of 31"), "{output}");
}

#[test]
fn a_client_that_prepares_statements_is_told_so_behind_a_transaction_pooler() {
    let more = |reader: &str| {
        format!(
            "\n[[dsn.place]]\nname = \"app\"\nenv-file = \"vault/app.env\"\nkey = \"URL\"\ngroup = \"app\"\ncanonical = true\nreader = \"{reader}\"\n"
        )
    };
    let check = |reader: &str, parameters: &str| {
        let bed = repo("", POOLER, &more(reader));
        let url = POOLER.trim().trim_start_matches("DATABASE_URL=").replace(":5432/", ":6543/");
        bed.write("vault/app.env", format!("URL='{url}{parameters}'\n"));
        let output = dsn_align(&bed, &["check", "app", "--format", "json"]).run();
        rules(&output.json()).iter().any(|rule| rule == "session-expected URL")
    };
    for (reader, parameters) in [
        ("rails", "&prepared_statements=false"),
        ("prisma", "&pgbouncer=true"),
        ("sqlx", "&statement-cache-capacity=0"),
        ("pgx", "&default_query_exec_mode=exec"),
    ] {
        assert!(check(reader, ""), "{reader}");
        assert!(!check(reader, parameters), "{reader}");
    }
    assert!(!check("libpq", ""));
}

#[test]
fn what_libpq_refuses_at_connect_is_found_before() {
    for (parameters, said) in [
        ("sslmode=required", "invalid sslmode value"),
        ("sslmode=require&target_session_attrs=write", "invalid target_session_attrs value"),
    ] {
        let bed = repo("", &POOLER.replace("sslmode=require", parameters), "");
        let output = dsn_align(&bed, &["check"]).run();
        assert_eq!(output.code(), 1, "{output}");
        assert!(output.stdout().contains(said), "{output}");
    }
    let bed = repo("", &POOLER.replace(":5432", ":99999"), "");
    let output = dsn_align(&bed, &["check"]).run();
    assert!(output.stdout().contains("invalid port number"), "{output}");
}
