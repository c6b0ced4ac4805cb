//! Values that a client takes while it reads and refuses when it connects.

use dsn::{Dsn, Kind, Mode, Reader, Service, connect_fault};
use report::Finding;

use crate::check::{at, at_field, reader, value_of};
use crate::place::Held;

pub(super) fn check(held: &Held<'_>, dsn: &Dsn, services: &[Service], findings: &mut Vec<Finding>) {
    if dsn.kind() != Kind::Postgres {
        return;
    }
    let name = &held.place.name;
    let reader = reader(held.place);
    // A raw character in the password is the cause of whatever stands in host and port.
    if findings.iter().any(|finding| finding.rule == "not-encoded") {
        return;
    }
    if hands_to_libpq(reader)
        && let Some(refusal) = connect_fault(dsn.fields())
    {
        let message = format!("{name}: libpq refuses to connect: {refusal}");
        let finding = Finding::error("refused", message);
        let finding = match refusal.advice() {
            Some(advice) => finding.hint(advice),
            None => finding,
        };
        let field = ["sslmode", "port"].into_iter().find(|field| refusal.reason().contains(field));
        findings.push(at_field(held, field.unwrap_or("host"), finding));
    }
    if services.iter().any(|service| service.mode == Some(Mode::Transaction)) {
        session(held, dsn, reader, findings);
    }
}

/// Clients that are libpq underneath, and so refuse what it refuses.
pub(crate) fn hands_to_libpq(reader: Reader) -> bool {
    matches!(
        reader,
        Reader::Libpq
            | Reader::Libpq17
            | Reader::Rails
            | Reader::SqlAlchemy
            | Reader::DjDatabaseUrl
    )
}

/// Clients that keep something in the session, behind a pooler that gives it away after each transaction.
fn session(held: &Held<'_>, dsn: &Dsn, reader: Reader, findings: &mut Vec<Finding>) {
    let is = |name: &str, value: &[u8]| dsn.fields().get(name) == Some(value);
    let (what, hint) = match reader {
        Reader::Rails if !is("prepared_statements", b"false") => (
            "Rails prepares statements and takes advisory locks for migrations",
            "use the session pooler (port 5432 at Supabase), or add prepared_statements=false&advisory_locks=false",
        ),
        Reader::Prisma if !is("pgbouncer", b"true") => (
            "Prisma prepares statements",
            "add pgbouncer=true, and migrate over the session pooler",
        ),
        Reader::Pgx
            if !is("default_query_exec_mode", b"exec")
                && !is("default_query_exec_mode", b"simple_protocol") =>
        {
            ("pgx prepares statements", "add default_query_exec_mode=exec")
        }
        Reader::Asyncpg if !is("statement_cache_size", b"0") => {
            ("asyncpg prepares statements", "pass statement_cache_size=0 to connect()")
        }
        Reader::Sqlx if !is("statement-cache-capacity", b"0") => {
            ("sqlx prepares statements", "add statement-cache-capacity=0")
        }
        Reader::Jdbc if !is("prepareThreshold", b"0") => {
            ("JDBC prepares statements that repeat", "add prepareThreshold=0")
        }
        Reader::TokioPostgres => {
            ("tokio-postgres prepares statements", "use the session pooler, or query_typed() alone")
        }
        Reader::PostgresJs => {
            ("postgres.js prepares statements", "pass prepare: false to postgres()")
        }
        _ => return,
    };
    let message = format!("{}: {what}, and a transaction pooler keeps neither", held.place.name);
    let message = match reader {
        Reader::Rails => message,
        _ => format!("{}: {what}, and a transaction pooler does not keep them", held.place.name),
    };
    let finding = Finding::warning("session-expected", message).hint(hint);
    findings.push(match value_of(held, "port") {
        Some(_) => at_field(held, "port", finding),
        None => at(held, finding),
    });
}
