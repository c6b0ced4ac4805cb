//! Files that are attached: redacted, looked into, refused, or said not to have been searched.

use testbed::Bed;
use testbed::archive::{self, gzip, tar, zip, zlib};

use crate::ops::{TOKEN, signed, unsigned};
use crate::{faults, open, show, tool};

#[test]
fn attachments_are_redacted_or_refused() {
    let mut bed = unsigned();
    bed.holds_secrets("in");
    let bundle = open(&bed);
    bed.write("in/log.txt", format!("token {TOKEN}\n"));
    bed.write("in/picture.png", [b"\x89PNG\0\0".as_slice(), TOKEN.as_bytes()].concat());
    bed.write("in/clean.png", b"\x89PNG\0\0");
    let attach = |file: &str| tool(&bed).args(["attach", &bundle, file]).run();
    assert_eq!(attach("in/log.txt").code(), 0);
    assert_eq!(
        bed.read(format!("{bundle}/attached/log.txt")),
        "token [REDACTED:fly/api_token.env:FLY_API_TOKEN]\n"
    );
    insta::assert_snapshot!(attach("in/picture.png"), @"
    ------- stderr -------
    error: cannot attach in/picture.png: it is not text, and holds a credential that cannot be cut out
    hint: attach a copy without it, or the text itself, which is redacted
    [exit status: 2]
    ");
    assert_eq!(attach("in/clean.png").code(), 0);
    assert_eq!(bed.read_bytes(format!("{bundle}/attached/clean.png")), b"\x89PNG\0\0");
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

#[test]
fn a_value_inside_an_archive_is_found_and_refused() {
    let mut bed = unsigned();
    bed.holds_secrets("in");
    let bundle = open(&bed);
    let leak = format!("<w:t>{TOKEN}</w:t>");
    let leak = leak.as_bytes();
    let attach = |bed: &Bed, name: &str, bytes: Vec<u8>| {
        bed.write(format!("in/{name}"), bytes);
        tool(bed).args(["attach", &bundle, &format!("in/{name}")]).run()
    };
    for (name, bytes) in [
        ("a.log.gz", gzip(leak)),
        ("a.docx", zip("word/document.xml", leak)),
        ("a.tar", tar("x/conf", leak)),
        ("a.tar.gz", gzip(&tar("x/conf", leak))),
        ("b.zip", zip("inner.gz", &gzip(leak))),
        ("c.zip", zip(TOKEN, b"nothing")),
    ] {
        let refused = attach(&bed, name, bytes);
        assert_eq!(refused.code(), 2, "{name}: {refused}");
        assert!(
            refused.stderr().contains("holds a credential that cannot be cut out"),
            "{refused}"
        );
        assert!(!refused.stderr().contains(TOKEN));
    }
    insta::assert_snapshot!(attach(&bed, "a.tar.gz", gzip(&tar("x/conf", leak))), @"
    ------- stderr -------
    error: cannot attach in/a.tar.gz: `(gunzipped) x/conf` in it holds a credential that cannot be cut out
    hint: attach a copy without it, or the text itself, which is redacted
    [exit status: 2]
    ");
    let clean = gzip(&tar("x/conf", b"nothing to see"));
    assert_eq!(attach(&bed, "clean.tar.gz", clean.clone()).code(), 0);
    assert_eq!(bed.read_bytes(format!("{bundle}/attached/clean.tar.gz")), clean);
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

#[test]
fn text_in_utf_16_is_redacted_and_stays_that() {
    let mut bed = unsigned();
    bed.holds_secrets("in");
    let bundle = open(&bed);
    let little = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let big = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
    };
    let text =
        |token: &str| format!("{}token {token} caf\u{e9} \u{1f600}\r\n", "x\r\n".repeat(30_000));
    let redacted = text("[REDACTED:fly/api_token.env:FLY_API_TOKEN]");
    let attach = |bed: &Bed, name: &str, bytes: &[u8]| {
        bed.write(format!("in/{name}"), bytes);
        tool(bed).args(["attach", &bundle, &format!("in/{name}")]).run()
    };
    for (name, bytes, expected) in [
        ("little.txt", little(&text(TOKEN)), little(&redacted)),
        ("big.txt", big(&text(TOKEN)), big(&redacted)),
        ("clean.txt", little(&redacted), little(&redacted)),
    ] {
        let attached = attach(&bed, name, &bytes);
        assert_eq!((attached.code(), attached.stderr()), (0, ""), "{name}: {attached}");
        assert!(bed.read_bytes(format!("{bundle}/attached/{name}")) == expected, "{name}");
    }
    // What is no text in it, and what reads as letters of another script.
    let odd = [little(&text(TOKEN)), vec![0]].concat();
    let other = [b"\xff\xfe", TOKEN.as_bytes(), b"."].concat();
    let other = &other[..other.len() / 2 * 2];
    for (name, bytes) in [("odd.txt", &odd[..]), ("other.txt", other)] {
        let refused = attach(&bed, name, bytes);
        assert_eq!(refused.code(), 2, "{name}: {refused}");
        assert!(
            refused.stderr().contains("holds a credential that cannot be cut out"),
            "{refused}"
        );
        assert!(!bed.path(format!("{bundle}/attached/{name}")).exists());
    }
    assert_eq!(faults(&bed, &bundle), ["unsealed"]);
}

/// A picture with one chunk between its header and its pixels.
fn png(kind: &str, body: &[u8]) -> Vec<u8> {
    let chunk = |kind: &str, body: &[u8]| {
        let len = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&len, kind.as_bytes(), body, b"sum."].concat()
    };
    let (begin, pixels) = (chunk("IHDR", &[0; 13]), chunk("IDAT", &zlib(&[7; 4000])));
    [b"\x89PNG\r\n\x1a\n", &begin[..], &chunk(kind, body), &pixels, &chunk("IEND", b"")].concat()
}

#[test]
fn a_value_packed_in_a_picture_or_split_in_a_document_is_found_and_refused() {
    let mut bed = unsigned();
    bed.holds_secrets("in");
    let bundle = open(&bed);
    let leak = format!("as {TOKEN}\n").repeat(20);
    let (begin, end) = TOKEN.split_at(9);
    let runs =
        format!("<w:p><w:r><w:t>{begin}</w:t></w:r><w:proofErr/><w:r><w:t>{end}</w:t></w:r>");
    let packed = zlib(leak.as_bytes());
    let attach = |bed: &Bed, name: &str, bytes: &[u8]| {
        bed.write(format!("in/{name}"), bytes);
        tool(bed).args(["attach", &bundle, &format!("in/{name}")]).run()
    };
    for (name, bytes) in [
        ("a.png", png("zTXt", &[b"Comment\0\0", &packed[..]].concat())),
        ("b.png", png("iTXt", &[b"XML:com.adobe.xmp\0\x01\0\0\0", &packed[..]].concat())),
        ("c.png", png("iCCP", &[b"icc\0\0", &packed[..]].concat())),
        ("d.png", [png("tEXt", b"Software\0x"), gzip(leak.as_bytes())].concat()),
        ("a.docx", zip("word/document.xml", runs.as_bytes())),
    ] {
        let refused = attach(&bed, name, &bytes);
        assert_eq!(refused.code(), 2, "{name}: {refused}");
        let why = "holds a credential that cannot be cut out";
        assert!(refused.stderr().contains(why), "{refused}");
    }
    let cut = png("zTXt", &[b"Comment\0\0", &packed[..packed.len() - 6]].concat());
    let refused = attach(&bed, "cut.png", &cut);
    assert!(refused.stderr().contains("`(zTXt)` in it holds"), "{refused}");
    let cut = png("zTXt", &[b"Comment\0\0", &zlib(b"words")[..9]].concat());
    insta::assert_snapshot!(attach(&bed, "cut.png", &cut).stderr(), @"
    error: cannot attach in/cut.png: not all of it can be searched for credentials: it is damaged
    hint: unpack it and attach what is in it; or say `--unsearched`, and the record says so
    ");

    let clean = png("iCCP", &[b"icc\0\0", &zlib(b"a profile")[..]].concat());
    let attached = attach(&bed, "clean.png", &clean);
    assert_eq!((attached.code(), attached.stderr()), (0, ""), "{attached}");
    assert_eq!(bed.read_bytes(format!("{bundle}/attached/clean.png")), clean);
    let document = zip("word/document.xml", b"<w:t>words</w:t>");
    assert_eq!(attach(&bed, "clean.docx", &document).code(), 0);
    assert!(show(&bed, &bundle)["attachments"][0]["unsearched"].is_null());
}

#[test]
fn what_cannot_be_looked_into_is_refused_or_said_to_be() {
    let bed = unsigned();
    let bundle = open(&bed);
    bed.write("a.zst", b"\x28\xb5\x2f\xfd\0\0");
    bed.write("b.zip", archive::zip_as("x", b"words", archive::DEFLATED, 1));
    bed.write("c.pdf", b"%PDF-1.7\n");
    let attach = |words: &[&str]| tool(&bed).args(["attach", &bundle]).args(words).run();
    insta::assert_snapshot!(attach(&["b.zip"]), @"
    ------- stderr -------
    error: cannot attach b.zip: not all of it can be searched for credentials: `x` in it: it is encrypted
    hint: unpack it and attach what is in it; or say `--unsearched`, and the record says so
    [exit status: 2]
    ");
    for file in ["a.zst", "c.pdf"] {
        assert_eq!(attach(&[file]).code(), 2, "{file}");
    }
    assert!(!bed.path(format!("{bundle}/attached")).exists());
    insta::assert_snapshot!(attach(&["--unsearched", "a.zst", "b.zip"]).stderr(), @"
    warning: not all of a.zst was searched for credentials: it is compressed in a way that cannot be read here
    warning: not all of b.zip was searched for credentials: `x` in it: it is encrypted
    ");
    let attachments = show(&bed, &bundle)["attachments"].clone();
    assert_eq!(attachments[1]["path"], "attached/b.zip");
    assert_eq!(attachments[1]["unsearched"], "`x` in it: it is encrypted");
    let shown = tool(&bed).args(["show", &bundle]).run();
    assert!(shown.stdout().contains("attached/a.zst: not all of it was searched"), "{shown}");
}

#[test]
fn a_saved_error_page_is_suspect() {
    let bed = unsigned();
    let bundle = open(&bed);
    bed.write("page.html", "<html><head><title>502 Bad Gateway</title></head></html>");
    bed.write("empty.json", "\n");
    bed.write("good.html", "<html><head><title>Welcome</title></head></html>");
    let files = ["page.html", "empty.json", "good.html"];
    let attached = tool(&bed).args(["attach", &bundle]).args(files).run();
    assert_eq!(attached.code(), 0, "{attached}");
    insta::assert_snapshot!(attached.stderr(), @"
    warning: page.html is suspect: html-error-page
    warning: empty.json is suspect: empty-output
    ");
    let attachments = show(&bed, &bundle)["attachments"].clone();
    let suspect: Vec<_> = (0..3).map(|n| attachments[n]["suspect"].to_string()).collect();
    assert_eq!(suspect, [r#"["html-error-page"]"#, r#"["empty-output"]"#, "[]"]);
    let page = tool(&bed).args(["report", &bundle, "--output", "-"]).run();
    assert!(page.stdout().contains("suspect: html-error-page"), "{page}");
}

#[test]
fn what_nobody_recorded_is_sealed_as_such_and_told() {
    let mut bed = unsigned();
    bed.holds_secrets("artifacts");
    let bundle = open(&bed);
    bed.write(format!("{bundle}/stray.txt"), "from elsewhere\n");
    bed.write(format!("{bundle}/manifest.sha256"), "not a manifest\n");
    bed.write(format!("{bundle}/deep/leak.gz"), gzip(TOKEN.as_bytes()));
    let refused = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(refused.code(), 2);
    insta::assert_snapshot!(refused.stderr().replace(&bundle, "BUNDLE"), @"
    error: cannot seal BUNDLE/deep/leak.gz, which nobody recorded: it holds a credential
    hint: move it out of the bundle; `attach` makes a redacted copy of a text
    ");
    std::fs::remove_file(bed.path(format!("{bundle}/deep/leak.gz"))).unwrap();
    // As a URL has it: a name cannot hold its `/`.
    let named = bed.path(format!("{bundle}/extra-fo1_CANARY%2F8vJ2%2BQz7%22tR4%20wK9%25mN3"));
    std::fs::write(&named, "harmless").unwrap();
    let refused = tool(&bed).args(["seal", &bundle]).run();
    std::fs::remove_file(named).unwrap();
    assert_eq!((refused.code(), refused.stdout()), (2, ""));
    assert!(refused.stderr().contains("its name holds a credential"), "{refused}");

    let sealed = tool(&bed).args(["seal", &bundle]).run();
    assert_eq!(sealed.code(), 0, "{sealed}");
    assert!(
        sealed.stderr().starts_with("warning: stray.txt lay in the folder; nobody"),
        "{sealed}"
    );
    let verified = tool(&bed).args(["verify", &bundle, "--allow-unsigned"]).run();
    assert_eq!(verified.code(), 0, "{verified}");
    assert!(verified.stdout().contains("unrecorded"), "{verified}");
    assert_eq!(show(&bed, &bundle)["attachments"][0]["role"], "unrecorded");

    // A manifest that is made anew over what was put there later is no way around the records.
    bed.write(format!("{bundle}/later.txt"), "put there later\n");
    let hashed = bed
        .command("sh")
        .args([
            "-c",
            "cd \"$1\" && LC_ALL=C sha256sum evidence.jsonl later.txt stray.txt > manifest.sha256",
            "sh",
            &bundle,
        ])
        .run();
    assert_eq!(hashed.code(), 0, "{hashed}");
    let verified = tool(&bed).args(["verify", &bundle, "--allow-unsigned"]).run();
    assert_eq!(verified.code(), 1, "{verified}");
    assert!(
        verified.stdout().contains("later.txt: error: the manifest lists it, and no record"),
        "{verified}"
    );
}

#[test]
fn who_seals_or_attaches_at_the_same_time_does_not_break_the_bundle() {
    let Some(bed) = signed("who_seals_or_attaches_at_the_same_time_does_not_break_the_bundle")
    else {
        return;
    };
    bed.write("file.txt", "words\n".repeat(2000));
    for round in 0..6 {
        let bundle = open(&bed);
        let run = ["run", "--into", &bundle, "--", "echo", "x"];
        assert_eq!(tool(&bed).args(run).run().code(), 0);
        let attach = tool(&bed).args(["attach", &bundle, "file.txt"]).start();
        let sealers: Vec<_> = (0..3).map(|_| tool(&bed).args(["seal", &bundle]).start()).collect();
        let recover = tool(&bed).args(["recover", &bundle]).start();
        let attached = attach.wait();
        assert!(matches!(attached.code(), 0 | 2), "{attached}");
        let mut hashes = Vec::new();
        for sealer in sealers {
            let sealed = sealer.wait();
            assert_eq!(sealed.code(), 0, "round {round}: {sealed}");
            hashes.push(sealed.stdout().to_owned());
        }
        hashes.dedup();
        assert_eq!(hashes.len(), 1, "{hashes:?}");
        let recovered = recover.wait();
        assert!(matches!(recovered.code(), 0 | 2), "{recovered}");
        assert_eq!(faults(&bed, &bundle), Vec::<String>::new(), "round {round}");
        let there = bed.path(format!("{bundle}/attached/file.txt")).exists();
        assert_eq!(there, attached.code() == 0);
    }
    assert_eq!(tool(&bed).args(["verify", "--origin"]).run().code(), 0);
}

#[test]
fn what_was_recorded_and_is_gone_is_not_sealed_over_and_is_missed_afterwards() {
    let bed = unsigned();
    for file in ["001-echo.out", "001-echo.timing", "001-echo.intoto.json", "attached/a.txt"] {
        let bundle = open(&bed);
        bed.write("a.txt", "words\n");
        let run = ["run", "--into", &bundle, "--", "echo", "3 errors found"];
        assert_eq!(tool(&bed).args(run).run().code(), 0);
        assert_eq!(tool(&bed).args(["attach", &bundle, "a.txt"]).run().code(), 0);
        let kept = bed.read(format!("{bundle}/{file}"));
        bed.remove(format!("{bundle}/{file}"));
        let refused = tool(&bed).args(["seal", &bundle]).run();
        assert_eq!(refused.code(), 2, "{refused}");
        assert!(refused.stderr().contains(&format!("{file} is gone; record")), "{refused}");
        bed.write(format!("{bundle}/{file}"), &kept);
        assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);

        // With a manifest that was made anew without it.
        bed.remove(format!("{bundle}/{file}"));
        let manifest = bed.read(format!("{bundle}/manifest.sha256"));
        let without: String =
            manifest.split_inclusive('\n').filter(|line| !line.contains(file)).collect();
        bed.write(format!("{bundle}/manifest.sha256"), without);
        let found = faults(&bed, &bundle);
        assert!(found.contains(&"missing".to_owned()), "{file}: {found:?}");
        assert!(found.contains(&"altered".to_owned()), "{file}: {found:?}");
    }
}
