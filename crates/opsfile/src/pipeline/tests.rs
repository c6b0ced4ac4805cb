//! What `[pipeline]` and `[toolchain]` accept, and how they refuse.

use std::time::Duration;

use super::OnFailure;
use crate::check::{example, read, refusal, refusal_of_example};

const RUN: &str = "run = [\"vault-check\", \"check\", \"--for\", \"preflight\"]";
const AUTH: &str = "run = [\"fly-secrets\", \"auth\", \"--app\", \"hotdash-chatwoot\"]";
const ATTEMPTS: &str = "attempts = 2 ";

fn with_run(run: &str) -> String {
    refusal_of_example(RUN, &format!("run = {run}"))
}

#[test]
fn a_step_is_read_with_all_its_keys() {
    let keys = r#"attempts = 2
wait = "5s"
approve = true
on-failure = "continue"
item = "fly-auth"
env-from = ["fly/api_token.env"]
needs = ["vault"]
expect = { exit = [0, 1], match = ["^ok$"], json = { "/state" = "a\"b", "/n" = 3, "/on" = true } }
parallel = true
repeatable = true
"#;
    let ops = read(&example().replace(ATTEMPTS, keys)).expect("this is right");
    let pipeline = ops.pipeline("preflight").expect("it is declared");
    assert_eq!(
        (pipeline.title.as_str(), pipeline.role.as_str()),
        ("Chatwoot preflight", "chatwoot")
    );
    assert_eq!(pipeline.area.as_deref(), Some("integrations/chatwoot-fly-deployment"));
    let [first, step] = pipeline.step.as_slice() else { panic!("the example has two steps") };
    assert_eq!(
        (first.attempts, first.wait, first.expect.exit.as_slice()),
        (1, Duration::ZERO, [0].as_slice())
    );
    assert_eq!((first.on_failure, first.approve, first.timeout), (OnFailure::Halt, false, None));
    assert_eq!(
        (step.on_failure, step.approve, step.wait),
        (OnFailure::Continue, true, Duration::from_secs(5))
    );
    assert_eq!(
        (step.item.as_deref(), step.needs.as_slice()),
        (Some("fly-auth"), ["vault".to_owned()].as_slice())
    );
    assert_eq!(step.env_from, ["fly/api_token.env"]);
    assert_eq!(step.expect.exit, [0, 1]);
    assert_eq!(step.expect.matches, ["^ok$"]);
    let json: Vec<String> =
        step.expect.json.iter().map(|(pointer, value)| format!("{pointer}={value}")).collect();
    assert_eq!(json, [r#"/state="a\"b""#, "/n=3", "/on=true"]);
    assert!(step.parallel && step.repeatable && !first.parallel && !first.repeatable);
}

#[test]
fn a_lock_names_an_app_and_an_item_stands_in_the_checklist() {
    let title = "title = \"Chatwoot preflight\"";
    let lock = |name: &str| format!("{title}\nlock = \"{name}\"");
    let text = example().replace(title, &lock("hotdash-chatwoot"));
    let pipelines = read(&text).expect("this is right").pipelines;
    assert_eq!(pipelines[0].lock.as_deref(), Some("hotdash-chatwoot"));
    insta::assert_snapshot!(refusal_of_example(title, &lock("hotdash-chatwood")), @"
    48:8: pipeline.preflight.lock: no [[fly.app]] has this name
    hint: did you mean `hotdash-chatwoot`?
    ");
    let item = "[readiness]\nitem = [{ id = 'fly-auth', title = 'x', owner = 'y' }]\n";
    let step = format!("{AUTH}\nitem = \"fly-oath\"");
    insta::assert_snapshot!(refusal(&format!("{}{item}", example().replace(AUTH, &step))), @"
    56:8: pipeline.preflight.step[1].item: no [[readiness.item]] has this id
    hint: did you mean `fly-auth`?
    ");
}

#[test]
fn what_is_wrong_with_an_expectation_is_said_with_its_place() {
    let expect = |text: &str| refusal_of_example(AUTH, &format!("{AUTH}\nexpect = {{ {text} }}"));
    insta::assert_snapshot!(expect("match = ['(']"), @"56:21: pipeline.preflight.step[1].expect.match[0]: must be a regular expression; at its character 1: unclosed group");
    insta::assert_snapshot!(expect("json = { state = 'ok' }"), @r#"56:21: pipeline.preflight.step[1].expect.json.state: must be a JSON pointer, as "/status""#);
    insta::assert_snapshot!(expect("json = { '/state' = [1] }"), @r#"56:32: pipeline.preflight.step[1].expect.json."/state": must be text, a whole number, or true or false, is a list"#);
    insta::assert_snapshot!(expect("matches = ['a']"), @"
    56:12: pipeline.preflight.step[1].expect.matches: unknown key
    hint: did you mean `match`?
    ");
}

#[test]
fn pipelines_keep_the_order_of_the_file() {
    let step = "step = [{ id = 'a', run = ['git', 'status'] }]";
    let text = format!(
        "version = 1\n[feedback]\nroles = {{ r = {{ file = 'r.md', owner = 'r' }} }}\n[pipeline.z]\ntitle = 'z'\nrole = 'r'\n{step}\n[pipeline.a]\ntitle = 'a'\nrole = 'r'\n{step}\n"
    );
    let names: Vec<_> =
        read(&text).expect("this is right").pipelines.into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["z", "a"]);
}

#[test]
fn a_step_runs_what_is_known() {
    for run in [
        "[\"git\", \"status\"]",
        "[\"scripts/smoke.sh\", \"--fast\"]",
        "[\"./smoke\"]",
        "[\"evidence-log\", \"--help\"]",
        "[\"feedback-append\", \"--role\", \"chatwoot\"]",
        "[\"xtask\", \"probe\", \"http\", \"--app=hotdash-chatwoot\"]",
        "[\"evidence-log\", \"run\", \"--\", \"vault-check\", \"--for\", \"x\"]",
    ] {
        let text = example().replace(RUN, &format!("run = {run}"));
        assert!(read(&text).is_ok(), "{run}: {:?}", read(&text));
    }
    let fly = example().replace(RUN, "run = [\"fly\", \"deploy\"]");
    assert!(read(&format!("{fly}[toolchain]\nfly = \">=0.3\"\n")).is_ok());
}

#[test]
fn an_unknown_tool_is_refused_with_the_nearest() {
    insta::assert_snapshot!(with_run("[\"vault-chek\", \"check\"]"), @"
    52:8: pipeline.preflight.step[0].run[0]: unknown tool
    hint: did you mean `vault-check`?
    ");
    insta::assert_snapshot!(with_run("[\"fly\", \"deploy\"]"), @"
    52:8: pipeline.preflight.step[0].run[0]: unknown tool
    hint: did you mean `fly-secrets`?
    ");
    insta::assert_snapshot!(with_run("[\"../bin/smoke\"]"), @"52:8: pipeline.preflight.step[0].run[0]: the program leaves the repo: `..` is not allowed");
    insta::assert_snapshot!(with_run("[\"/usr/bin/env\"]"), @"52:8: pipeline.preflight.step[0].run[0]: the program must be a relative path");
    insta::assert_snapshot!(with_run("[\"\"]"), @"52:8: pipeline.preflight.step[0].run[0]: must name a program");
    insta::assert_snapshot!(with_run("[]"), @"52:7: pipeline.preflight.step[0].run: must name a program");
    insta::assert_snapshot!(with_run("\"vault-check check\""), @"52:7: pipeline.preflight.step[0].run: must be a list, is text");
    insta::assert_snapshot!(with_run("[\"git\", 3]"), @"52:15: pipeline.preflight.step[0].run[1]: must be text, is a whole number");
    insta::assert_snapshot!(with_run("[\"git\", \"a\\u0000b\"]"), @"52:15: pipeline.preflight.step[0].run[1]: must not contain NUL");
    let near = example().replace(RUN, "run = [\"flyy\"]");
    insta::assert_snapshot!(refusal(&format!("{near}[toolchain]\nfly = \"*\"\n")), @"
    52:8: pipeline.preflight.step[0].run[0]: unknown tool
    hint: did you mean `fly`?
    ");
}

#[test]
fn arguments_of_our_tools_name_what_is_declared() {
    insta::assert_snapshot!(with_run("[\"vault-check\", \"chekc\"]"), @"
    52:23: pipeline.preflight.step[0].run[1]: the tool has no such command
    hint: did you mean `check`?
    ");
    insta::assert_snapshot!(with_run("[\"vault-check\", \"check\", \"--for\", \"prefligth\"]"), @"
    52:41: pipeline.preflight.step[0].run[3]: no [[vault.file]] is for this purpose
    hint: did you mean `preflight`?
    ");
    insta::assert_snapshot!(with_run("[\"vault-check\", \"check\", \"--for=deploy\"]"), @"52:32: pipeline.preflight.step[0].run[2]: no [[vault.file]] is for this purpose");
    insta::assert_snapshot!(with_run("[\"fly-secrets\", \"plan\", \"--app\", \"hotdash\"]"), @"
    52:40: pipeline.preflight.step[0].run[3]: no [[fly.app]] has this name
    hint: did you mean `hotdash-chatwoot`?
    ");
    insta::assert_snapshot!(with_run("[\"xtask\", \"probe\", \"http\", \"--app\", \"hotdash-chatwoo\"]"), @"
    52:43: pipeline.preflight.step[0].run[4]: no [[fly.app]] has this name
    hint: did you mean `hotdash-chatwoot`?
    ");
    insta::assert_snapshot!(with_run("[\"feedback-append\", \"--role\", \"chatwood\"]"), @"
    52:37: pipeline.preflight.step[0].run[2]: [feedback] has no such role
    hint: did you mean `chatwoot`?
    ");
    insta::assert_snapshot!(with_run("[\"dsn-align\", \"derive\", \"--from\", \"vault\"]"), @"
    52:41: pipeline.preflight.step[0].run[3]: no [[dsn.place]] has this name
    hint: did you mean `vault-staging`?
    ");
}

#[test]
fn a_step_refers_to_what_is_there() {
    let step = |keys: &str| refusal_of_example(ATTEMPTS, &format!("{keys}\n"));
    insta::assert_snapshot!(step("env-from = [\"fly/api-token.env\"]"), @"
    57:13: pipeline.preflight.step[1].env-from[0]: no [[vault.file]] declares this env file
    hint: did you mean `fly/api_token.env`?
    ");
    insta::assert_snapshot!(step("env-from = [\"../api_token.env\"]"), @"57:13: pipeline.preflight.step[1].env-from[0]: leaves the repo: `..` is not allowed");
    insta::assert_snapshot!(step("env-from = []"), @"57:12: pipeline.preflight.step[1].env-from: must not be an empty list");
    insta::assert_snapshot!(step("needs = [\"valt\"]"), @"
    57:10: pipeline.preflight.step[1].needs[0]: no earlier step has this id
    hint: did you mean `vault`?
    ");
    insta::assert_snapshot!(step("needs = [\"fly-auth\"]"), @"57:10: pipeline.preflight.step[1].needs[0]: no earlier step has this id");
    insta::assert_snapshot!(step("on-failure = \"stop\""), @"57:14: pipeline.preflight.step[1].on-failure: must be one of `halt`, `continue`");
    insta::assert_snapshot!(step("attempts = 0"), @"57:12: pipeline.preflight.step[1].attempts: must be a whole number from 1 to 100");
    insta::assert_snapshot!(step("attempts = -1"), @"57:12: pipeline.preflight.step[1].attempts: must be a whole number from 1 to 100");
    insta::assert_snapshot!(step("attempts = 1.5"), @"57:12: pipeline.preflight.step[1].attempts: must be a whole number, is a number");
    insta::assert_snapshot!(step("wait = \"0s\""), @r#"57:8: pipeline.preflight.step[1].wait: must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as "30s""#);
    insta::assert_snapshot!(step("expect = { exit = [256] }"), @"57:20: pipeline.preflight.step[1].expect.exit[0]: must be a whole number from 0 to 255");
    insta::assert_snapshot!(step("expect = { exit = [] }"), @"57:19: pipeline.preflight.step[1].expect.exit: must not be an empty list");
    insta::assert_snapshot!(step("expect = { exits = [0] }"), @"
    57:12: pipeline.preflight.step[1].expect.exits: unknown key
    hint: did you mean `exit`?
    ");
    insta::assert_snapshot!(step("retries = 2"), @"
    57:1: pipeline.preflight.step[1].retries: unknown key
    hint: the keys here are `id`, `run`, `timeout`, `attempts`, `wait`, `approve`, `on-failure`, `item`, `env-from`, `needs`, `expect`, `parallel`, `repeatable`
    ");
    insta::assert_snapshot!(step("id = \"again\""), @"57:1: not TOML: duplicate key");
    insta::assert_snapshot!(refusal_of_example("timeout = \"30s\"", "timeout = \"30\""), @r#"56:11: pipeline.preflight.step[1].timeout: must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as "30s""#);
    insta::assert_snapshot!(refusal_of_example("id = \"fly-auth\"", "id = \"vault\""), @"54:6: pipeline.preflight.step[1].id: is the id of an earlier step");
    insta::assert_snapshot!(refusal_of_example("id = \"fly-auth\"", "id = \"fly/auth\""), @"54:6: pipeline.preflight.step[1].id: must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100");
    insta::assert_snapshot!(refusal_of_example(AUTH, ""), @"53:1: pipeline.preflight.step[1]: `run` is missing");
}

#[test]
fn a_pipeline_belongs_to_a_role() {
    insta::assert_snapshot!(refusal_of_example("role = \"chatwoot\"", "role = \"chatwot\""), @"
    48:8: pipeline.preflight.role: [feedback] has no such role
    hint: did you mean `chatwoot`?
    ");
    insta::assert_snapshot!(refusal_of_example("role = \"chatwoot\"", ""), @"46:1: pipeline.preflight: `role` is missing");
    insta::assert_snapshot!(refusal_of_example("area = \"integrations/", "area = \"../integrations/"), @"49:8: pipeline.preflight.area: leaves the repo: `..` is not allowed");
    insta::assert_snapshot!(refusal_of_example("title = \"Chatwoot preflight\"", "title = \"a\\nb\""), @"47:9: pipeline.preflight.title: must be one line without control characters");
    insta::assert_snapshot!(refusal_of_example("title = \"Chatwoot preflight\"", "titel = \"a\""), @"
    47:1: pipeline.preflight.titel: unknown key
    hint: did you mean `title`?
    ");
    insta::assert_snapshot!(refusal_of_example("[[pipeline.preflight.step]]\nid = \"vault\"", "[[pipeline.\"a b\".step]]\nid = \"vault\""), @r#"50:12: pipeline."a b": must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100"#);
    insta::assert_snapshot!(refusal("version = 1\n[feedback]\nroles = { r = { file = 'r.md', owner = 'r' } }\n[pipeline.p]\ntitle = 't'\nrole = 'r'\nstep = []\n"), @"7:8: pipeline.p.step: must not be an empty list");
}

#[test]
fn the_toolchain_has_ranges() {
    insta::assert_snapshot!(refusal("version = 1\n[toolchain]\nfly = \"0.3 or newer\"\n"), @r#"3:7: toolchain.fly: must be a range of versions, as ">=0.3", "1.2" or "*""#);
    insta::assert_snapshot!(refusal("version = 1\n[toolchain]\nfly = 0.3\n"), @"3:7: toolchain.fly: must be text, is a number");
    insta::assert_snapshot!(refusal("version = 1\n[toolchain]\n\"a b\" = \"*\"\n"), @r#"3:1: toolchain."a b": must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100"#);
}
