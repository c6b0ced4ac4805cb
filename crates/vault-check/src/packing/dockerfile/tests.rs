//! What a Dockerfile takes in, instruction by instruction.

use super::*;

/// The first line that takes in `vault/occ/a.env`.
fn line(text: &str, ignore: &str) -> Option<u32> {
    let image = Image::read(text, ignore, Setting::default());
    image.copies("vault/occ/a.env").map(|taken| taken.line)
}

/// How `vault/occ/a.env` is taken in, where the arguments are given.
fn how(text: &str, arguments: &[(&str, &str)], context: Option<&str>) -> Option<How> {
    let secret = |value: &str| Rc::new(Secret::new(value.as_bytes().to_vec()));
    let arguments: Vec<_> =
        arguments.iter().map(|(name, value)| ((*name).to_owned(), secret(value))).collect();
    let image = Image::read(text, "", Setting { arguments: &arguments, context });
    image.copies("vault/occ/a.env").map(|taken| taken.how)
}

const NAMED: Option<How> = Some(How::Copied { is_named: true });
const ALL: Option<How> = Some(How::Copied { is_named: false });
const UNCLEAR: Option<How> = Some(How::Unknown);

#[test]
fn what_is_copied_from_the_context_is_read() {
    let text = "# syntax=docker/dockerfile:1\nFROM a AS b\nCOPY --from=b /x /y\ncopy --chown=1:1 \\\n  # why\n  a b \\\n  /z\nRUN <<EOF\nCOPY . .\nEOF\nADD [\"c d\", \"/\"]\nADD https://example.com/x /\nCOPY <<-'X' /y\n\tCOPY . .\n\tX\nCOPY --exclude=vault . /app\nCOPY one\nADD  [ \"e\" ,\"f\", \"/\" ]\n";
    let read: Vec<_> = stages::copies(text, Setting::default())
        .into_iter()
        .map(|copy| {
            let sources: Vec<String> = copy.sources.into_iter().map(|source| source.text).collect();
            (copy.line, sources.join(" "))
        })
        .collect();
    let expected = [(4, "a b"), (11, "c d"), (16, "."), (18, "e f")];
    assert_eq!(read, expected.map(|(line, sources)| (line, sources.to_owned())));
}

#[test]
fn a_source_covers_what_lies_in_it() {
    let check = |text: &str, ignore: &str, expected: Option<u32>| {
        assert_eq!(line(text, ignore), expected, "{text}");
    };
    check("COPY . .", "", Some(1));
    check("COPY ./ /app", "", Some(1));
    check("COPY / /app", "", Some(1));
    check("COPY v*/occ /app", "", Some(1));
    check("COPY vault/occ/a.env /", "node_modules", Some(1));
    check("COPY src /app", "", None);
    check("COPY . .", "vault", None);
    check("COPY . .", "*\n!src", None);
    check("COPY 'vault' /x", "", Some(1));
    check("COPY ./src/../vault /x", "", Some(1));
    check("COPY ../vault /x", "", Some(1));
    check("COPY v?ult/[a-z]cc/*.env /x", "", Some(1));
    check("COPY **/*.env /x", "", None);
    check("COPY */*/*.env /x", "", Some(1));
    check("FROM x\nRUN --mount=type=bind,target=. make", "", Some(2));
    check("RUN --mount=type=bind,source=.,target=/x cp -r /x /y", "", Some(1));
    check("RUN --mount=type=bind,target=. make", "vault", None);
    check("RUN --mount=type=bind,source=src,target=/s make", "", None);
    check("RUN --mount=type=bind,from=b,target=/s make", "", None);
    check("RUN --mount=type=cache,target=/s make", "", None);
    check("RUN --network=none --mount=src=vault,dst=/s make", "", Some(1));
    check("# escape=`\nFROM a\nCOPY `\n vault `\n c:\\x\n", "", Some(3));
}

