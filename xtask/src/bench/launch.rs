//! Starts one command from a process that is small, and says what the kernel counted for it.
//!
//! A process inherits the memory peak of the one that started it. So this program starts itself
//! anew for each command, does nothing else, and starts the command from there.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use duct::{Expression, cmd};
use wait4::Wait4;

use super::measure::{Side, Usage};

/// The first argument that makes this program such a process; people have no use for it.
const FLAG: &str = "--launch-and-measure";

/// So long the process rests before it starts the command. Without it commands of two threads took up to a tenth longer
/// than when started by hand, as if the scheduler took what has just begun for busy.
const REST: Duration = Duration::from_millis(20);

/// What the launched command came to, where this process was started to launch one.
pub(crate) fn launched() -> Option<ExitCode> {
    let mut words = env::args_os().skip(1);
    if words.next()? != FLAG {
        return None;
    }
    let line = match launch(words) {
        Ok(line) => line,
        Err(error) => error.to_string(),
    };
    let _ = writeln!(io::stderr(), "{line}");
    Some(ExitCode::SUCCESS)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the kernel's account of a child is only had from the child itself"
)]
fn launch(mut words: impl Iterator<Item = OsString>) -> io::Result<String> {
    let program = words.next().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(words).stderr(Stdio::null());
    std::thread::sleep(REST);
    let started = Instant::now();
    let used = command.spawn()?.wait4()?;
    let wall = started.elapsed();
    let cpu = used.rusage.utime + used.rusage.stime;
    // 128 and more stands for a signal, as in a shell.
    let code = used.status.code().unwrap_or(128);
    Ok(format!("{} {} {} {code}", wall.as_nanos(), cpu.as_nanos(), used.rusage.maxrss))
}

/// Runs a command once.
pub(super) fn run(side: &Side) -> Result<Usage, String> {
    let failed = |error: io::Error| format!("{} did not start: {error}", side.name);
    let own = env::current_exe().map_err(failed)?;
    let words = [OsString::from(FLAG)].into_iter().chain(side.words.iter().cloned());
    let output = in_place(&cmd(own, words), side).run().map_err(failed)?;
    let line = String::from_utf8_lossy(&output.stderr);
    let (usage, code) =
        read(&line).ok_or_else(|| format!("{} did not start: {}", side.name, line.trim()))?;
    if side.accepts.contains(&code) {
        Ok(usage)
    } else {
        Err(format!("{} ended with code {code}", side.name))
    }
}

/// The peak memory of a command, in MiB, by one more run under GNU time, which is smaller than this program and so
/// than anything that is measured; none where it is not installed.
pub(super) fn peak_mib(side: &Side) -> Option<f64> {
    let words =
        ["-q", "-f", "%M"].map(OsString::from).into_iter().chain(side.words.iter().cloned());
    let output = in_place(&cmd("time", words), side).unchecked().run().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().last()?.trim().parse::<u32>().ok().map(|kib| f64::from(kib) / 1024.0)
}

/// A command in its folder, with what it reads and where its output goes.
fn in_place(command: &Expression, side: &Side) -> Expression {
    let command = command.dir(&side.folder).stderr_capture();
    let command = match &side.input {
        Some(path) => command.stdin_path(path),
        None => command.stdin_null(),
    };
    match &side.output {
        Some(path) => command.stdout_path(path),
        None => command.stdout_null(),
    }
}

/// Reads what [`launch`] wrote.
fn read(line: &str) -> Option<(Usage, i32)> {
    let mut words = line.split_whitespace();
    let mut number = || words.next()?.parse::<u64>().ok();
    let wall = Duration::from_nanos(number()?).as_secs_f64();
    let cpu = Duration::from_nanos(number()?).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a size in bytes needs no more than 52 bits")]
    let memory_mib = number()? as f64 / (1024.0 * 1024.0);
    let code = i32::try_from(number()?).ok()?;
    Some((Usage { wall, cpu, memory_mib }, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_account_is_none() {
        let (usage, code) = read("1500000 1000000 2097152 1\n").unwrap();
        assert!((usage.wall - 0.0015).abs() < 1e-9 && (usage.cpu - 0.001).abs() < 1e-9);
        assert!((usage.memory_mib - 2.0).abs() < 1e-9);
        assert_eq!(code, 1);
        assert!(read("No such file or directory (os error 2)").is_none());
        assert!(read("1 2 3").is_none());
    }
}
