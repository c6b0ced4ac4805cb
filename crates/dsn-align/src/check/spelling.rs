//! How a whole string is written: raw characters, escapes once too often, readers that disagree.

use dsn::{Reader, Reading, has_escape, raw_characters, readings};
use report::Finding;

use crate::check::at_value;
use crate::place::{Held, Value};
use crate::readings::{compare, is_counted};

pub(super) fn whole(held: &Held<'_>, value: &Value, reader: Reader, findings: &mut Vec<Finding>) {
    let name = &held.place.name;
    // To the readers; findings name characters and positions of the encoding, never the text.
    let text = value.text.expose();
    if let Some(first) = raw_characters(text).first() {
        let message = format!(
            "{name}: user or password holds {} at character {}, on which clients disagree",
            first.name(),
            first.offset + 1
        );
        let hint = format!("write it as {}", first.spelling());
        findings.push(at_value(held, value, Finding::error("not-encoded", message).hint(hint)));
        return;
    }
    let readings = readings(text);
    // Sidekiq and whatever else is written in Ruby read Redis URLs by redis-rb.
    let is_named = reader.kind() == dsn::Kind::Redis;
    let reader = if dsn::is_redis(text) && !is_named { Reader::RedisRb } else { reader };
    let own = readings.iter().find(|reading| reading.reader == reader);
    if let Some(own) = own {
        if let Ok(fields) = &own.outcome
            && fields.get("password").is_some_and(has_escape)
        {
            let message =
                format!("{name}: the password still holds percent escapes after it is decoded");
            let hint = "encode the plain password once; if it really holds a %XX, ignore this";
            findings.push(at_value(
                held,
                value,
                Finding::warning("encoded-twice", message).hint(hint),
            ));
        }
        disagreement(held, value, own, &readings, findings);
    }
}

/// Reports where the place's own reader and libpq disagree, or else where any others do.
fn disagreement(
    held: &Held<'_>,
    value: &Value,
    own: &Reading,
    readings: &[Reading],
    findings: &mut Vec<Finding>,
) {
    const IDENTITY: [&str; 5] = ["user", "password", "host", "port", "dbname"];
    let text = value.text.expose();
    let comparison = compare(text, readings);
    // A form of its own is written for this client alone.
    let is_own_form = own.reader.has_own_form()
        || own.reader == Reader::SqlAlchemy && text.starts_with(b"postgresql+");
    if own.outcome.is_err() || comparison.agree || is_own_form {
        return;
    }
    let name = own.reader.name();
    let mut fields: Vec<&str> = Vec::new();
    let mut against_libpq = false;
    for difference in &comparison.differences {
        if IDENTITY.contains(&difference.field.as_str()) {
            fields.push(&difference.field);
            let together = |group: &&Vec<&str>| group.contains(&name) && group.contains(&"libpq");
            against_libpq |= difference.groups.iter().find(together).is_none();
        }
    }
    let refusing: Vec<&str> = readings
        .iter()
        .filter(|reading| reading.outcome.is_err() && is_counted(text, reading))
        .map(|reading| reading.reader.name())
        .collect();
    against_libpq |= refusing.contains(&"libpq");
    if fields.is_empty() && refusing.is_empty() {
        return;
    }
    let mut said = Vec::new();
    if !fields.is_empty() {
        said.push(format!("clients disagree on {}", fields.join(", ")));
    }
    if !refusing.is_empty() {
        said.push(format!("{} would refuse it", refusing.join(", ")));
    }
    let message = format!("{}: {}", held.place.name, said.join("; "));
    let is_redis = own.reader.kind() == dsn::Kind::Redis;
    let finding = if against_libpq || is_redis {
        Finding::warning("reads-differently", message)
    } else {
        Finding::note("reads-differently", message)
    };
    let hint = format!("`dsn-align readings --place {}` shows who reads what", held.place.name);
    findings.push(at_value(held, value, finding.hint(hint)));
}
