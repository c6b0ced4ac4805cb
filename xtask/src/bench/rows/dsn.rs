//! Connection strings: parses against libpq's, and a thousand places against the time that they may take.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use duct::cmd;

use super::{Ctx, Side, cpu, material, peer, wall};
use crate::bench::measure::Row;
use crate::error::Error;
use crate::{repo, tool};

/// How often the corpus is parsed, so that starting a process no longer counts.
const ROUNDS: &str = "1000";
const N_PLACES: usize = 1000;
/// The time that a thousand places may take.
const LIMIT: [&str; 2] = ["sleep", "0.05"];

/// libpq on the same lines; it frees what it made, as we do.
const PEER: &str = r#"
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  static char text[1 << 20];
  static char *lines[1 << 16];
  FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
  if (!file) return 2;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  int n_lines = 0;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) lines[n_lines++] = line;
  long count = 0;
  for (int round = atoi(argv[1]); round > 0; round--)
    for (int i = 0; i < n_lines; i++) {
      char *error = NULL;
      PQconninfoOption *options = PQconninfoParse(lines[i], &error);
      if (options) count++;
      PQconninfoFree(options);
      PQfreemem(error);
    }
  printf("%ld\n", count);
  return 0;
}
"#;

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let speed = tool::build_dsn_speed()?;
    let folder = material::folder(&ctx.scratch.join("dsn"))?;
    let uris = uris()?;
    material::file(&folder.join("uris"), uris.join("\n") + "\n")?;
    let thousand: Vec<&str> = uris.iter().map(String::as_str).cycle().take(N_PLACES).collect();
    material::file(&folder.join("thousand"), thousand.join("\n") + "\n")?;
    let side = |args: &[&str]| {
        let mut words = vec![speed.clone().into_os_string()];
        words.extend(args.iter().map(Into::into));
        Side::new(&[&["speed"], args].concat().join(" "), words, &folder)
    };
    places(&folder)?;
    let mut check = ctx.ours("dsn-align", &["check"], &folder);
    // Whatever is found, a thousand places were checked.
    check.accepts = &[0, 1];
    let limit = || Ok(peer(&LIMIT, &folder));
    Ok(vec![
        Row {
            tool: "dsn-align",
            work: "the corpus' URIs, parsed 1,000 times over, against PQconninfoParse",
            ours: side(&["parse", ROUNDS, "uris"]),
            peer: libpq(&folder),
            goal: cpu(0.5, None),
            max_rounds: super::FEW,
        },
        Row {
            tool: "dsn-align",
            work: "1,000 strings read by all clients, against the 50 ms that they may take",
            ours: side(&["readings", "thousand"]),
            peer: limit(),
            goal: wall(1.0, None),
            max_rounds: usize::MAX,
        },
        Row {
            tool: "dsn-align",
            work: "check, 1,000 places, against the 50 ms that it may take",
            ours: check,
            peer: limit(),
            goal: wall(1.0, None),
            max_rounds: usize::MAX,
        },
    ])
}

/// The URIs of the corpus that are one line of text each.
fn uris() -> Result<Vec<String>, Error> {
    let path = repo::root().join("fixtures/dsn-corpus/strings.jsonl");
    let text = fs::read_to_string(&path).map_err(|source| Error::File {
        doing: "reading",
        path: path.clone(),
        source,
    })?;
    let cases = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let texts =
        cases.filter_map(|case: serde_json::Value| case["text"].as_str().map(str::to_owned));
    Ok(texts
        .filter(|text| text.starts_with("postgres") && text.contains("://"))
        .filter(|text| !text.contains(['\n', '\0']))
        .collect())
}

/// An ops.toml with a thousand places of one group, and their env file.
fn places(folder: &Path) -> Result<(), Error> {
    let (mut ops, mut env) = ("version = 1\n".to_owned(), String::new());
    for index in 0..N_PLACES {
        let canonical = if index == 0 { "canonical = true\n" } else { "" };
        let _ = writeln!(
            ops,
            "[[dsn.place]]\nname = \"p{index}\"\nenv-file = \"all.env\"\nkey = \"URL_{index}\"\n{canonical}"
        );
        let _ = writeln!(
            env,
            "URL_{index}=postgresql://app:CANARY%2F{index}@db.example.com:5432/app?sslmode=require"
        );
    }
    material::file(&folder.join("ops.toml"), ops)?;
    material::file(&folder.join("all.env"), env)
}

/// libpq's side, where a C compiler and libpq's headers are installed.
fn libpq(folder: &Path) -> Result<Side, String> {
    let source = folder.join("peer.c");
    material::file(&source, PEER).map_err(|error| error.to_string())?;
    let built = cmd!("cc", "-O2", "-I/usr/include/postgresql", "-o", "peer", "peer.c", "-lpq")
        .dir(folder)
        .stderr_null()
        .unchecked()
        .run();
    match built {
        Ok(output) if output.status.success() => {
            let words = vec![folder.join("peer").into_os_string(), ROUNDS.into(), "uris".into()];
            Ok(Side::new("PQconninfoParse", words, folder))
        }
        _ => Err("libpq's headers (libpq-dev) or a C compiler is not installed".to_owned()),
    }
}
