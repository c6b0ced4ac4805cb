//! No value of the vault in any file or stream, whatever form it takes on the way.

use crate::ops::{TOKEN, unsigned};
use crate::{faults, open, tool};

/// Programs that print the token in another form; each must be installed everywhere.
const FORMS: [(&str, &str); 14] = [
    ("raw", "printf '%s\\n' \"$FLY_API_TOKEN\""),
    ("twice", "printf '%s%s\\n' \"$FLY_API_TOKEN\" \"$FLY_API_TOKEN\""),
    ("stderr", "printf '%s\\n' \"$FLY_API_TOKEN\" >&2"),
    ("base64", "printf 'x%s' \"$FLY_API_TOKEN\" | base64 -w0"),
    ("hex", "printf '%s' \"$FLY_API_TOKEN\" | od -An -v -tx1 | tr -d ' \\n'"),
    ("dump", "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -v -tx1z"),
    ("dump-alone", "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -An -v -tx1"),
    ("characters", "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -v -c"),
    ("words", "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -v"),
    ("decimal", "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -v -td4"),
    (
        "behind-a-name",
        "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -v -tx1z | sed 's/^/web-1  | /'",
    ),
    (
        "array",
        "printf 'a line, %s\\n' \"$FLY_API_TOKEN\" | od -An -v -tx1 | sed 's/ \\(..\\)/ 0x\\1,/g'",
    ),
    ("wide", "printf '%s\\n' \"$FLY_API_TOKEN\" | base64 -w0 | iconv -f ASCII -t UTF-16LE"),
    (
        "slow",
        "printf '%.9s' \"$FLY_API_TOKEN\"; sleep 0.1; printf '%s\\n' \"${FLY_API_TOKEN#?????????}\"",
    ),
];

#[test]
fn a_value_is_replaced_in_every_form_and_only_its_name_is_recorded() {
    let bed = unsigned();
    let bundle = open(&bed);
    for (label, command) in FORMS {
        let run = ["run", "--into", &bundle, "--label", label, "--env-from", "fly/api_token.env"];
        // The bed's guard looks at what was printed and written.
        let output = tool(&bed).args(run).args(["--", "sh", "-c", command]).run();
        assert_eq!(output.code(), 0, "{output}");
        let shown = format!("{}{}", output.stdout(), output.stderr());
        assert!(shown.contains("[REDACTED:fly/api_token.env:FLY_API_TOKEN]"), "{label}: {shown}");
        for left in
            ["43 41 4e 41 52 59", "C   A   N   A   R   Y", "0x43, 0x41", "041503", "1095516995"]
        {
            assert!(!shown.contains(left), "{label}: {shown}");
        }
    }
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains("\"env\":[\"FLY_API_TOKEN\"]"));
    assert!(
        records.contains(
            "\"redactions\":[{\"rule\":\"fly/api_token.env:FLY_API_TOKEN\",\"count\":1}]"
        )
    );
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

#[test]
fn arguments_labels_and_notes_are_redacted() {
    let bed = unsigned();
    let bundle = open(&bed);
    let run = tool(&bed).args([
        "run",
        "--into",
        &bundle,
        "--label",
        TOKEN,
        "--",
        "echo",
        &format!("--token={TOKEN}"),
    ]);
    assert_eq!(run.run().code(), 0);
    assert_eq!(tool(&bed).args(["note", &bundle, &format!("it is {TOKEN}")]).run().code(), 0);
    assert_eq!(
        tool(&bed).args(["note", &bundle]).stdin(format!("it is {TOKEN}\n")).run().code(),
        0
    );
    let names = bed.command("ls").arg(bundle.as_str()).run();
    assert!(names.stdout().contains("001-REDACTED-fly-api_token.env-FLY_API_TOKEN.out"), "{names}");
}

#[test]
fn a_folder_is_not_named_for_a_secret() {
    let bed = unsigned();
    bed.write("vault/fly/api_token.env", "FLY_API_TOKEN=CANARYkq7Vw2xTzPaB\n");
    for option in ["--name", "--area"] {
        let run = ["run", option, "CANARYkq7Vw2xTzPaB", "--", "touch", "made"];
        assert_eq!(tool(&bed).args(run).run().code(), 125, "{option}");
    }
    assert!(!bed.path("made").exists() && !bed.path("artifacts").exists());
}

