//! What would carry the vault away, and who could put another in its place.

use testbed::{Bed, Output};

use crate::operator::Operator;

fn found(output: &Output) -> Vec<String> {
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .map(|finding| {
            let (level, subject) = (text(&finding["level"]), &finding["subject"]);
            format!(
                "{level} {} {}:{}",
                text(&finding["rule"]),
                text(&subject["path"]),
                subject["line"]
            )
        })
        .collect()
}

fn check(bed: &Bed) -> Vec<String> {
    found(&bed.command(testbed::bin!("vault-check")).args(["check", "--format", "json"]).run())
}

#[test]
fn an_image_that_would_carry_the_vault_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write("Dockerfile", "FROM debian\nCOPY src /src\nCOPY . /app\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    Dockerfile:3: error: vault/occ/supabase/database_url_staging.env would be in the image: this line takes it in, and no ignore file keeps it out [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    bed.write(".dockerignore", "*\n!vault\n");
    assert_eq!(check(bed), ["error packaged Dockerfile:3"]);
    bed.write(".dockerignore", "node_modules\nvault/\n");
    assert_eq!(check(bed), [""; 0]);
    bed.write("Dockerfile.dockerignore", "node_modules\n");
    assert_eq!(
        check(bed),
        ["error packaged Dockerfile:3"],
        "the recipe's own ignore file comes first"
    );
    bed.remove("Dockerfile.dockerignore");
    bed.remove(".dockerignore");
    bed.remove("Dockerfile");
    bed.write("deploy/web/web.Dockerfile", "FROM debian\nADD vault/occ/fly /fly\n");
    assert_eq!(check(bed), ["warning packaged deploy/web/web.Dockerfile:2"]);
    bed.write("deploy/web/web.Dockerfile", "FROM debian\nCOPY . .\n");
    assert_eq!(check(bed), ["note packaged deploy/web/web.Dockerfile:2"]);
}

#[test]
fn an_image_that_a_compose_file_names_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write("deploy/web.docker", "FROM debian\nCOPY . /app\n");
    assert_eq!(check(bed), [""; 0], "no recipe by its name");
    bed.write(
        "deploy/compose.yaml",
        "services:\n  web:\n    build:\n      context: ..\n      dockerfile: deploy/web.docker\n",
    );
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    deploy/web.docker:2: error: vault/occ/supabase/database_url_staging.env would be in the image, built as deploy/compose.yaml says: this line takes it in, and no ignore file keeps it out [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    bed.write(".dockerignore", "vault\n");
    assert_eq!(check(bed), [""; 0]);
    bed.write("deploy/web.docker.dockerignore", "*.md\n");
    assert_eq!(check(bed), ["error packaged deploy/web.docker:2"], "its own comes first");
    bed.remove("deploy/web.docker.dockerignore");
    bed.remove(".dockerignore");
    bed.write("deploy/compose.yaml", "services: {web: {build: {dockerfile: web.docker}}}\n");
    assert_eq!(check(bed), [""; 0], "the vault is not in its context");
    bed.remove("deploy/compose.yaml");
    bed.write(
        "docker-compose.yml",
        "services:\n  web:\n    build:\n      context: vault\n      dockerfile_inline: |\n        FROM debian\n        COPY occ/fly /fly\n",
    );
    insta::assert_snapshot!(operator.run(["check", "--for", "preflight"]), @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    docker-compose.yml: error: vault/occ/fly/api_token.env would be in the image: a line of `dockerfile_inline` takes it in, and no ignore file keeps it out [packaged]
      hint: add `occ` to `vault/.dockerignore`, or copy only what the image needs
    findings: 3 checked, 1 error
    [exit status: 1]
    ");
}

#[test]
fn an_image_that_is_told_what_to_copy_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    let recipe = "ARG SRC=src\nFROM debian\nARG SRC\nCOPY $SRC /app\n";
    bed.write("Dockerfile", recipe);
    assert_eq!(check(bed), [""; 0], "the default counts");
    bed.write("fly.toml", "app = \"web\"\n[build.args]\nSRC = \"vault\"\n");
    assert_eq!(check(bed), ["error packaged Dockerfile:4"]);
    bed.remove("fly.toml");
    bed.write("compose.yaml", "services: {web: {build: {context: ., args: [\"SRC=${DIR}\"]}}}\n");
    assert_eq!(check(bed), ["note packaged Dockerfile:4"], "only the environment knows");
    bed.write(".env", "DIR=vault/occ\n");
    assert_eq!(check(bed), ["error packaged Dockerfile:4"]);
    bed.write(".env", "DIR=lib\n");
    bed.write("compose.override.yaml", "services: {web: {build: {args: {SRC: .}}}}\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    Dockerfile:4: error: vault/occ/supabase/database_url_staging.env would be in the image, built as compose.override.yaml says: this line takes it in, and no ignore file keeps it out [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    bed.write("Dockerfile", recipe.replace("=src", "=."));
    bed.write("compose.override.yaml", "services: {web: {ports: [\"80:80\"]}}\n");
    assert_eq!(check(bed), [""; 0], "what compose says counts before the default");
}

#[test]
fn an_image_of_another_compose_file_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write("web.docker", "FROM debian\nCOPY --from=keys . /keys\n");
    bed.write("more/web.yaml", "services: {web: {build: {context: .., dockerfile: web.docker}}}\n");
    bed.write("compose.yaml", "include: [more/web.yaml]\n");
    assert_eq!(check(bed), [""; 0]);
    bed.write(
        "compose.yaml",
        "services:\n  web:\n    extends: {file: more/web.yaml, service: web}\n    build:\n      additional_contexts: {keys: ./vault}\n",
    );
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    web.docker:2: error: vault/occ/supabase/database_url_staging.env would be in the image, built as compose.yaml says: this line takes it in from the additional context `keys`, and no ignore file keeps it out [packaged]
      hint: add `occ` to `vault/.dockerignore`, or copy only what the image needs
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    bed.write("vault/.dockerignore", "occ\n");
    assert_eq!(check(bed), [""; 0]);
}

