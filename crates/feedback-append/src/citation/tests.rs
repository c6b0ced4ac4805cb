//! Tests of finding citations, wherever in a line they stand.

use super::*;
use crate::blocks;
use proptest::prelude::*;

fn roots() -> Roots {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Roots { evidence: owned(&["artifacts", "reports"]), others: owned(&["docs", "vault"]) }
}

fn check(document: &str) -> String {
    let blocks = blocks::read(document, 0);
    let found = find(document, 0, &blocks, &roots());
    let mut lines: Vec<String> = found
        .paths
        .iter()
        .map(|citation| {
            let mark = if citation.is_evidence { "!" } else { " " };
            let hash = citation.hash.as_ref().map_or(String::new(), |hash| {
                format!(" {}{}", if hash.of_manifest { "manifest " } else { "" }, &hash.digits[..8])
            });
            let exit = citation.exit.map_or(String::new(), |exit| format!(" exit {exit}"));
            let suffix = if citation.suffix > 0 {
                format!(" suffix {}", citation.suffix)
            } else {
                String::new()
            };
            format!("{mark} {}{suffix}{hash}{exit}", citation.path)
        })
        .collect();
    lines.extend(found.prose.iter().map(|range| format!("prose: {}", &document[range.clone()])));
    lines.join("\n")
}

#[test]
fn wherever_a_path_stands_it_is_found() {
    insta::assert_snapshot!(
        check("see artifacts/a.log, (artifacts/b.log) and **artifacts/c.log**.\n\
            `artifacts/d.log` [log](artifacts/e.log) <artifacts/f.log>\n\
            - item artifacts/g/\n| x | artifacts/h.log |\n\
            **Artifact root: artifacts/i/**\n_artifacts/j.log_ *artifacts/k.log*\n\
            LOG=artifacts/l.log > artifacts/m.log \"artifacts/n.log\"\n\
            artifacts/o.log:12 artifacts/p.md#L3 docs/q.md:1:2\n\
            ```\ncurl > artifacts/r.log\ncat scripts/x.sh\n```\n<!-- artifacts/s.log -->\n\
            `bash scripts/run.sh --log artifacts/t.log` `scripts/u.sh`\n"),
        @"
    ! artifacts/a.log
    ! artifacts/b.log
    ! artifacts/c.log
    ! artifacts/d.log
    ! artifacts/e.log
    ! artifacts/f.log
    ! artifacts/g/
    ! artifacts/h.log
    ! artifacts/i/
    ! artifacts/j.log
    ! artifacts/k.log
    ! artifacts/l.log
    ! artifacts/m.log
    ! artifacts/n.log
    ! artifacts/o.log:12 suffix 3
    ! artifacts/p.md#L3 suffix 3
      docs/q.md:1:2 suffix 4
    ! artifacts/r.log
    ! artifacts/t.log
      scripts/u.sh
    "
    );
}

#[test]
fn what_cannot_be_followed_is_kept_whole() {
    insta::assert_snapshot!(
        check("artifacts/{a,b} artifacts/$TIMESTAMP/x.log artifacts/x/**\n**bold** artifacts/dir/**\n\
            artifacts/[REDACTED].580Z.json artifacts/<name>/x artifacts/YYYYMMDD.log artifacts/… artifacts/y/...\n\
            artifacts/integrations/m-2025-10-11T01:37:42Z/ artifacts/run*.log artifacts/2025* ***REDACTED***/x.log\n\
            ../outside.log /tmp/x.log ~/y.log vault/occ/fly/api_token.env\n"),
        @"
    ! artifacts/{a,b}
    ! artifacts/$TIMESTAMP/x.log
    ! artifacts/x/**
    ! artifacts/dir/**
    ! artifacts/[REDACTED].580Z.json
    ! artifacts/<name>/x
    ! artifacts/YYYYMMDD.log
    ! artifacts/…
    ! artifacts/y/...
    ! artifacts/integrations/m-2025-10-11T01:37:42Z/
    ! artifacts/run*.log
    ! artifacts/2025*
      ***REDACTED***/x.log
      ../outside.log
      /tmp/x.log
      ~/y.log
      vault/occ/fly/api_token.env
    "
    );
}

#[test]
fn what_only_looks_like_a_path_is_none() {
    insta::assert_snapshot!(
        check("IMAP/SMTP and/or /api /hc 24/7 v1.2/3 agent/ai/staging-push https://a.b/c.md github.com/x/y.md\n\
            git@github.com:x/y.md @scope/pkg.js 1.2.3 hello. command/output evidence-log/verify 3.1.0\n"),
        @""
    );
}