#[test]
fn an_expectation_and_an_opened_bundle_do_not_tell_a_secret() {
    let bed = unsigned();
    let token = "CANARYkq7Vw2xTzPaB";
    bed.write("vault/fly/api_token.env", format!("FLY_API_TOKEN={token}\n"));
    let wanted =
        [("--expect-match", format!("^{token}$")), ("--expect-json", format!("/a=\"{token}\""))];
    for (option, wanted) in wanted {
        let run = ["run", "--name", "x", option, &wanted, "--", "touch", "made"];
        let refused = tool(&bed).args(run).run();
        assert_eq!(refused.code(), 125, "{refused}");
        assert!(
            refused.stderr().contains("the expectation holds a value of the vault"),
            "{refused}"
        );
    }
    for named in [vec!["open", token], vec!["open", "x", "--area", token]] {
        let refused = tool(&bed).args(named).run();
        assert_eq!(refused.code(), 2, "{refused}");
    }
    assert!(!bed.path("made").exists() && !bed.path("artifacts").exists());
}

#[test]
fn a_value_that_is_cut_short_is_replaced() {
    let bed = unsigned();
    let bundle = open(&bed);
    let run = ["run", "--into", &bundle, "--env-from", "fly/api_token.env", "--"];
    let script = "printf 'tok %.14s' \"$FLY_API_TOKEN\"";
    let cut = tool(&bed).args(run).args(["sh", "-c", script]).run();
    assert!(cut.stdout().starts_with("tok [REDACTED:"), "{cut}");
    let filtered = tool(&bed).arg("redact").stdin(format!("tok {}", &TOKEN[..14])).run();
    assert!(filtered.stdout().starts_with("tok [REDACTED:"), "{filtered}");
}

