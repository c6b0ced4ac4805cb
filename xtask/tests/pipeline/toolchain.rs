//! What programs do when they are asked for their version.

use testbed::Bed;

const OPS: &str = "version = 1
[toolchain]
leaver = \">=2\"
on-stderr = \">=2\"
";

#[test]
fn a_child_left_behind_is_not_waited_for_and_standard_error_counts() {
    let bed = Bed::new();
    bed.write("ops.toml", OPS);
    bed.write_mode("bin/leaver", "#!/bin/sh\necho leaver 2.5.1\nsleep 1000 &\n", 0o755);
    bed.write_mode("bin/on-stderr", "#!/bin/sh\necho 'tool 2.5.1' >&2\n", 0o755);
    let look = || bed.command(testbed::bin!("xtask")).path_first(bed.path("bin")).arg("toolchain");
    insta::assert_snapshot!(look().run(), @"
    ok: leaver >=2: leaver 2.5.1
    ok: on-stderr >=2: tool 2.5.1
    [exit status: 0]
    ");
    let answer = look().args(["--format", "json"]).run().json();
    assert_eq!(answer["programs"][1]["version"], "2.5.1");
}
