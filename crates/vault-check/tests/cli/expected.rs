//! Every vault with one fault is answered as its `expected.md` says.

use std::path::Path;

#[test]
fn one_fault_is_answered_as_expected() {
    let program = Path::new(testbed::bin!("vault-check"));
    let n_cases = testbed::check_fixtures("vault-", program, |name, bed| {
        if name == "vault-world-readable" {
            bed.set_mode("vault/occ/chatwoot/redis_staging.env", 0o644);
        }
    });
    assert!(n_cases >= 9, "only {n_cases} fixtures");
}