#[test]
fn a_vault_file_that_is_missing_is_said_to_be_unknown() {
    let bed = unsigned();
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"gone.env\"\nkeys = { TOKEN = \"any\" }\n");
    let run = tool(&bed).args(["run", "--name", "x", "--", "true"]).run();
    assert_eq!(run.code(), 0);
    let warning = "warning: of the vault gone.env is missing or not to be read, so that nothing of it is redacted";
    assert!(run.stderr().contains(warning), "{run}");
    assert!(tool(&bed).arg("redact").stdin("x").run().stderr().contains(warning));
    let bundle = open(&bed);
    bed.write("f.txt", "x");
    for words in [
        &["run", "-q", "--into", &bundle, "--", "true"][..],
        &["note", &bundle, "words"],
        &["attach", &bundle, "f.txt"],
    ] {
        let warned = tool(&bed).args(words).run();
        assert!(warned.code() == 0 && warned.stderr().contains(warning), "{warned}");
    }
    assert!(bed.read(format!("{bundle}/evidence.jsonl")).contains(r#""unredacted":["gone.env"]"#));
}

#[test]
fn a_secret_that_is_too_short_or_too_common_is_said_to_be_kept() {
    let bed = unsigned();
    let keys =
        ["DB_PASSWORD", "PGSSLMODE", "PIN", "FLAG", "DATABASE_URL", "API_KEY", "SHIPPING", "S"];
    let declared: Vec<String> = keys.iter().map(|key| format!("{key} = \"any\"")).collect();
    let declared = declared.join(", ");
    bed.write("ops.toml", format!("version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"short.env\"\nkeys = {{ {declared} }}\n"));
    bed.write_mode(
        "vault/short.env",
        "DB_PASSWORD=letmein1\nPGSSLMODE=require\nPIN=4711\nFLAG=true\n\
         DATABASE_URL=postgres://app:hunter2@db.example.org/app\nAPI_KEY=\nSHIPPING=fast\nS=Qz7!9x\n",
        0o600,
    );
    let warning = "warning: of the vault short.env:DB_PASSWORD, short.env:PIN, short.env:S, the password in short.env:DATABASE_URL \
                   is too short or too common to be redacted wherever it stands\n";
    let run = tool(&bed).args(["run", "-q", "--name", "x", "--", "echo", "pin 4711"]).run();
    assert_eq!((run.code(), run.stdout()), (0, "pin 4711\n"), "{run}");
    assert_eq!(run.stderr(), warning, "{run}");
    assert_eq!(tool(&bed).arg("redact").stdin("x").run().stderr(), warning);
    let text = "PIN=4711\nS: 'Qz7!9x'\nDB_PASSWORD=letmein123 Qz7!9x\n";
    let redacted = "PIN=[REDACTED:short.env:PIN]\nS: '[REDACTED:short.env:S]'\nDB_PASSWORD=letmein123 Qz7!9x\n";
    let args = ["redact", "--values-only"];
    assert_eq!(tool(&bed).args(args).stdin(text).run().stdout(), redacted);
}

#[test]
fn a_line_of_the_vault_that_readers_dispute_is_told() {
    let bed = unsigned();
    bed.write("vault/d.env", "A=fine-CANARY-1234\nE='zz'CANARY-worE1234\n");
    let run = tool(&bed).args(["run", "-q", "--name", "x", "--", "true"]).run();
    assert_eq!(run.code(), 0);
    assert!(
        run.stderr().contains("of the vault d.env:2 is a line that readers disagree on"),
        "{run}"
    );
}

#[test]
fn a_run_without_a_vault_redacts_by_form() {
    let bed = testbed::Bed::new();
    let bundle = open(&bed);
    let text = "postgres://app:Zk4pQ8vT2wR7mX1n@db.example.org:5432/app";
    let output =
        tool(&bed).args(["run", "--into", &bundle, "--label", "f", "--", "echo", text]).run();
    assert!(!output.stdout().contains("Zk4pQ8vT2wR7mX1n"), "{output}");
    assert!(output.stdout().contains("db.example.org:5432/app"), "{output}");
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(!records.contains("Zk4pQ8vT2wR7mX1n"));
}

#[test]
fn an_argument_is_a_password_by_its_place() {
    let bed = unsigned();
    let bundle = open(&bed);
    let line = "true; curl --version -u \"me:CANARY-only-letters\" > /dev/null";
    for command in [
        &["true", "--password", "CANARY-only-letters"][..],
        &["true", "--token=CANARY-only-letters", "--password", TOKEN],
        &["sh", "-c", line],
    ] {
        let run = tool(&bed).args(["run", "--into", &bundle, "--"]).args(command).unguarded().run();
        assert_ne!(run.code(), 125, "{run}");
    }
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(!records.contains("CANARY"), "{records}");
    assert!(records.contains(r#"["true","--password","[REDACTED:argument]"]"#), "{records}");
    let known = r#"["true","--token=[REDACTED:argument]","--password","[REDACTED:fly/api_token.env:FLY_API_TOKEN]"]"#;
    assert!(records.contains(known), "{records}");
    assert!(records.contains(r#"{"rule":"argument","count":1}"#), "{records}");
}

#[test]
fn the_filter_replaces_and_passes_the_rest() {
    let bed = unsigned();
    let output = tool(&bed).arg("redact").stdin(format!("a {TOKEN} b\n\u{e9}")).run();
    assert_eq!(output.stdout(), "a [REDACTED:fly/api_token.env:FLY_API_TOKEN] b\n\u{e9}");
}

#[test]
fn a_filter_that_knows_no_value_says_so() {
    let check = |bed: &testbed::Bed, why: &str| {
        let text = "x postgres://app:Zk4pQ8vT2wR7mX1n@db.example.org/app";
        let output = tool(bed).arg("redact").stdin(text).run();
        assert_eq!(output.code(), 0, "{output}");
        assert!(!output.stdout().contains("Zk4pQ8vT2wR7mX1n"), "{output}");
        let warning =
            format!("warning: only what is a credential by its form is redacted: {why}\n");
        assert_eq!(output.stderr(), warning);
        // Nothing at all would be replaced.
        let output = tool(bed).args(["redact", "--values-only"]).stdin(text).run();
        assert_eq!(output.code(), 2, "{output}");
        assert_eq!(output.stdout(), "");
        assert!(output.stderr().contains(&format!("no value to redact is known: {why}\n")));
    };
    let bed = testbed::Bed::new();
    check(&bed, "there is no ops.toml in this folder or above it");
    bed.write("ops.toml", "version = 1\n");
    check(&bed, "ops.toml declares no vault");
    bed.write("ops.toml", "version = 1\n[vault]\nroot = \"vault\"\n");
    bed.write("vault/flags.env", "DEBUG=true\n");
    check(&bed, "the vault holds none that can be replaced");
}

#[test]
fn a_command_is_given_its_variables_in_every_mode() {
    let bed = unsigned();
    let bundle = open(&bed);
    for mode in [None, Some("--merge"), Some("--pty")] {
        let run = ["run", "--into", &bundle, "--env-from", "fly/api_token.env"];
        let count = ["--", "sh", "-c", "printf '%s' \"$FLY_API_TOKEN\" | wc -c"];
        let run = tool(&bed).args(run).args(mode).args(count).run();
        assert_eq!(run.stdout().trim(), TOKEN.len().to_string(), "{mode:?}: {run}");
    }
}

#[test]
fn a_file_of_variables_that_is_not_right_is_refused_before_anything_starts() {
    let bed = unsigned();
    bed.write("vault/empty.env", "# nothing\n");
    bed.write("vault/twice.env", "A=1\nA=2\n");
    bed.write("vault/doubtful.env", "A=\"CANARY\\q-kq7V\"\n");
    bed.write("vault/nul.env", "A=CANARY-kq7V\0w2xT\n");
    let refuse =
        |file: &str| tool(&bed).args(["run", "--env-from", file, "--", "touch", "made"]).run();
    insta::assert_snapshot!(refuse("fly/missing.env"), @"
    ------- stderr -------
    error: cannot record the command (the command was not started)
      caused by: cannot give the command the variables of fly/missing.env: there is no such file in the vault
    hint: name it relative to the vault's root, as `fly/api_token.env`; `vault-check check` says what is wrong with one that is there
    [exit status: 125]
    ");
    for (file, why) in [
        ("empty.env", "it has no keys"),
        ("twice.env", "a key is there more than once"),
        ("doubtful.env", "a line is written so that readers disagree on it"),
        ("nul.env", "a line is written so that readers disagree on it"),
        ("../ops.toml", "there is no such file in the vault"),
    ] {
        let refused = refuse(file);
        assert_eq!(refused.code(), 125, "{file}");
        assert!(refused.stderr().contains(why), "{refused}");
    }
    assert!(!bed.path("made").exists() && !bed.path("artifacts").exists());
}

#[test]
fn the_filter_ends_when_nobody_reads_it() {
    let bed = unsigned();
    let program = testbed::bin!("evidence-log");
    let line =
        format!("yes hello | timeout 60 {program} redact | head -1; echo ${{PIPESTATUS[1]}}");
    let ended = bed.command("bash").args(["-c", &line]).unguarded().run();
    assert_eq!(ended.stdout(), "hello\n0\n", "{ended}");
}

#[test]
fn a_command_that_prints_a_whole_large_vault_is_recorded() {
    let bed = unsigned();
    let name = "VARIABLE_WITH_A_LONG_NAME_".repeat(4);
    let lines: Vec<_> = (0..600).map(|n| format!("{name}{n}=CANARY{n}-abcdefgh\n")).collect();
    bed.write("vault/many.env", lines.concat());
    let run = tool(&bed).args(["run", "--name", "x", "--", "cat", "vault/many.env"]).run();
    assert_eq!(run.code(), 0, "{run}");
    let bundle = run.stderr().split_whitespace().nth(1).unwrap().to_owned();
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(records.contains(" more\",\"count\":"), "{records}");
}

#[test]
fn a_value_that_comes_together_on_the_page_is_not_on_it() {
    let bed = unsigned();
    let bundle = open(&bed);
    let (first, last) = TOKEN.split_at(12);
    bed.write("hidden/say", format!("{first}\u{1b}]0;t\u{7}{last}\n"));
    let run = ["run", "--into", &bundle, "--", "cat", "hidden/say"];
    assert_eq!(tool(&bed).args(run).unguarded().run().code(), 0);
    let page = tool(&bed).args(["report", &bundle, "--output", "-"]).run();
    assert!(page.stdout().contains("[REDACTED:fly/api_token.env:FLY_API_TOKEN]"), "{page}");
}

#[test]
fn what_other_programs_read_in_the_vault_is_replaced_too() {
    let bed = unsigned();
    let file = "A=zzCANARY\\$word1234\nC=zzCANARY\"ss\"worC1234\nN='zzCANARY'\\''wordN1234'\nexport K=\"zzCANARYk1234\"; L=zzCANARYl1234\n";
    bed.write("vault/d.env", file);
    let bundle = open(&bed);
    // The bed's guard looks for what is left of the values in all that is printed and kept.
    for line in [". vault/d.env; echo \"$A $C $N $K $L\"", "cat vault/d.env"] {
        let run = ["run", "-q", "--into", &bundle, "--", "sh", "-c", line];
        let ran = tool(&bed).args(run).run();
        assert_eq!(ran.code(), 0, "{ran}");
        for key in ["A", "C", "N", "K"] {
            assert!(ran.stdout().contains(&format!("[REDACTED:d.env:{key}]")), "{ran}");
        }
    }
}

#[test]
fn a_value_in_pieces_that_a_terminal_joins_is_in_no_file() {
    let bed = unsigned();
    let bundle = open(&bed);
    let (first, last) = TOKEN.split_at(12);
    for (label, text) in [
        ("title", format!("{first}\u{1b}]0;t\u{7}{last}\n")),
        ("link", format!("\u{1b}]8;;http://x\u{1b}\\{first}\u{1b}]8;;\u{1b}\\{last}\n")),
        ("corrected", format!("{first}Q\u{8}\u{1b}[K{last}\n")),
    ] {
        bed.write("hidden/say", text);
        let run = ["run", "--into", &bundle, "--label", label, "--", "cat", "hidden/say"];
        let ran = tool(&bed).args(run).unguarded().run();
        assert!(ran.stdout().contains("[REDACTED:fly/api_token.env:FLY_API_TOKEN]"), "{ran}");
        assert!(!ran.stdout().contains(last), "{ran}");
    }
}

#[test]
fn a_correction_that_came_in_pieces_is_masked_in_an_asciicast() {
    let bed = unsigned();
    let bundle = open(&bed);
    let (first, last) = ("zzCANARYkq7V", "w2xTzPaB3dE5");
    bed.write("vault/d.env", format!("A={first}{last}\n"));
    bed.write("hidden/first", format!("{first}Q"));
    bed.write("hidden/last", format!("\u{8} \u{8}{last}\n"));
    // The second piece comes when the first has been seen.
    let program = testbed::bin!("evidence-log");
    let line = format!(
        "mkfifo seen; {program} run -q --into {bundle} -- sh -c 'cat hidden/first; cat seen; cat hidden/last' > said & \
         until grep -q Q said; do sleep 0.02; done; : > seen; wait"
    );
    let ran = bed.command("sh").args(["-c", &line]).unguarded().run();
    assert_eq!(ran.code(), 0, "{ran}");
    let export = ["export", &bundle, "--as", "asciicast", "--anyway", "-o", "x.cast"];
    let exported = tool(&bed).args(export).unguarded().run();
    assert_eq!(exported.code(), 1, "it is not sealed: {exported}");
    let cast = bed.read("x.cast");
    assert!(!cast.contains(first) && !cast.contains(last) && cast.contains("***"), "{cast}");
}

#[test]
fn a_command_that_is_given_a_large_file_of_variables_is_recorded() {
    let bed = unsigned();
    let lines: Vec<_> = (0..3000).map(|n| format!("VARIABLE_{n}=CANARY{n}-abcdefgh\n")).collect();
    bed.write("vault/many.env", lines.concat());
    let run = ["run", "--name", "x", "--env-from", "many.env", "--", "sh", "-c", "echo ran"];
    let ran = tool(&bed).args(run).run();
    assert_eq!((ran.code(), ran.stdout()), (0, "ran\n"), "{ran}");
    let bundle = ran.stderr().split_whitespace().nth(1).unwrap().to_owned();
    let records = bed.read(format!("{bundle}/evidence.jsonl"));
    assert!(
        records.contains("\"env\":[\"VARIABLE_0\",") && records.contains(" more\"]"),
        "{records}"
    );
}