#[test]
fn a_context_that_is_a_guess_is_called_one() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write("deploy/web/Dockerfile", "FROM debian\nCOPY . /app\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    deploy/web/Dockerfile:2: note: vault/occ/supabase/database_url_staging.env would be in the image if it is built from the repo's folder: this line takes it in, and no ignore file keeps it out [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    ok: 1 checked, 1 note
    [exit status: 0]
    ");
    bed.write("compose.yaml", "services: {web: {build: deploy/web}}\n");
    assert_eq!(check(bed), [""; 0], "compose says what it is built from");
}

#[test]
fn each_line_that_takes_some_of_the_vault_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write(
        "Dockerfile",
        "FROM debian\nRUN --mount=type=bind,target=/x make\nCOPY vault/occ/supabase /x\n",
    );
    insta::assert_snapshot!(operator.run(["check", "--for", "preflight"]), @"
    PRESENT      fly/api_token.env:FLY_API_TOKEN                 shared   rotated today
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today
    PRESENT      chatwoot/redis_staging.env:REDIS_URL            staging  rotated today

    Dockerfile:2: note: vault/occ/fly/api_token.env and 1 more may be in the image: this line shows it to a command, and no ignore file keeps it out [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    Dockerfile:3: error: vault/occ/supabase/database_url_staging.env would be in the image: this line takes it in, and no ignore file keeps it out [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    findings: 3 checked, 1 error, 1 note
    [exit status: 1]
    ");
}

#[test]
fn an_image_that_fly_toml_names_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write("deploy/web/web.docker", "FROM debian\nCOPY vault /vault\n");
    bed.write("deploy/web/fly.toml", "app = \"web\"\n[build]\ndockerfile = \"web.docker\"\n");
    assert_eq!(check(bed), ["warning packaged deploy/web/web.docker:2"]);
    bed.remove("deploy/web/fly.toml");
    let fly = "app = \"web\"\n[build]\ndockerfile = \"deploy/web/web.docker\"\n";
    bed.write("fly.toml", fly);
    assert_eq!(check(bed), ["error packaged deploy/web/web.docker:2"]);
    bed.write("fly.toml", format!("{fly}ignorefile = \"deploy/web/ignored\"\n"));
    bed.write("deploy/web/ignored", "vault\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    deploy/web/web.docker:2: error: vault/occ/supabase/database_url_staging.env would be in the image, built as fly.toml says: this line takes it in, and the `ignorefile` of fly.toml, which keeps it out, is not read by Fly's builders [packaged]
      hint: add `vault/occ` to `.dockerignore`, or copy only what the image needs
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    bed.write(".dockerignore", "vault\n");
    assert_eq!(check(bed), [""; 0]);
    bed.write("deploy/web/ignored", "*.md\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    deploy/web/web.docker:2: note: vault/occ/supabase/database_url_staging.env may be in the image, built as fly.toml says: this line takes it in, and the `ignorefile` of fly.toml, which a local Docker has in place of `.dockerignore`, does not keep it out [packaged]
      hint: add `vault/occ` to the `ignorefile` too
    ok: 1 checked, 1 note
    [exit status: 0]
    ");
}

#[test]
fn a_package_that_would_carry_the_vault_is_found() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.git_init();
    bed.write(".gitignore", "/vault/\n");
    bed.write("package.json", r#"{"name": "x", "version": "1.0.0"}"#);
    bed.write("Cargo.toml", "[package]\nname = \"x\"\n");
    bed.git(["add", "Cargo.toml"]);
    assert_eq!(check(bed), [""; 0]);
    bed.write(".npmignore", "test/\n");
    bed.write("Cargo.toml", "[package]\nname = \"x\"\ninclude = [\"vault/**\"]\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @r#"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    Cargo.toml: error: vault/occ/supabase/database_url_staging.env would be in the crate: `include` lists it [packaged]
      hint: list in `include` only what the crate is made of, or set `publish = false`
    package.json: error: vault/occ/supabase/database_url_staging.env would be in the npm package: there is no `files`, and `.npmignore`, which npm reads in place of `.gitignore`, does not keep it out [packaged]
      hint: list in `files` what the package is made of, or set `"private": true`
    findings: 1 checked, 2 errors
    [exit status: 1]
    "#);
    bed.write("package.json", r#"{"name": "x", "version": "1.0.0", "private": true}"#);
    bed.write("Cargo.toml", "[package]\nname = \"x\"\npublish = false\n");
    assert_eq!(check(bed), [""; 0]);
}

/// As `cargo package --list` has it.
#[test]
fn a_crate_whose_manifest_git_does_not_track_heeds_no_gitignore() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.git_init();
    bed.write(".gitignore", "/vault/\n");
    bed.git(["add", ".gitignore"]);
    bed.write("Cargo.toml", "[package]\nname = \"x\"\n");
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    Cargo.toml: error: vault/occ/supabase/database_url_staging.env would be in the crate: `exclude` does not keep it out, and cargo heeds `.gitignore` only where git tracks Cargo.toml [packaged]
      hint: `git add Cargo.toml`, add the vault's folder to `exclude`, or set `publish = false`
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    bed.write("Cargo.toml", "[package]\nname = \"x\"\nexclude = [\"/vault\"]\n");
    assert_eq!(check(bed), [""; 0]);
    bed.write("Cargo.toml", "[package]\nname = \"x\"\n");
    bed.git(["add", "Cargo.toml"]);
    assert_eq!(check(bed), [""; 0]);
}

#[test]
fn a_package_inside_another_is_told_apart() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.write("Cargo.toml", "[package]\nname = \"x\"\n[workspace]\nmembers = [\"vault\"]\n");
    assert_eq!(check(bed), ["error packaged Cargo.toml:null"]);
    let member = "[package]\nname = \"y\"\npublish.workspace = true\n";
    bed.write("vault/Cargo.toml", member);
    assert_eq!(check(bed), [""; 0], "nothing is inherited");
    let publish = |value| format!("[workspace.package]\npublish = {value}\n");
    bed.write("Cargo.toml", publish(false));
    assert_eq!(check(bed), [""; 0]);
    bed.write("Cargo.toml", publish(true));
    assert_eq!(check(bed), ["error packaged vault/Cargo.toml:null"]);
    bed.remove("Cargo.toml");
    bed.remove("vault/Cargo.toml");
    bed.write("vault/package.json", r#"{"name": "x", "version": "1.0.0"}"#);
    bed.write(".gitignore", "occ/\n");
    assert_eq!(check(bed), ["error packaged vault/package.json:null"]);
    bed.write("package.json", r#"{"private": true, "workspaces": ["vault"]}"#);
    assert_eq!(check(bed), [""; 0], "npm reads the ignore file of the workspace");
}

#[test]
fn a_folder_above_that_others_may_change_is_found() {
    let operator = Operator::new();
    operator.bed.set_mode("vault", 0o777);
    insta::assert_snapshot!(operator.run(["check", "--for", "align"]), @"
    PRESENT      supabase/database_url_staging.env:DATABASE_URL  staging  rotated today

    vault/occ: error: everyone on this machine can put another vault in its place: the mode of [ROOT]/vault is 0777 [mode]
      hint: chmod o-w [ROOT]/vault
    findings: 1 checked, 1 error
    [exit status: 1]
    ");
    operator.bed.set_mode("vault", 0o770);
    assert_eq!(check(&operator.bed), ["note mode vault/occ:null"]);
    operator.bed.set_mode("vault", 0o1777);
    assert_eq!(check(&operator.bed), [""; 0]);
}
