//! `derive` and `fix`: what is written, what is not touched, what is never shown.

use super::{POOLER, SPLIT, dsn_align, repo};

const DRIFTED: &str = "# kept\r\nPOSTGRES_HOST=old.example   # kept too\r\nPOSTGRES_PORT=5432\r\nOTHER='x y'\r\nPOSTGRES_USERNAME=postgres.synthref\r\nPOSTGRES_PASSWORD=p%2FCANARY%21d\r\nPOSTGRES_DATABASE=postgres\r\n";

#[test]
fn fix_shows_names_and_writes_only_what_differs() {
    let bed = repo("", POOLER, SPLIT);
    let path = "vault/occ/chatwoot/postgres_staging.env";
    bed.write_mode(path, DRIFTED, 0o600);
    let output = dsn_align(&bed, &["fix", "--format", "json"]).run();
    assert_eq!(output.code(), 1);
    assert_eq!(
        output.stdout(),
        "{\"schema\":\"dsn-align/fix/1\",\"written\":false,\"edits\":[\
         {\"place\":\"chatwoot-split\",\"path\":\"vault/occ/chatwoot/postgres_staging.env\",\"line\":2,\"key\":\"POSTGRES_HOST\",\"change\":\"set\",\"fields\":[\"host\"]},\
         {\"place\":\"chatwoot-split\",\"path\":\"vault/occ/chatwoot/postgres_staging.env\",\"line\":6,\"key\":\"POSTGRES_PASSWORD\",\"change\":\"set\",\"fields\":[\"password\"]},\
         {\"place\":\"chatwoot-split\",\"path\":\"vault/occ/chatwoot/postgres_staging.env\",\"key\":\"PGSSLMODE\",\"change\":\"add\",\"fields\":[\"sslmode\"]}],\"left\":[]}\n"
    );
    assert!(bed.read(path) == DRIFTED, "nothing is written without --write");
    let output = dsn_align(&bed, &["fix", "--write"]).run();
    assert_eq!(output.code(), 0, "{output}");
    let expected = DRIFTED
        .replace("old.example", "aws-1-us-east-1.pooler.supabase.com")
        .replace("p%2FCANARY%21d", "p/CANARY!d")
        + "PGSSLMODE=require\r\n";
    assert!(bed.read(path) == expected, "only the differing values change");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(bed.path(path)).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(dsn_align(&bed, &["check"]).run().code(), 0);
    assert_eq!(dsn_align(&bed, &["fix"]).run().code(), 0);
}

#[test]
fn fix_keeps_a_places_own_parameters() {
    let more =
        "\n[[dsn.place]]\nname = \"copy\"\nenv-file = \"vault/occ/copy.env\"\nkey = \"URL\"\n";
    let bed = repo("", POOLER, more);
    bed.write(
        "vault/occ/copy.env",
        "URL='postgresql://u:CANARYold@old.example/db?application_name=copy'\n",
    );
    let output = dsn_align(&bed, &["fix", "--write"]).run();
    assert_eq!(output.code(), 0, "{output}");
    let expected = POOLER
        .trim_end()
        .replace("DATABASE_URL=", "URL='")
        .replace("postgres?sslmode=require", "postgres?sslmode=require&application_name=copy'\n");
    assert!(bed.read("vault/occ/copy.env") == expected, "the parameter stays");
}

#[test]
fn derive_writes_a_private_file_that_it_makes() {
    let bed = repo("", POOLER, "");
    let args = ["derive", "--to", "split:POSTGRES", "--output", "vault/split.env"];
    let output = dsn_align(&bed, &args).run();
    assert_eq!(output.code(), 0, "{output}");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(bed.path("vault/split.env")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let output = dsn_align(&bed, &args).run();
    assert_eq!(output.code(), 2);
    assert!(output.stderr().contains("the file is there already"), "{output}");
}

#[test]
fn derive_knows_each_clients_needs() {
    let bed = repo("", &POOLER.replace(":5432/", ":6543/"), "");
    let derive = |form: &str| {
        let output = dsn_align(&bed, &["derive", "--to", form]).stdout_holds_secrets().run();
        assert_eq!(output.code(), 0, "{output}");
        output.stdout().to_owned()
    };
    assert!(derive("prisma").contains("sslmode=require&pgbouncer=true"));
    assert!(derive("node").contains("uselibpqcompat=true"));
    assert!(derive("jdbc").starts_with("JDBC_DATABASE_URL='jdbc:postgresql://aws-1-us-east-1.pooler.supabase.com:6543/postgres?user=postgres.synthref&password=p%2FC"));
    assert!(derive("sqlalchemy").starts_with("SQLALCHEMY_DATABASE_URI=postgresql://"));
    let output = dsn_align(&bed, &["derive", "--to", "psql"]).run();
    assert_eq!(output.code(), 2);
}
