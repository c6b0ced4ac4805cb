//! An operator's folder with a vault and a signing key, made for one test.

use testbed::Bed;

/// A value of the vault; long enough to be redacted, and with what other forms of it have to encode.
pub(crate) const TOKEN: &str = "fo1_CANARY/8vJ2+Qz7\"tR4 wK9%mN3";

const OPS: &str = r#"version = 1
[vault]
root = "vault"
[[vault.file]]
path = "fly/api_token.env"
keys = { FLY_API_TOKEN = "any" }
[evidence]
root = "artifacts"
sign-with = "home/key"
allowed-signers = ".opsproof/allowed_signers"
"#;

/// A bed with ops.toml and a vault, and no key: its seals are unsigned.
pub(crate) fn unsigned() -> Bed {
    let bed = Bed::new();
    let keyless = |line: &&str| !line.starts_with("sign-with") && !line.starts_with("allowed");
    let lines: Vec<&str> = OPS.lines().filter(keyless).collect();
    bed.write("ops.toml", lines.join("\n") + "\n");
    bed.write("vault/fly/api_token.env", format!("FLY_API_TOKEN='{TOKEN}'\n"));
    bed
}

/// The same with a key and a file of allowed signers; none where there is no ssh-keygen, which is said aloud.
pub(crate) fn signed(test: &str) -> Option<Bed> {
    let bed = unsigned();
    bed.write("ops.toml", OPS);
    bed.write("home/.keep", "");
    let key = bed.path("home/key").to_string_lossy().into_owned();
    if !is_there("ssh-keygen") {
        testbed::not_run(test, "there is no ssh-keygen");
        return None;
    }
    let made = bed
        .command("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "ops", "-f", &key])
        .unguarded()
        .run();
    assert_eq!(made.code(), 0, "{made}");
    let public = bed.read("home/key.pub");
    bed.write(".opsproof/allowed_signers", format!("ops@example.org {public}"));
    Some(bed)
}

/// Whether a program of somebody else's is installed.
pub(crate) fn is_there(program: &str) -> bool {
    let path =
        Bed::new().command("sh").args(["-c", &format!("command -v {program}")]).unguarded().run();
    path.code() == 0
}
