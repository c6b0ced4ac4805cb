//! Keeping, redacting and verifying output, against what people type instead.

use duct::cmd;

use super::{Ctx, FEW, cpu, installed, material, peer, wall};
use crate::bench::measure::Row;
use crate::error::Error;

const STREAM_BYTES: usize = 500_000_000;
const FILTER_BYTES: usize = 105_000_000;
const N_FILES: usize = 10_000;
const FILE_BYTES: usize = 20_000;

pub(super) fn rows(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let mut rows = wrapping_true(ctx)?;
    rows.extend(stream(ctx)?);
    rows.extend(verify(ctx)?);
    rows.extend(redact(ctx)?);
    Ok(rows)
}

/// The tool by itself, and with what git is asked in this repository, which the peers do not do.
fn wrapping_true(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    const BASH: &[&str] = &["bash", "-c", "true 2>&1 | tee out.txt"];
    const SCRIPT: &[&str] = &["script", "-qec", "true", "out.script"];
    const ASCIINEMA: &[&str] =
        &["asciinema", "rec", "--quiet", "--overwrite", "-c", "true", "out.cast"];
    #[rustfmt::skip]
    const WITNESS: &[&str] =
        &["witness", "run", "--step", "true", "-k", "witness.pem", "-o", "out.json", "--", "true"];
    let alone = "run true";
    let outside = material::outside("true")?;
    let with_git = "run true, in this repository, whose commit and changes are recorded";
    let inside = material::folder(&ctx.scratch.join("true"))?;
    for folder in [&outside, &inside] {
        material::file(&folder.join("ops.toml"), "version = 1\n")?;
    }
    // witness signs or does nothing; without the key its row says that it did not run.
    let _ = cmd!("openssl", "genpkey", "-algorithm", "ed25519", "-out", "witness.pem")
        .dir(&inside)
        .stderr_null()
        .unchecked()
        .run();
    [
        (alone, &outside, BASH, 0.8),
        (alone, &outside, ASCIINEMA, 0.5),
        (alone, &outside, SCRIPT, 0.25),
        (with_git, &inside, BASH, 0.8),
        (with_git, &inside, SCRIPT, 0.25),
        // It asks git too, and does nothing where there is no repository.
        (with_git, &inside, WITNESS, 0.1),
    ]
    .into_iter()
    .map(|(work, folder, words, ratio)| {
        // A bundle of its own for each, so that none pays for the records of another.
        let bundle = ctx.prepare("evidence-log", &["open", "bench"], folder)?;
        Ok(Row {
            tool: "evidence-log",
            work,
            ours: ctx.ours("evidence-log", &["run", "--into", &bundle, "--", "true"], folder),
            peer: installed(words, folder),
            goal: wall(ratio, None),
            max_rounds: usize::MAX,
        })
    })
    .collect()
}

fn stream(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let folder = material::folder(&ctx.scratch.join("stream"))?;
    let mut numbers = material::Numbers::new(11);
    material::vault(&folder, 50, &mut numbers)?;
    material::text(&folder.join("big.txt"), STREAM_BYTES, &mut numbers)?;
    let peers = [
        ("cat big.txt | tee copy.out | sha256sum", 0.30),
        ("cat big.txt | tee copy.out | openssl dgst -sha256", 0.75),
    ];
    peers
        .into_iter()
        .map(|(script, ratio)| {
            let bundle = ctx.prepare("evidence-log", &["open", "stream"], &folder)?;
            let run = ["run", "--into", &bundle, "--", "cat", "big.txt"];
            let mut ours = ctx.ours("evidence-log", &run, &folder);
            let mut peer = peer(&["bash", "-c", script], &folder);
            // Both keep a new file each time; writing over an old one costs the kernel half.
            ours.leaves = Some((folder.join(&bundle), ".out"));
            peer.leaves = Some((folder.clone(), "copy.out"));
            Ok(Row {
                tool: "evidence-log",
                work: "run, 500 MB of text, kept, shown, hashed, 50 credentials redacted",
                ours,
                peer: Ok(peer),
                goal: cpu(ratio, Some(16.0)),
                max_rounds: FEW,
            })
        })
        .collect()
}

fn verify(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let folder = material::folder(&ctx.scratch.join("verify"))?;
    material::file(&folder.join("ops.toml"), "version = 1\n")?;
    let mut numbers = material::Numbers::new(13);
    let names: Vec<String> = (0..N_FILES).map(|index| format!("{index:05}.log")).collect();
    for name in &names {
        material::text(&folder.join(name), FILE_BYTES, &mut numbers)?;
    }
    let bundle = ctx.prepare("evidence-log", &["open", "verify"], &folder)?;
    for some in names.chunks(200) {
        let mut args = vec!["attach", bundle.as_str()];
        args.extend(some.iter().map(String::as_str));
        ctx.prepare("evidence-log", &args, &folder)?;
    }
    ctx.prepare("evidence-log", &["seal", &bundle], &folder)?;
    let ours = ctx.ours("evidence-log", &["verify", "--allow-unsigned", &bundle], &folder);
    let theirs = peer(&["sha256sum", "--quiet", "-c", "manifest.sha256"], &folder.join(&bundle));
    let work = "verify, 10,000 files of 20 KB";
    Ok(vec![Row {
        tool: "evidence-log",
        work,
        ours,
        peer: Ok(theirs),
        goal: wall(0.12, None),
        max_rounds: FEW,
    }])
}

fn redact(ctx: &Ctx<'_>) -> Result<Vec<Row>, Error> {
    let few = material::folder(&ctx.scratch.join("redact-50"))?;
    let many = material::folder(&ctx.scratch.join("redact-500"))?;
    let mut numbers = material::Numbers::new(17);
    material::vault(&few, 50, &mut numbers)?;
    material::vault(&many, 500, &mut numbers)?;
    let text = ctx.scratch.join("filter.txt");
    material::text(&text, FILTER_BYTES, &mut numbers)?;
    let filter = |folder| {
        let mut side = ctx.ours("evidence-log", &["redact"], folder);
        side.input = Some(text.clone());
        side.output = Some(ctx.scratch.join("filtered.txt"));
        side
    };
    let mut copy = peer(&["cat"], &few);
    copy.input = Some(text.clone());
    copy.output = Some(ctx.scratch.join("copied.txt"));
    let row = |work, ours, peer, goal| Row {
        tool: "evidence-log",
        work,
        ours,
        peer: Ok(peer),
        goal,
        max_rounds: FEW,
    };
    Ok(vec![
        row(
            "redact, 105 MB of text, 50 credentials and their encodings",
            filter(&few),
            copy,
            cpu(4.0, None),
        ),
        row("redact, 500 credentials instead of 50", filter(&many), filter(&few), cpu(1.25, None)),
    ])
}
