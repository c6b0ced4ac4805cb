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
    assert!(derive("rails").contains("prepared_statements=false"));
    assert!(derive("node").contains("uselibpqcompat=true"));
    assert!(derive("jdbc").starts_with("JDBC_DATABASE_URL='jdbc:postgresql://aws-1-us-east-1.pooler.supabase.com:6543/postgres?user=postgres.synthref&password=p%2FC"));
    assert!(derive("sqlalchemy").starts_with("SQLALCHEMY_DATABASE_URI=postgresql://"));
    let output = dsn_align(&bed, &["derive", "--to", "psql"]).run();
    assert_eq!(output.code(), 2);
}

/// The canonical string, and one place with another string that its reader is to read.
fn with_place(canonical: &str, place: &str, line: &str) -> testbed::Bed {
    let more = format!(
        "\n[[dsn.place]]\nname = \"app\"\nenv-file = \"vault/occ/app.env\"\nkey = \"URL\"\n{place}\n"
    );
    let bed = repo("", canonical, &more);
    bed.write("vault/occ/app.env", line);
    bed
}

#[test]
fn fix_writes_lists_of_hosts_where_the_reader_takes_them() {
    for (reader, line, begins) in [
        (
            "jdbc",
            "URL='jdbc:postgresql://a.example:5432/db?user=u&password=CANARYpw'\n",
            "URL='jdbc:postgresql://a.example:5432,b.example:5433,[::1]:5434/db?user=u",
        ),
        (
            "npgsql",
            "URL='Host=a.example;Username=u;Password=CANARYpw;Database=db;Pooling=true'\n",
            "URL='Host=a.example:5432,b.example:5433,[::1]:5434;Username=u",
        ),
    ] {
        let canonical = "DATABASE_URL='postgresql://u:CANARYpw@a.example,b.example:5433,[::1]:5434/db?sslmode=require&load_balance_hosts=random'\n";
        let bed = with_place(canonical, &format!("reader = \"{reader}\""), line);
        let output = dsn_align(&bed, &["fix", "--write"]).run();
        assert_eq!(output.code(), 0, "{output}");
        assert!(bed.read("vault/occ/app.env").starts_with(begins), "{reader}: {output}");
        assert_eq!(dsn_align(&bed, &["fix"]).run().code(), 0, "{output}");
        let output = dsn_align(&bed, &["check", "--format", "json"]).run();
        assert!(!super::rules(&output.json()).iter().any(|rule| rule == "differs"), "{output}");
    }
}

#[test]
fn fix_writes_the_form_that_the_reader_reads() {
    for (reader, line, begins) in [
        (
            "jdbc",
            "URL='jdbc:postgresql://old.example:5432/db?user=u&password=CANARYold&ApplicationName=a&targetServerType=primary'\n",
            "URL='jdbc:postgresql://aws-1-us-east-1.pooler.supabase.com:5432/postgres?user=",
        ),
        (
            "npgsql",
            "URL='Host=old.example;Username=u;Password=CANARYold;SSL Mode=Require;Pooling=true'\n",
            "URL='Host=aws-1-us-east-1.pooler.supabase.com;Port=5432;Username=",
        ),
        (
            "sqlalchemy",
            "URL=postgresql+psycopg://u:CANARYold@old.example/db\n",
            "URL='postgresql+psycopg://postgres.synthref:",
        ),
    ] {
        let canonical = POOLER.trim_end();
        let canonical = format!("{canonical}&connect_timeout=5&target_session_attrs=any\n");
        let bed = with_place(&canonical, &format!("reader = \"{reader}\""), line);
        let output = dsn_align(&bed, &["fix", "--write"]).run();
        assert_eq!(output.code(), 0, "{output}");
        assert!(bed.read("vault/occ/app.env").starts_with(begins), "{reader}");
        let output = dsn_align(&bed, &["check", "--format", "json"]).run();
        assert_eq!(super::rules(&output.json()), Vec::<String>::new(), "{output}");
        assert_eq!(dsn_align(&bed, &["fix"]).run().code(), 0, "{output}");
    }
}

