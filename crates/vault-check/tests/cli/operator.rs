//! The smallest operator's repo in which all is well.

use testbed::{Bed, Output};

/// A connection string with a percent-encoded password and an `&`.
pub(crate) const DSN: &str = "postgresql://postgres.synthref:p%2Fw%21dCANARY@aws-1-us-east-1.pooler.supabase.com:5432/postgres?sslmode=require&x=1";

/// A token of Fly's.
pub(crate) const FLY_TOKEN: &str = "fo1_CANARYabcdefghijklmnopqrstuv";

const OPS: &str = r#"version = 1
[vault]
root = "vault/occ"
[[vault.file]]
path = "fly/api_token.env"
keys = { FLY_API_TOKEN = "fly-token" }
owner = "deployment"
for = ["preflight"]
[[vault.file]]
path = "supabase/database_url_staging.env"
keys = { DATABASE_URL = "postgres-url" }
environment = "staging"
rotate = "90d"
for = ["preflight", "align"]
[[vault.file]]
path = "chatwoot/redis_staging.env"
keys = { REDIS_URL = "redis-url" }
environment = "staging"
for = ["preflight"]
"#;

/// A bed with three credentials.
pub(crate) struct Operator {
    pub(crate) bed: Bed,
}

impl Operator {
    pub(crate) fn new() -> Operator {
        let bed = Bed::new();
        let today = today();
        bed.write("ops.toml", OPS);
        bed.write(
            "vault/occ/fly/api_token.env",
            format!(
                "# rotated: {today}\nFLY_API_TOKEN='FlyV1 fm2_CANARYlJPECAAAAAAAA,fm2_CANARYabc'\n"
            ),
        );
        bed.write(
            "vault/occ/supabase/database_url_staging.env",
            format!("# rotated: {today}\nDATABASE_URL='{DSN}'\n"),
        );
        bed.write(
            "vault/occ/chatwoot/redis_staging.env",
            format!(
                "# rotated: {today}\nREDIS_URL=rediss://default:CANARYp4ss@redis.upstash.io:6379\n"
            ),
        );
        Operator { bed }
    }

    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Output {
        self.bed.command(testbed::bin!("vault-check")).args(args).run()
    }
}

#[expect(clippy::disallowed_methods, reason = "the program that is tested has no other clock")]
fn today() -> String {
    chrono::Utc::now().date_naive().to_string()
}
