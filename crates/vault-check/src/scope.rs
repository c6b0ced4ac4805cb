//! What a check is about: the vault, the files that were asked for, and the time.

use std::hash::RandomState;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use envfile::EnvFile;
use opsfile::{VaultFile, VaultSection};
use vault::{File, Vault};

use crate::above::Above;
use crate::error::Error;
use crate::examples::Example;
use crate::git::Answer;
use crate::given::Given;
use crate::packing::Recipe;

/// What the rules look at.
pub(crate) struct Scope<'a> {
    pub(crate) vault: &'a Vault,
    /// The declared files that were asked for.
    pub(crate) files: Vec<&'a File>,
    /// The declared values in them.
    pub(crate) values: Vec<Given<'a>>,
    /// What their hashes were made with.
    pub(crate) hasher: RandomState,
    /// The env files among them whose keys are not just the declared ones.
    pub(crate) unlike: Vec<(&'a File, &'a EnvFile)>,
    /// Whether everything was asked for, so that what nobody declared counts too.
    pub(crate) is_whole: bool,
    pub(crate) now: DateTime<Utc>,
    /// The user who runs this.
    pub(crate) user: u32,
    /// What git says of the vault.
    pub(crate) git: Answer,
    /// The folders above the vault.
    pub(crate) above: Vec<Above>,
    /// What would carry the vault away.
    pub(crate) recipes: Vec<Recipe>,
    /// Files of the repo whose values are examples.
    pub(crate) examples: Vec<Example>,
}

/// Which files were asked for.
pub(crate) struct Wanted<'a> {
    pub(crate) purposes: &'a [String],
    pub(crate) environment: Option<&'a str>,
    /// Only files that are missing or changed since then.
    pub(crate) changed_since: Option<DateTime<Utc>>,
}

impl Wanted<'_> {
    /// Refuses a purpose or an environment that no file is declared for: a slip of the hand would
    /// otherwise check nothing and call it good.
    pub(crate) fn validate(&self, section: &VaultSection) -> Result<(), Error> {
        let known = section.purposes();
        for purpose in self.purposes {
            if !known.contains(&purpose.as_str()) {
                return Err(Error::UnknownPurpose {
                    purpose: purpose.clone(),
                    known: known.iter().map(|purpose| (*purpose).to_owned()).collect(),
                });
            }
        }
        let Some(environment) = self.environment else { return Ok(()) };
        let mut known: Vec<String> =
            section.file.iter().map(|file| file.environment.clone()).collect();
        known.sort();
        known.dedup();
        if known.iter().any(|known| known == environment) {
            let is_asked = section.file.iter().any(|file| self.is_declared_for(file));
            return if is_asked { Ok(()) } else { Err(Error::NothingAsked) };
        }
        Err(Error::UnknownEnvironment { environment: environment.to_owned(), known })
    }

    /// Whether nothing is left out.
    pub(crate) fn is_everything(&self) -> bool {
        self.purposes.is_empty() && self.environment.is_none() && self.changed_since.is_none()
    }

    /// Whether a file is among what was asked for; files of no environment belong to all.
    pub(crate) fn includes(&self, file: &File) -> bool {
        let is_recent = self
            .changed_since
            .is_none_or(|since| file.modified.is_none_or(|modified| modified >= since));
        is_recent && file.declared.as_ref().is_some_and(|declared| self.is_declared_for(declared))
    }

    fn is_declared_for(&self, declared: &VaultFile) -> bool {
        let in_purpose = self.purposes.is_empty()
            || self.purposes.iter().any(|purpose| declared.is_for(purpose));
        let in_environment = self.environment.is_none_or(|environment| {
            declared.environment == environment || declared.environment == "shared"
        });
        in_purpose && in_environment
    }
}

/// Reads a date, a time, or an age such as `36h` or `7d`.
pub(crate) fn when(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds: i64 = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let age = TimeDelta::try_seconds(number.parse::<i64>().ok()?.checked_mul(seconds)?)?;
    now.checked_sub_signed(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_a_time_or_an_age() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                when(text, now).map(|time| time.to_rfc3339()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("2025-10-01", Some("2025-10-01T00:00:00+00:00"));
        check("2025-10-01T08:00:00+02:00", Some("2025-10-01T06:00:00+00:00"));
        check("10m", Some("1970-01-12T13:36:40+00:00"));
        check("7d", Some("1970-01-05T13:46:40+00:00"));
        check("7", None);
        check("yesterday", None);
        check("99999999999999999999d", None);
        check("9999999999999w", None);
    }
}