#[test]
fn what_a_shell_would_run_is_not_written() {
    let canonical = "DATABASE_URL=\"postgresql://u:CANARYa%27%60touch%20X%60b9@h.example:5432/db?sslmode=require\"\n";
    let bed = repo("", canonical, SPLIT);
    let path = "vault/occ/chatwoot/postgres_staging.env";
    bed.write_mode(path, DRIFTED, 0o600);
    let output = dsn_align(&bed, &["fix", "--write"]).run();
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.stdout().contains("left alone: POSTGRES_PASSWORD: no quotes carry"), "{output}");
    assert!(output.stdout().contains("choose another password"), "{output}");
    assert!(bed.read(path) == DRIFTED, "nothing is written");
    let output = dsn_align(&bed, &["derive", "--to", "split:DB"]).run();
    assert_eq!(output.code(), 2, "{output}");
    assert_eq!(output.stdout(), "");
    assert!(output.stderr().contains("writing DB_PASSWORD: no quotes carry"), "{output}");
    assert!(output.stderr().contains("hint: percent-encode it in a URL"), "{output}");
    let output = dsn_align(&bed, &["derive", "--to", "rails"]).stdout_holds_secrets().run();
    assert_eq!(output.code(), 0, "{output}");
}

#[test]
fn an_empty_value_is_no_string() {
    let bed = repo("", "DATABASE_URL=\n", "");
    let output = dsn_align(&bed, &["check", "--format", "json"]).run();
    assert_eq!(super::rules(&output.json()), ["missing DATABASE_URL"], "{output}");
    assert_eq!(output.code(), 1);
    for args in [["derive", "--to", "libpq"], ["parse", "--place", "vault-staging"]] {
        let output = dsn_align(&bed, &args).run();
        assert_eq!(output.code(), 2, "{output}");
        assert!(output.stderr().contains("its value is empty"), "{output}");
    }
}

#[test]
fn a_fifo_is_no_env_file() {
    let bed = repo("", POOLER, "");
    let path = bed.path("vault/occ/supabase/database_url_staging.env");
    std::fs::remove_file(&path).unwrap();
    duct::cmd!("mkfifo", &path).run().unwrap();
    for args in [
        ["check"].as_slice(),
        &["probe"],
        &["fix"],
        &["derive", "--to", "libpq"],
        &["parse", "--place", "vault-staging"],
        &["readings", "--place", "vault-staging"],
    ] {
        let output = dsn_align(&bed, args).run();
        assert_eq!(output.code(), if args == ["fix"] { 0 } else { 2 }, "{output}");
        if args != ["fix"] {
            assert!(output.stderr().contains("not a regular file"), "{output}");
        }
    }
}

#[test]
fn a_correct_place_with_a_form_of_its_own_is_clean() {
    let policy = "sslmode = \"require\"";
    for (reader, line) in [
        (
            "jdbc",
            "URL='jdbc:postgresql://h.example:5432/db?user=u&password=CANARYpw&sslmode=require'\n",
        ),
        (
            "npgsql",
            "URL='Host=h.example;Port=5432;Username=u;Password=CANARYpw;Database=db;SSL Mode=Require'\n",
        ),
        ("libpq", "URL=\"postgresql://u:CANARY'(pw)@h.example:5432/db?sslmode=require\"\n"),
    ] {
        let password = if reader == "libpq" { "CANARY%27%28pw%29" } else { "CANARYpw" };
        let canonical =
            format!("DATABASE_URL=postgresql://u:{password}@h.example:5432/db?sslmode=require\n");
        let bed = with_place(&canonical, &format!("reader = \"{reader}\""), line);
        let ops =
            bed.read("ops.toml").replace("[dsn.policy]\n", &format!("[dsn.policy]\n{policy}\n"));
        bed.write("ops.toml", ops);
        let output = dsn_align(&bed, &["check", "--format", "json"]).run();
        assert_eq!(super::rules(&output.json()), Vec::<String>::new(), "{reader}: {output}");
    }
    let more = "reader = \"npgsql\"\n";
    let bed = repo(
        "",
        "DATABASE_URL='Host=h.example;Port=5432;Username=u;Password=CANARYpw;Database=db;SSL Mode=Require'\n",
        more,
    );
    let output = dsn_align(&bed, &["derive", "--to", "libpq"]).stdout_holds_secrets().run();
    assert!(output.stdout().trim_end().ends_with("sslmode=require"), "{output}");
}