#[test]
fn what_is_excluded_is_seen_from_what_is_copied() {
    let check = |text: &str, expected: bool| {
        assert_eq!(line(text, "").is_some(), expected, "{text}");
    };
    check("COPY --exclude=vault . .", false);
    check("COPY --exclude=\"**/*.env\" . .", false);
    check("COPY --exclude=*.env . .", true);
    check("COPY --exclude=*.txt --exclude=vault/** . .", false);
    check("COPY --exclude=occ vault /v", false);
    check("COPY --exclude=vault/occ vault /v", true);
    check("COPY --exclude=occ/ v* /v", false);
    check("COPY --exclude=vault --exclude=!vault/occ . .", true);
    check("COPY --exclude=a.env vault/occ/a.env /v", true);
    check("COPY --parents --exclude=vault/occ vault /v", false);
}

#[test]
fn folders_above_are_kept_where_it_is_asked_for() {
    let check = |text: &str, expected: Option<How>| {
        assert_eq!(how(text, &[], None), expected, "{text}");
    };
    check("COPY --parents **/*.env /x", NAMED);
    check("COPY --parents=false **/*.env /x", None);
    check("COPY --parents vault/./occ /x", NAMED);
    check("COPY --parents ./vault/./**/a.env /x", NAMED);
    check("COPY --parents src/./** /x", None);
    check("COPY --parents . /x", ALL);
    check("COPY --parents src /x", None);
}

#[test]
fn variables_count_where_docker_has_them_count() {
    let check = |text: &str, arguments: &[(&str, &str)], expected: Option<How>| {
        assert_eq!(how(text, arguments, None), expected, "{text}");
    };
    check("FROM a\nARG D=.\nCOPY $D /x", &[], ALL);
    check("FROM a\nARG D=vault\nARG DIR=src\nCOPY ${DIR} $D/occ /x", &[], NAMED);
    check("FROM a\nARG D=src\nCOPY $D /x", &[], None);
    check("FROM a\nCOPY ${D:-src} /x", &[], None);
    check("FROM a\nCOPY ${A:-${D:-.}} /x", &[], ALL);
    check("FROM a\nARG D\nCOPY $D /x", &[], UNCLEAR);
    check("FROM a\nARG D\nCOPY dist/$D/x /x", &[], None);
    check("FROM a\nARG D\nCOPY ./$D/occ /x", &[], UNCLEAR);
    check("FROM a\nARG D=\nCOPY $D /x", &[], ALL);
    check("FROM a\nARG D=src E='vault' F=\"${E}/occ\"\nCOPY $F /x", &[], NAMED);
    check("FROM a\nENV D=src E=$D\nENV E vault\nCOPY $E /x", &[], NAMED);
    check("FROM a\nENV D=src\nENV D=vault E=$D\nCOPY $E /x", &[], None);
    // An argument from before the first stage counts in one that asks for it.
    check("ARG D=src\nFROM a\nCOPY $D /x", &[], UNCLEAR);
    check("ARG D=src\nFROM a\nARG D\nCOPY $D /x", &[], None);
    check("ARG D=vault\nFROM a\nARG D=src\nCOPY $D /x", &[], None);
    check("FROM a\nARG D=src\nFROM a\nARG D\nCOPY $D /x", &[], UNCLEAR);
    check("FROM a AS b\nARG D=src\nFROM B\nCOPY $D /x", &[], None);
    check("ARG B=b\nFROM a AS b\nENV D=src\nFROM $B\nCOPY $D /x", &[], None);
    // What the builder is told counts for what is declared.
    check("FROM a\nARG D=src\nCOPY $D /x", &[("D", ".")], ALL);
    check("FROM a\nARG D=.\nCOPY $D /x", &[("D", "src")], None);
    check("FROM a\nARG D\nCOPY $D /x", &[("D", "src")], None);
    check("FROM a\nCOPY ${D:-src} /x", &[("D", ".")], None);
    check("ARG D=src\nFROM a\nARG D\nCOPY $D /x", &[("D", "vault")], NAMED);
    check("ARG D=src\nFROM a\nARG D=.\nCOPY $D /x", &[("D", "src")], None);
    check("FROM a\nARG D=.\nENV D=src\nCOPY $D /x", &[("D", ".")], None);
    check("FROM a\nARG D=src\nCOPY $D /x", &[("D", "\0")], UNCLEAR);
}

