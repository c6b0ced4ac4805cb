//! Compose files, one beside the other, and the images that they build.

use super::*;

/// Reads the first of some files below `/repo`, and shows the images.
fn check(files: &[(&str, &str)], expected: &str) {
    let file = |path: &Path| {
        let path = path.strip_prefix("/repo").ok()?.to_str()?;
        let found = files.iter().find(|(name, _)| *name == path)?;
        Some(found.1.to_owned())
    };
    let images = read(&Path::new("/repo").join(files[0].0), &file);
    let shown = |image: &Named| {
        let argument = |(name, value): &Argument| {
            format!(" {name}={}", value.expose_text().unwrap().replace(UNKNOWN, "?"))
        };
        format!(
            "{} <- {}{}{}{}{}",
            image.path.display(),
            image.context.display(),
            if image.is_certain { "" } else { "?" },
            image.alias.as_ref().map_or(String::new(), |alias| format!(" as {alias}")),
            image.inline.as_ref().map_or(String::new(), |text| format!(" {text:?}")),
            image.arguments.iter().map(argument).collect::<String>(),
        )
    };
    let shown: Vec<String> = images.iter().map(shown).collect();
    assert_eq!(shown.join("; ").replace("/repo/", ""), expected, "{files:?}");
}

#[test]
fn what_a_compose_file_builds_is_read() {
    let check = |text: &str, expected: &str| check(&[("deploy/compose.yaml", text)], expected);
    check("services:\n  web:\n    build: ..\n", "Dockerfile <- /repo");
    check(
        "x-a: &a\n  build: {context: .., dockerfile: deploy/web.docker}\nservices:\n  db: {image: postgres}\n  one: *a\n  two:\n    <<: *a\n    ports: [\"80:80\"]\n  none:\n",
        "deploy/web.docker <- /repo; deploy/web.docker <- /repo",
    );
    check(
        "services:\n  web:\n    build:\n      dockerfile_inline: |\n        COPY ${D:-.} $$X $Y\n",
        "deploy/compose.yaml <- deploy \"COPY ${D:-.} $$X $Y\\n\"",
    );
    check(
        "services:\n  web:\n    build:\n      dockerfile_inline: |\n        COPY ${D:-.} $$X\n",
        "deploy/compose.yaml <- deploy \"COPY . $X\\n\"",
    );
    check(
        "services: {web: {build: {context: \"${ROOT:-..}/src$$\", dockerfile: \"${D-x}\"}}}",
        "src$/x <- src$",
    );
    check("services: {web: {build: \"${A:-${B:-.}}\"}}", "deploy/Dockerfile <- deploy");
    check("services: {web: {build: \"./w${A:+x}\"}}", "deploy/w/Dockerfile <- deploy/w");
    check("services: {web: {build: \"${ROOT}\"}}", "deploy/Dockerfile <- deploy?");
    check("services: {web: {build: {dockerfile: $D}}}", "");
    check("services: {web: {build: null}}", "");
    check("version: '3'", "");
    check("services: [", "");
}

#[test]
fn the_env_file_beside_it_gives_values() {
    let text = "services: {web: {build: {context: \"${ROOT:-x}\", args: {A: $A, B: null, C: $C, D: null}}}}";
    check(
        &[("compose.yaml", text), (".env", "ROOT=web\nA=CANARY\nB=b\n")],
        "web/Dockerfile <- web A=CANARY B=b C=?",
    );
    check(
        &[("compose.yaml", "services: {web: {build: {args: [A=b, C, D=]}}}"), (".env", "C=c\n")],
        "Dockerfile <- /repo A=b C=c D=",
    );
}

#[test]
fn further_contexts_are_folders_by_name() {
    check(
        &[(
            "a/compose.yaml",
            "services:\n  web:\n    build:\n      additional_contexts:\n        keys: ../vault\n        base: docker-image://debian\n        other: service:db\n        far: https://example.com/x.git\n",
        )],
        "a/Dockerfile <- a; a/Dockerfile <- vault as keys",
    );
    check(
        &[(
            "compose.yaml",
            "services: {web: {build: {context: app, dockerfile: ../D, additional_contexts: [keys=., x]}}}",
        )],
        "D <- app; D <- /repo as keys",
    );
}