#[test]
fn hashes_and_exit_codes_belong_to_the_path_before_them() {
    let hash = "0123456789abcdef".repeat(4);
    insta::assert_snapshot!(
        check(&format!(
            "- `fly-secrets auth` → artifacts/x/001.out (exit 3, sha256:{hash})\n\
            Evidence: artifacts/x/ (6 runs, manifest sha256:{hash})\n\
            artifacts/a.log sha256: 9f2cabcd… and artifacts/b.log (exit code: 0)\n\
            {hash}  artifacts/c.log\n"
        )),
        @"
    ! artifacts/x/001.out 01234567 exit 3
    ! artifacts/x/ manifest 01234567
    ! artifacts/a.log 9f2cabcd
    ! artifacts/b.log exit 0
    ! artifacts/c.log 01234567
    "
    );
}

#[test]
fn an_exit_code_may_stand_before_its_path_or_on_a_line_of_its_own() {
    insta::assert_snapshot!(
        check("Ran `curl x` (exit 3) → artifacts/a.log\n\
            2026-11-27T10:00:00Z — Ran curl x (exit 3), output artifacts/b.log\n\
            `x` (exit 3) → artifacts/c.log, `y` (exit 0) → artifacts/d.log\n\
            artifacts/e.log (exit 3), artifacts/f.log (exit 0)\n\
            Output: artifacts/g.log\nExit code: 3\n\n\
            Exit code: 4\nOutput: artifacts/h.log\nExit code: 5\n\n\
            ### Next\nSee docs/x.md\nexit 6\n### Last\n`sh -c 'exit 7'` → artifacts/i.log\n"),
        @"
    ! artifacts/a.log exit 3
    ! artifacts/b.log exit 3
    ! artifacts/c.log exit 3
    ! artifacts/d.log exit 0
    ! artifacts/e.log exit 3
    ! artifacts/f.log exit 0
    ! artifacts/g.log exit 3
    ! artifacts/h.log exit 4
      docs/x.md
    ! artifacts/i.log
    "
    );
}

#[test]
fn a_hash_may_stand_around_its_path_in_many_ways() {
    let hash = "0123456789abcdef".repeat(4);
    insta::assert_snapshot!(
        check(&format!(
            "Artifact: artifacts/a.txt\nSHA256: {hash}\n\n- artifacts/b.txt\n  - sha256: `{hash}`\n\n\
            Evidence: [sha256:{hash}](../artifacts/c.txt)\nEvidence: artifacts/d.txt#sha256={hash}\n\
            Evidence: <artifacts/e%20f.txt>\nEvidence: <name%20x>/y\n"
        )),
        @"
    ! artifacts/a.txt 01234567
    ! artifacts/b.txt 01234567
    ! ../artifacts/c.txt 01234567
    ! artifacts/d.txt#sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef suffix 72 01234567
    ! artifacts/e f.txt
    prose: <name%20x>/y
    "
    );
    let other = |line: &str| {
        find(line, 0, &Blocks::default(), &roots())
            .paths
            .iter()
            .map(|path| path.has_other_hash)
            .collect::<Vec<_>>()
    };
    let digits = "ab01".repeat(16);
    for line in [
        format!("artifacts/a.txt sha512:{digits}{digits}"),
        "artifacts/a.txt sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned(),
        "artifacts/a.txt sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=".to_owned(),
        "artifacts/a.txt (ab01cd23ef45)".to_owned(),
    ] {
        assert_eq!(other(&line), [true], "{line}");
    }
    for line in [
        "artifacts/a.txt (12345678)",
        "artifacts/a.txt (deadbeef)",
        "artifacts/a.txt (sha256 added)",
    ] {
        assert_eq!(other(line), [false], "{line}");
    }
}

#[test]
fn evidence_in_prose_is_told_from_evidence() {
    insta::assert_snapshot!(
        check("**Evidence:** Full readiness tracking matrix\nStatus: x\n\nEvidence:\n- artifacts/a.log\n\n\
            EVIDENCE:\n- looked at it\n\nEvidence: run.log and example.com\nArtifacts: none yet\n"),
        @"
    ! artifacts/a.log
    ! run.log
    prose: Full readiness tracking matrix
    prose: EVIDENCE:
    prose: none yet
    "
    );
}

