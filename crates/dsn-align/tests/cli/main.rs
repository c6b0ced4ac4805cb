//! Tests of the real `dsn-align` program.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod advice;
mod answers;
mod expected;
mod help;
mod mend;
mod names;
mod places;
mod pooler;
mod probe;
mod resolve;
mod scenarios;
mod servers;

use testbed::{Bed, Command};

/// A call of the program in a bed.
fn dsn_align<'bed>(bed: &'bed Bed, args: &[&str]) -> Command<'bed> {
    bed.command(testbed::bin!("dsn-align")).args(args.iter().copied())
}

/// An operator's repo with one canonical place and, beside it, whatever else `more` declares.
fn repo(policy: &str, canonical: &str, more: &str) -> Bed {
    let bed = Bed::new();
    let ops = format!(
        r#"version = 1
[dsn.policy]
{policy}
[[dsn.place]]
name = "vault-staging"
env-file = "vault/occ/supabase/database_url_staging.env"
key = "DATABASE_URL"
canonical = true
{more}"#
    );
    bed.write("ops.toml", ops);
    bed.write("vault/occ/supabase/database_url_staging.env", canonical);
    bed
}

/// The rules of a run's findings, with the key each is about.
fn rules(answer: &serde_json::Value) -> Vec<String> {
    let findings = answer["findings"].as_array().into_iter().flatten();
    findings
        .filter(|finding| finding["level"] != "note")
        .map(|finding| {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            format!("{} {}", text(&finding["rule"]), text(&finding["subject"]["key"]))
        })
        .collect()
}

const POOLER: &str = "DATABASE_URL=postgresql://postgres.synthref:p%2FCANARY%21d@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require\n";

const SPLIT: &str = r#"
[[dsn.place]]
name = "chatwoot-split"
env-file = "vault/occ/chatwoot/postgres_staging.env"
split = { host = "POSTGRES_HOST", port = "POSTGRES_PORT", user = "POSTGRES_USERNAME", password = "POSTGRES_PASSWORD", dbname = "POSTGRES_DATABASE" }
reader = "rails"
"#;