#[test]
fn a_context_of_another_name_is_told_apart() {
    let check = |text: &str, expected: Option<How>| {
        assert_eq!(how(text, &[], Some("keys")), expected, "{text}");
    };
    check("FROM a\nCOPY . .", None);
    check("FROM a\nCOPY --from=keys . .", ALL);
    check("FROM a\nCOPY --from=KEYS vault/occ /x", NAMED);
    check("FROM a\nCOPY --from=keys src /x", None);
    check("FROM a\nCOPY --from=other . .", None);
    check("FROM a AS keys\nFROM a\nCOPY --from=keys . .", ALL);
    check("FROM keys", ALL);
    check("FROM keys-base", None);
    check("FROM a\nRUN --mount=type=bind,from=keys,target=/k make", Some(How::Mounted));
    check("FROM a\nRUN --mount=type=bind,target=/k make", None);
    assert_eq!(how("FROM a\nCOPY --from=keys . .", &[], None), None);
}

#[test]
fn what_is_kept_for_later_counts_for_who_builds_on_it() {
    assert_eq!(line("FROM a\nONBUILD COPY . .", ""), None);
    assert_eq!(line("FROM a AS b\nONBUILD COPY . .\nFROM b", ""), Some(2));
    assert_eq!(line("FROM a AS b\nONBUILD COPY . .\nFROM c", ""), None);
    assert_eq!(line("FROM a AS b\nCOPY . .\nFROM c\nCOPY --from=b /x /x", ""), Some(2));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "([a-zA-Z#<\\[\\]\"\\\\* .!/\\-=$\\{\\}:`\n]|COPY |FROM |ARG |--from=|--mount=|<<EOF|\\\\\n){0,60}", ignore in "[a-z*!/\\[\\]{}\\\\#\n]{0,30}") {
        line(&text, &ignore);
    }
}

/// Variables that name each other, and rows of what a reader may begin anew at.
#[test]
fn long_rows_are_read_in_time() {
    let each = |n_lines: usize, line: &dyn Fn(usize) -> String| -> String {
        (1..n_lines).map(line).collect::<Vec<_>>().concat()
    };
    let doubled = each(40, &|n| format!("ARG A{n}=$A{0}$A{0}\n", n - 1));
    let names = each(6_000, &|n| format!("ARG A{n}=b\nCOPY $B{n} /\n"));
    let row = |piece: &str| format!("COPY {} /\n", piece.repeat(400_000 / piece.len()));
    for (text, ignore) in [
        (format!("ARG A0=x\n{doubled}COPY $A39 /\n"), String::new()),
        (format!("ARG A={}\n{}", "x".repeat(200_000), row("$A")), String::new()),
        (names, String::new()),
        (row("${a:-b}"), String::new()),
        (row("${"), String::new()),
        (row("${a:-"), String::new()),
        (row("a/"), String::new()),
        (row("a "), String::new()),
        (row("<<E "), String::new()),
        ("RUN <<E\n".repeat(50_000), String::new()),
        ("COPY a \\\n".repeat(50_000), String::new()),
        (row("?"), "?".repeat(1_000_000)),
        (row("**/"), "[a-z]".repeat(200_000)),
        ("COPY . .".to_owned(), "*?".repeat(2_000)),
        ("COPY . .".to_owned(), "a/**/".repeat(800)),
        ("COPY . .".to_owned(), "**/*a\n!b\n".repeat(20_000)),
    ] {
        let text = format!("FROM a\n{text}");
        let started = std::time::Instant::now();
        let image = Image::read(&text, &ignore, Setting::default());
        image.copies("vault/occ/a.env");
        let spent = started.elapsed();
        assert!(spent.as_secs() < 5, "{:?}, {:?}: {spent:?}", text.get(..40), ignore.get(..10));
    }
}

#[test]
fn recipes_are_known_by_name() {
    let is_recipe = |name: &str| is_recipe(Path::new(name));
    for name in ["Dockerfile", "Dockerfile.web", "web.dockerfile", "Containerfile"] {
        assert!(is_recipe(name), "{name}");
    }
    for name in ["Dockerfile.dockerignore", "dockerfiles", "x.md", "mydockerfile"] {
        assert!(!is_recipe(name), "{name}");
    }
}
