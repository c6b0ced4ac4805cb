//! Programs that have the log open for writing while an entry is added: nothing of theirs is lost.

use crate::{SEED, bed, run};

/// Holds the log open as descriptor 3, appends an entry beside it, and lets go once the tool is at work; then says how
/// the tool ended.
fn beside(open: &str, write: &str) -> (testbed::Bed, testbed::Output) {
    let bed = bed();
    let script = format!(
        "mkfifo ready go\n\
         (exec 3{open} feedback/chatwoot.md; echo > ready; read _ < go; {write} >&3) &\n\
         read _ < ready\n\
         '{}' --role chatwoot --title A --message x & tool=$!\n\
         until [ -e feedback/.chatwoot.md.lock ] || ! kill -0 $tool 2> /dev/null; do :; done\n\
         echo > go; wait $tool; code=$?; wait; exit $code",
        testbed::bin!("feedback-append")
    );
    bed.write("seed.md", SEED);
    let output = bed.command("sh").args(["-c", &script]).run();
    (bed, output)
}

#[test]
fn a_command_whose_output_goes_into_the_log_loses_none() {
    let (bed, output) = beside(">>", "echo LATE");
    assert_eq!(output.code(), 0, "{output}");
    let log = bed.read("feedback/chatwoot.md");
    assert!(log.contains("LATE\n") && log.contains(" — A\n"), "{log}");
}

#[test]
fn a_save_that_empties_the_log_first_is_not_lost() {
    let (bed, output) = beside(">", "cat seed.md");
    assert_eq!(output.code(), 0, "{output}");
    let log = bed.read("feedback/chatwoot.md");
    let (_, body) = SEED.rsplit_once("---\n").unwrap();
    assert!(log.contains(body) && log.contains(" — A\n"), "{log}");
}

#[test]
fn a_log_that_stays_open_for_writing_takes_no_entry() {
    let bed = bed();
    let script = format!(
        "mkfifo ready go\n\
         (exec 3>> feedback/chatwoot.md; echo > ready; read _ < go; echo LATE >&3) & holder=$!\n\
         read _ < ready\n\
         '{}' --role chatwoot --title A --message x 2>&1 | sed \"s/$holder/HOLDER/\"\n\
         cmp feedback/chatwoot.md seed.md && ls -A feedback\n\
         echo > go; wait",
        testbed::bin!("feedback-append")
    );
    bed.write("seed.md", SEED);
    insta::assert_snapshot!(bed.command("sh").args(["-c", &script]).run(), @"
    error: writing the entry
      caused by: [ROOT]/feedback/chatwoot.md was open for writing elsewhere (`sh`, process HOLDER) for 3 s, and what is written there would be lost (nothing of ours was written)
    hint: try again when it has ended; let a long command write to a file of its own, and cite that with `--evidence`
    chatwoot.md
    [exit status: 0]
    ");
    assert_eq!(bed.read("feedback/chatwoot.md"), format!("{SEED}LATE\n"));
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "A", "--message", "x"]).code(), 0);
}

/// The tool is held up between the exchange of the files and its look at what came out.
#[test]
fn a_save_of_the_new_log_is_no_save_of_the_old_one() {
    let test = "a_save_of_the_new_log_is_no_save_of_the_old_one";
    let bed = bed();
    let may = bed.command("sh").args(["-c", "strace -o /dev/null true"]).unguarded();
    if may.run().code() != 0 {
        testbed::not_run(test, "strace cannot trace here");
        return;
    }
    let script = format!(
        "touch -d '+1 hour' feedback/chatwoot.md\n\
         strace -f -o /dev/null -e trace=renameat2 -e inject=renameat2:delay_exit=1000000:when=1 \
         '{}' --role chatwoot --title A --message x & tool=$!\n\
         until grep -q ' — A$' feedback/chatwoot.md || ! kill -0 $tool 2> /dev/null; do :; done\n\
         echo SAVED >> feedback/chatwoot.md; wait $tool; code=$?; ls -A feedback >&2; exit $code",
        testbed::bin!("feedback-append")
    );
    let output = bed.command("sh").args(["-c", &script]).run();
    assert_eq!((output.code(), output.stderr()), (0, "chatwoot.md\n"), "{output}");
    let log = bed.read("feedback/chatwoot.md");
    assert_eq!((log.matches(" — A\n").count(), log.matches("SAVED\n").count()), (1, 1), "{log}");
}