#[test]
fn the_seed_cites_what_a_reader_would_follow() {
    let seed = include_str!("../../tests/logs/chatwoot.md");
    insta::assert_snapshot!(check(&seed[seed.find("\n---\n").unwrap() + 5..]), @"
      docs/integrations/chatwoot_readiness.md
    ! artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/git_branch.txt
    ! artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/git_status.txt
    ! artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/
    ! artifacts/integrations/chatwoot-manager-feedback-2025-10-11T01:37:42Z/reviewed_docs.txt
      docs/directions/chatwoot.md
      docs/deployment/chatwoot_fly_runbook.md
      docs/directions/README.md
      docs/ops/credential_index.md
      deploy/chatwoot/fly.toml
      packages/integrations/chatwoot.ts
      scripts/ops/chatwoot-fly-smoke.sh
      vault/occ/fly/api_token.env
      vault/occ/supabase/database_url_staging.env
      vault/occ/chatwoot/redis_staging.env
    prose: Full readiness tracking matrix with 10-item checklist and Support coordination requirements
    ");
}

#[test]
fn a_path_is_never_all_line_number() {
    assert_eq!(token::line_suffix("#L3/x"), 0);
    assert_eq!(token::line_suffix(":12"), 0);
    assert_eq!(token::line_suffix("a#L3"), 3);
}

/// Two hundred thousand signs take well under a second, and took half a minute or more.
#[test]
fn a_long_run_of_signs_takes_no_longer_than_its_length() {
    let started = std::time::Instant::now();
    let many = 200_000;
    for line in [
        format!("a/{}", ")".repeat(many)),
        format!("{}a/b.c", "[".repeat(many)),
        format!("{}a/b.c{}", "[".repeat(many), "]".repeat(many)),
        format!("{}a/b.c", "<".repeat(many)),
        format!("artifacts/a.log {}", "exit ".repeat(many / 5)),
        format!("artifacts/a.log {}", "sha256".repeat(many / 6)),
        format!("a/{}", ".)*".repeat(many / 3)),
        "`a/b` ``".repeat(many / 8),
    ] {
        let document = format!("[x]: y/z.md\n\n{line}\n");
        find(&document, 0, &Blocks::default(), &roots());
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_line_is_read_and_ranges_fit(line in "[ `*_()\\[\\]{}<>|.,:;/=a-c0-9é→-]{0,60}|(artifacts/|\\*\\*|`|sha256:|[a-f0-9]{8,64}| |exit ){0,12}") {
        let blocks = blocks::read(&line, 0);
        for citation in find(&line, 0, &blocks, &roots()).paths {
            prop_assert_eq!(line.get(citation.range.clone()), Some(citation.path.as_str()));
            prop_assert!(citation.suffix < citation.path.len());
        }
    }

    #[test]
    fn a_plain_path_is_found_in_every_dress(
        path in "artifacts/[a-z0-9][a-z0-9._-]{0,12}[a-z0-9]/[a-z0-9]{1,8}\\.(log|txt|json)",
        dress in prop::sample::select(vec![("", ""), ("`", "`"), ("**", "**"), ("(", ")"), ("[x](", ")"), ("| ", " |"), ("- ", ""), ("see ", "."), ("**Evidence:** ", ","), ("<", ">"), ("\"", "\""), ("- `x y` → ", " (exit 0)")]),
    ) {
        let line = format!("{}{path}{}", dress.0, dress.1);
        let blocks = blocks::read(&line, 0);
        let found = find(&line, 0, &blocks, &roots()).paths;
        prop_assert_eq!(found.len(), 1, "{}", line);
        prop_assert_eq!(&found[0].path, &path);
    }
}

#[test]
fn links_are_decoded_and_any_name_has_a_form() {
    let paths = |line: &str| {
        let roots = Roots { evidence: vec!["artifacts".to_owned()], others: Vec::new() };
        let found = find(line, 0, &blocks::read(line, 0), &roots).paths;
        let told = |citation: &Citation| format!("{} {}", citation.path, citation.is_exact);
        found.iter().map(told).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(paths("see [it](artifacts/a%20b.txt)."), "artifacts/a b.txt false");
    assert_eq!(paths("see [it](<artifacts/a b.txt>) now"), "artifacts/a b.txt false");
    assert_eq!(paths("see [it](<https://example.com/a b.txt>)"), "");
    assert_eq!(paths("Evidence: <./README> (sha256:00)"), "README true");
    assert_eq!(paths("Evidence: <artifacts/%5Ba%5D.log> (sha256:00)"), "artifacts/[a].log true");
    assert_eq!(paths("Evidence: artifacts/<name>/x.log"), "artifacts/<name>/x.log false");
}