#[test]
fn what_is_included_is_read_from_its_own_folder() {
    let web = "services: {web: {build: \"${D:-.}\"}}";
    check(&[("compose.yaml", "include: [a/x.yml]"), ("a/x.yml", web)], "a/Dockerfile <- a");
    check(
        &[
            ("compose.yaml", "include:\n  - path: a/x.yml\n    project_directory: .\n"),
            ("a/x.yml", web),
        ],
        "Dockerfile <- /repo",
    );
    check(
        &[("compose.yaml", "include: [a/x.yml]"), ("a/x.yml", web), ("a/.env", "D=own\n")],
        "a/own/Dockerfile <- a/own",
    );
    check(
        &[
            ("compose.yaml", "include: [a/x.yml]"),
            ("a/x.yml", web),
            ("a/.env", "D=own\n"),
            (".env", "D=..\n"),
        ],
        "Dockerfile <- /repo",
    );
    check(
        &[
            ("compose.yaml", "include: [{path: a/x.yml, env_file: [e1, e2]}]"),
            ("a/x.yml", web),
            ("e1", "D=e1\n"),
            ("e2", "D=e2\n"),
        ],
        "a/e2/Dockerfile <- a/e2",
    );
    check(
        &[
            ("compose.yaml", "include: [{path: [a/x.yml, b/y.yml]}]"),
            ("a/x.yml", web),
            ("b/y.yml", "services: {web: {build: {dockerfile: other}}}"),
        ],
        "a/other <- a",
    );
    check(&[("compose.yaml", "include: [none.yml, {path: {}}, [x]]\nservices: {}")], "");
}

#[test]
fn what_is_extended_is_read_from_its_own_folder() {
    check(
        &[
            ("compose.yaml", "services: {web: {extends: {file: a/x.yml, service: base}}}"),
            ("a/x.yml", "services: {base: {build: {context: .., args: {A: x}}}}"),
            ("a/.env", "A=unread\n"),
        ],
        "Dockerfile <- /repo A=x",
    );
    check(
        &[(
            "compose.yaml",
            "services: {base: {build: {context: x, dockerfile: D}}, web: {extends: base, build: {args: [A=b]}}}",
        )],
        "x/D <- x; x/D <- x A=b",
    );
    check(
        &[
            (
                "compose.yaml",
                "services: {web: {extends: {file: a/x.yml, service: one}, build: {dockerfile: W}}}",
            ),
            (
                "a/x.yml",
                "services: {one: {extends: {file: ../b/y.yml, service: two}}, two: {build: no}}",
            ),
            ("b/y.yml", "services: {two: {build: c}}"),
        ],
        "b/c/W <- b/c",
    );
}

#[test]
fn one_of_another_name_is_read_over_the_one_beside_it() {
    let base = ("compose.yaml", "services: {web: {build: {context: app, dockerfile: D}}}");
    let over = "services: {web: {build: {args: {A: .}}}, db: {image: postgres}}";
    check(&[("compose.override.yaml", over), base], "app/D <- app A=.");
    check(&[("docker-compose.prod.yml", over), base], "app/D <- app A=.");
    check(&[("docker-compose.prod.yml", over)], "Dockerfile <- /repo A=.");
    let inline = ("compose.yaml", "services: {web: {build: {dockerfile_inline: FROM a}}}");
    check(&[("compose.override.yaml", over), inline], "compose.yaml <- /repo \"FROM a\" A=.");
    let whole = "services: {web: {build: other}}";
    check(&[("compose.override.yml", whole), base], "other/D <- other");
    check(&[("compose-dev.yml", whole), base], "other/Dockerfile <- other");
}

#[test]
fn what_includes_or_extends_itself_has_an_end() {
    let all = |text: &str| {
        let images = read(Path::new("/r/compose.yaml"), &|_| Some(text.to_owned()));
        assert!(images.len() <= 2 * MOST_FILES, "{text}");
    };
    all("include: [compose.yaml, compose.yaml]\nservices: {a: {build: .}}");
    all("include: [a.yaml, b.yaml, c.yaml]\nservices: {a: {build: .}}");
    all("services: {a: {extends: b}, b: {extends: a, build: .}}");
    all("services: {a: {extends: {file: x.yaml, service: a}}}");
}
