//! The decision on every combination of vault, state and Fly.

use super::*;
use crate::state::Pending;

const APP: &str = "web";

/// `NAME=value` as the vault wants it; `NAME!reason` where nothing may be sent.
fn wanted(text: &str) -> Vec<Wanted> {
    let one = |word: &str| {
        let (name, value) = if let Some((name, value)) = word.split_once('=') {
            (name, Ok(Secret::from(value.to_owned())))
        } else {
            let (name, reason) = word.split_once('!').unwrap();
            (name, Err(reason.to_owned()))
        };
        Wanted { name: name.to_owned(), source: format!("a.env:{name}"), value }
    };
    text.split_whitespace().map(one).collect()
}

/// `NAME=value@digest`, with `^` behind where it is not deployed, `~` in front where a change was begun and `+` where
/// it was adopted.
fn agreed(text: &str, key: &Key) -> AppState {
    let mut state = AppState::default();
    for word in text.split_whitespace() {
        let (word, deployed) = word.strip_suffix('^').map_or((word, true), |word| (word, false));
        let (word, pending) = word.strip_prefix('~').map_or((word, false), |word| (word, true));
        let (word, adopted) = word.strip_prefix('+').map_or((word, false), |word| (word, true));
        let (name, rest) = word.split_once('=').unwrap();
        let (value, digest) = rest.split_once('@').unwrap();
        let fingerprint = key.fingerprint(APP, name, &Secret::from(value.to_owned()));
        let at = "2026-01-02T03:04:05Z".to_owned();
        if pending {
            let digest_before = (digest != "none").then(|| digest.to_owned());
            let pending = Pending { fingerprint: Some(fingerprint), digest_before, at };
            state.pending.insert(name.to_owned(), pending);
        } else {
            let agreed = Agreed {
                fingerprint,
                digest: digest.to_owned(),
                version: 1,
                at,
                deployed,
                adopted,
            };
            state.secrets.insert(name.to_owned(), agreed);
        }
    }
    state
}

fn listed(text: &str) -> Vec<Listed> {
    let one = |word: &str| {
        let (name, digest) = word.split_once('@').unwrap();
        Listed { name: name.to_owned(), digest: digest.to_owned(), updated_at: None, status: None }
    };
    text.split_whitespace().map(one).collect()
}

fn check(vault: &str, state: &str, fly: &str) -> String {
    let key = Key::random().unwrap();
    let listed = listed(fly);
    let prunable = ["OLD".to_owned()];
    let present = Present { listed: &listed, runs_with: &|_| None, prunable: &prunable };
    let plan = plan(APP, &wanted(vault), &agreed(state, &key), &key, &present);
    let mut lines: Vec<String> = plan
        .items
        .iter()
        .map(|item| format!("{} {}: {}", item.status.word(), item.name, item.reason))
        .collect();
    lines.extend(plan.blocked.iter().map(|one| format!("blocked {}: {}", one.name, one.reason)));
    lines.extend(plan.unequal.iter().map(|names| format!("unequal {}", names.join(" "))));
    lines.push(if plan.is_pending() { "pending".to_owned() } else { "ok".to_owned() });
    lines.join("\n")
}

#[test]
fn each_side_that_changed_is_told_apart() {
    insta::assert_snapshot!(check("A=x B=new C=x D=new", "A=x@1 B=x@1 C=x@1 D=x@1", "A@1 B@1 C@2 D@2"), @"
    change B: the vault's value changed since it was applied on 2026-01-02
    drift C: changed on Fly since it was applied on 2026-01-02
    drift D: changed on Fly and in the vault since it was applied on 2026-01-02
    keep A: as agreed
    pending
    ");
}

#[test]
fn what_fly_does_not_list_is_to_be_added() {
    insta::assert_snapshot!(check("A=x B=x", "B=x@1", ""), @"
    add A: not on Fly yet
    add B: was applied on 2026-01-02 and is gone from Fly
    pending
    ");
}

#[test]
fn what_was_never_applied_from_here_is_unknown() {
    insta::assert_snapshot!(check("A=x", "", "A@1"), @"
    unknown A: on Fly, but never applied from here
    pending
    ");
}

#[test]
fn what_is_agreed_but_not_deployed_is_staged() {
    insta::assert_snapshot!(check("A=x B=x", "A=x@1^ B=x@1", "A@1 B@1"), @"
    staged A: on Fly, but the machines do not run with it yet
    keep B: as agreed
    pending
    ");
}

#[test]
fn what_ops_toml_does_not_want_is_extra_and_left_alone() {
    insta::assert_snapshot!(check("", "", "NEW@1"), @"
    extra NEW: not in ops.toml; left alone
    ok
    ");
    insta::assert_snapshot!(check("", "", "OLD@1"), @"
    extra OLD: not in ops.toml; `--prune` removes it
    pending
    ");
}

#[test]
fn a_source_that_fails_its_checks_stands_in_the_way() {
    insta::assert_snapshot!(check("A!missing B=x", "B=x@1", "A@1 B@1"), @"
    keep B: as agreed
    blocked A: missing
    pending
    ");
}

#[test]
fn an_interrupted_apply_is_unknown_only_where_fly_changed() {
    insta::assert_snapshot!(check("A=new B=new C=x", "A=x@1 ~A=new@1 B=x@1 ~B=new@1 ~C=x@none", "A@2 B@1 C@3"), @"
    change B: the vault's value changed since it was applied on 2026-01-02
    unknown A: an apply was interrupted, and Fly's value has changed since
    unknown C: an apply was interrupted, and Fly's value has changed since
    pending
    ");
}

#[test]
fn one_value_with_two_digests_is_a_difference() {
    insta::assert_snapshot!(check("A=x B=x C=y", "C=y@3", "A@1 B@2 C@3"), @"
    unknown A: on Fly, but never applied from here
    unknown B: on Fly, but never applied from here
    keep C: as agreed
    unequal A B
    pending
    ");
    // Explained by the change of A.
    insta::assert_snapshot!(check("A=x B=x", "A=w@1 B=x@2", "A@1 B@2"), @"
    change A: the vault's value changed since it was applied on 2026-01-02
    keep B: as agreed
    pending
    ");
}

#[test]
fn what_was_adopted_is_sent_where_another_of_the_same_value_belies_it() {
    insta::assert_snapshot!(check("A=x B=x C=y", "A=x@1 +B=x@2 +C=y@3", "A@1 B@2 C@3"), @"
    unknown B: was adopted on 2026-01-02, but A has the same value in the vault and another digest on Fly
    keep A: as agreed
    keep C: as agreed
    unequal A B
    pending
    ");
    // Both were applied from here: their values are known, whatever the digests are made of.
    insta::assert_snapshot!(check("A=x B=x", "A=x@1 B=x@2^", "A@1 B@2"), @"
    staged B: on Fly, but the machines do not run with it yet
    keep A: as agreed
    pending
    ");
}

#[test]
fn nothing_to_do_is_ok() {
    insta::assert_snapshot!(check("A=x", "A=x@1", "A@1"), @"
    keep A: as agreed
    ok
    ");
    insta::assert_snapshot!(check("", "", ""), @"ok");
}
