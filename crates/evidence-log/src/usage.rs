//! Which command a line meant that could not be understood.

use std::ffi::OsString;

/// Whether it is `run`, whose own failures have a code of their own.
pub(crate) fn is_run(args: &[OsString]) -> bool {
    let words = args.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
    command(&words.collect::<Vec<_>>()) == Some("run")
}

/// The first word that is no option and no option's value.
fn command<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--ops" | "--color" => drop(words.next()),
            option if option.starts_with('-') => {}
            command => return Some(command),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_command_is_behind_the_options() {
        assert_eq!(command(&["--ops", "run", "--color=never", "show", "run"]), Some("show"));
        assert_eq!(command(&["run", "--no-such"]), Some("run"));
        assert_eq!(command(&["--ops"]), None);
    }
}
