//! `parse --resolve`: service file, variables, password file, defaults, and no value in any of it.

use testbed::Bed;

use super::dsn_align;

const SERVICE: &str =
    "[staging]\nhost=h.example\nport=6543\nuser=app\npassword=CANARYsvc\nsslmode=require\n";

#[test]
fn every_value_says_where_it_comes_from() {
    let bed = Bed::new();
    bed.write_mode("vault/pg_service.conf", SERVICE, 0o600);
    let output = dsn_align(&bed, &["parse", "--resolve", "--format", "json"])
        .env("PGSERVICEFILE", bed.path("vault/pg_service.conf").to_str().unwrap())
        .env("PGAPPNAME", "mine")
        .env("PGPORT", "1")
        .stdin("postgresql://?service=staging")
        .run();
    assert_eq!(output.code(), 0, "{output}");
    let answer = output.json();
    assert_eq!(
        answer["fields"].to_string(),
        "{\"user\":\"app\",\"password\":{\"set\":true},\"host\":\"h.example\",\"port\":\"6543\",\"dbname\":\"app\",\"service\":\"staging\",\"sslmode\":\"require\",\"application_name\":\"mine\"}"
    );
    assert_eq!(
        answer["origins"].to_string(),
        "{\"service\":\"string\",\"host\":\"service\",\"port\":\"service\",\"user\":\"service\",\"password\":\"service\",\"sslmode\":\"service\",\"application_name\":\"PGAPPNAME\",\"dbname\":\"default\"}"
    );
}

#[test]
fn a_password_file_counts_only_where_nobody_else_can_read_it() {
    let bed = Bed::new();
    let path = bed.path("vault/pgpass");
    let resolve = || {
        dsn_align(&bed, &["parse", "--resolve"])
            .env("PGPASSFILE", path.to_str().unwrap())
            .stdin("postgresql://u@h.example/db")
            .run()
    };
    bed.write_mode("vault/pgpass", "h.example:5432:db:u:CANARYfile\n", 0o600);
    let output = resolve();
    assert!(output.stdout().contains("password          ***  (passfile)"), "{output}");
    bed.write_mode("vault/pgpass", "h.example:5432:db:u:CANARYfile\n", 0o644);
    let output = resolve();
    assert!(!output.stdout().contains("\npassword "), "{output}");
    assert!(output.stderr().contains("has group or world access"), "{output}");
}

#[test]
fn libpqs_reason_names_the_line_and_not_its_text() {
    let bed = Bed::new();
    bed.write("vault/pg_service.conf", "[staging]\nhost=h.example\npasswrod=CANARYsvc\n");
    let path = bed.path("vault/pg_service.conf");
    let resolve = |text: &str| {
        dsn_align(&bed, &["parse", "--resolve"])
            .env("PGSERVICEFILE", path.to_str().unwrap())
            .stdin(text)
            .run()
    };
    let output = resolve("service=staging");
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("syntax error in service file"), "{output}");
    assert!(output.stderr().contains("line 3"), "{output}");
    let output = resolve("service=CANARYname");
    assert!(output.stderr().contains("definition of service not found"), "{output}");
    let output = resolve("host=h.example sslmode=required");
    assert!(output.stderr().contains("invalid sslmode value"), "{output}");
    assert!(output.stderr().contains("hint: did you mean require?"), "{output}");
    let output = resolve("redis://h.example");
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("leave out --resolve"), "{output}");
}

#[test]
fn each_host_of_a_list_has_its_own_line_in_the_password_file() {
    let bed = Bed::new();
    bed.write_mode(
        "vault/pgpass",
        "b.example:6543:*:*:CANARYb\nc.example:5432:*:*:CANARYc\n",
        0o600,
    );
    let resolve = |format: &str| {
        dsn_align(&bed, &["parse", "--resolve", "--format", format])
            .env("PGPASSFILE", bed.path("vault/pgpass").to_str().unwrap())
            .stdin("postgresql://u@a.example,b.example:6543,c.example/db")
            .run()
    };
    let output = resolve("human");
    assert!(
        output.stdout().contains("passwords         host 1 none, host 2 passfile, host 3 passfile"),
        "{output}"
    );
    let answer = resolve("json").json();
    assert_eq!(answer["password_hosts"].to_string(), "[false,true,true]");
    assert!(answer["fields"]["password"].is_null());
}

#[test]
fn a_directory_that_a_service_is_looked_up_in_is_told_of() {
    let bed = Bed::new();
    let service = "[staging]\nuser=app\nldap://h.example/dc=x?a?base?(cn=CANARY)\nhost=h.example\n";
    bed.write("vault/pg_service.conf", service);
    let path = bed.path("vault/pg_service.conf");
    let path = path.to_str().unwrap();
    let output = dsn_align(&bed, &["parse", "--resolve"])
        .env("PGSERVICEFILE", path)
        .stdin("service=staging")
        .run();
    assert_eq!(output.code(), 0, "{output}");
    assert!(output.stdout().contains("h.example  (service)"), "{output}");
    assert!(output.stderr().contains("warning: line 3 of the service file"), "{output}");
    assert!(output.stderr().contains("names an LDAP server"), "{output}");
    bed.write("a.env", "URL='postgresql://?service=staging'\n");
    bed.write("ops.toml", "version = 1\n[[dsn.place]]\nname = \"a\"\ncanonical = true\nenv-file = \"a.env\"\nkey = \"URL\"\n");
    let output = dsn_align(&bed, &["probe"]).env("PGSERVICEFILE", path).run();
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.stdout().contains("names an LDAP server"), "{output}");
    assert!(output.stdout().contains("hint: ask it with ldapsearch"), "{output}");
}
