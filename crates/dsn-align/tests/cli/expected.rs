//! Every connection string with one fault is answered as its `expected.md` says.

use std::path::Path;

#[test]
fn one_fault_is_answered_as_expected() {
    let program = Path::new(testbed::bin!("dsn-align"));
    let n_cases = testbed::check_fixtures("dsn-", program, |_, _| {});
    assert!(n_cases >= 8, "only {n_cases} fixtures");
}
