//! Mail in the smoke pipeline, against a real server.

use std::fs;

use testbed::fly::State;

use crate::{Sample, appended};

const FILE: &str = "vault/occ/chatwoot/mail_staging.env";

/// What is changed in the vault, the step that halts, and what its record holds.
const WRONG: [(&str, &str, &str, &str); 3] = [
    ("SMTP_PASSWORD=CANARY", "SMTP_PASSWORD=otherCANARY", "mail-out", "user or password is wrong"),
    (
        "SMTP_ENABLE_STARTTLS_AUTO=true",
        "SMTP_ENABLE_STARTTLS_AUTO=false",
        "mail-out",
        "a login is declared over a connection without TLS",
    ),
    ("IMAP_PASSWORD=CANARY", "IMAP_PASSWORD=otherCANARY", "mail-in", "user or password is wrong"),
];

#[test]
fn smoke_halts_where_mail_is_not_as_declared_and_resume_completes() {
    let sample = Sample::with(State::default().with_app("hotdash-chatwoot"));
    if sample.mail.is_none() {
        // The set-up has said so.
        return;
    }
    let ops = sample.bed.read("ops.toml");
    sample.bed.write("ops.toml", ops.replace("attempts = 2\nwait = \"5s\"\n", ""));
    let right = sample.bed.read(FILE);
    for (before, after, step, says) in WRONG {
        assert!(right.contains(before), "{before}");
        sample.bed.write(FILE, right.replacen(before, after, 1));
        let halted = sample.xtask(&["smoke", "--quiet"]);
        assert_eq!(halted.code(), 1, "{after}: {halted}");
        assert!(appended(&sample).contains(&format!("step `{step}` failed")), "{after}: {halted}");
        let bundle = sample.bundles().pop().unwrap();
        let ends = format!("-{step}.out");
        let mut files = fs::read_dir(&bundle).unwrap().map(|entry| entry.unwrap().path());
        let output = files.find(|path| path.to_str().unwrap().ends_with(&ends)).unwrap();
        let output = fs::read_to_string(output).unwrap();
        assert!(output.contains(says), "{says}: {output}");

        sample.bed.write(FILE, &right);
        let args = ["smoke", "--quiet", "--resume", bundle.to_str().unwrap()];
        let resumed = sample.xtask(&args);
        assert_eq!(resumed.code(), 0, "{after}: {resumed}");
    }
    let verified = sample.tool("evidence-log").arg("verify").args(sample.bundles()).run();
    assert_eq!(verified.code(), 0, "{verified}");
}
