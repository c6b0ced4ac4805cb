//! Help and rules: complete, and no value of the environment in them.

use testbed::Bed;

use super::dsn_align;

#[test]
fn every_command_has_help_that_shows_no_variable() {
    let bed = Bed::new();
    for command in ["", "parse", "readings", "check", "derive", "fix", "probe", "rules"] {
        let args: Vec<&str> =
            [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let output =
            dsn_align(&bed, &args).env("DATABASE_URL", "postgresql://u:CANARYpw@h/db").run();
        assert_eq!(output.code(), 0, "{output}");
        assert!(output.stdout().contains("Usage: dsn-align"), "{output}");
        assert!(!output.stdout().contains("[env:"), "{output}");
    }
}

#[test]
fn every_rule_of_the_schema_is_explained() {
    let bed = Bed::new();
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/schemas/dsn-align.check.1.json");
    let schema: serde_json::Value =
        serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let rules = &schema["properties"]["findings"]["items"]["properties"]["rule"]["enum"];
    let rules = rules.as_array().unwrap();
    let output = dsn_align(&bed, &["rules", "--format", "json"]).run();
    assert_eq!(output.json()["rules"].as_array().map(Vec::len), Some(rules.len()), "{output}");
    let output = dsn_align(&bed, &["rules"]).run();
    assert_eq!(output.stdout().lines().count(), rules.len(), "{output}");
    for rule in rules {
        let output = dsn_align(&bed, &["rules", rule.as_str().unwrap()]).run();
        assert_eq!(output.code(), 0, "{output}");
        assert!(output.stdout().contains("how to mend"), "{output}");
    }
}

#[test]
fn a_connection_string_in_a_wrong_place_is_not_repeated() {
    let bed = Bed::new();
    let output = dsn_align(&bed, &["check", "--formt", "postgresql://u:CANARYpw@h/db"]).run();
    assert_eq!(output.code(), 2, "{output}");
    let output = dsn_align(&bed, &["pase", "postgresql://u:CANARYpw@h/db"]).run();
    assert_eq!(output.code(), 2, "{output}");
}
