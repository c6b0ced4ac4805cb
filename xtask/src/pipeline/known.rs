//! Failures of deploys and database tasks that are known by their texts, with what they mean and what helps.

/// A text and what it stands for.
struct Known {
    texts: &'static [&'static str],
    meaning: &'static str,
    help: &'static str,
}

/// From Supavisor's `lib/supavisor/errors`, `PgBouncer`, Rails and flyctl; the first that fits is named.
const KNOWN: &[Known] = &[
    Known {
        texts: &["EMAXCONNSESSION", "MaxClientsInSessionMode", "EMAXCONN", "max clients reached"],
        meaning: "the session pool has no connection left",
        help: "scale the worker to 0 before the database is prepared, or lower RAILS_MAX_THREADS and SIDEKIQ_CONCURRENCY",
    },
    Known {
        texts: &["ECIRCUITBREAKER", "EBANNED"],
        meaning: "the pooler refuses this client after too many failed logins",
        help: "do not try again now; mend the password, wait until the ban ends, then try once",
    },
    Known {
        texts: &["Tenant or user not found", "(ENOTFOUND)", "ENOIDENTIFIER", "EINVALIDUSERINFO"],
        meaning: "the pooler knows no such tenant or user",
        help: "user (<role>.<project ref>), host and region must belong together; `dsn-align check` compares them",
    },
    Known {
        texts: &["EADDRNOTALLOWED", "Address not in tenant allow_list"],
        meaning: "this address is not on the database's allow list",
        help: "add the address to the project's network restrictions",
    },
    Known {
        texts: &["ESSLREQUIRED", "SSL connection is required", "no encryption"],
        meaning: "the server refuses connections without TLS",
        help: "set PGSSLMODE=require beside the split POSTGRES_* keys",
    },
    Known {
        texts: &["EWRONGPASSWORD", "password authentication failed"],
        meaning: "user or password is wrong",
        help: "a percent-encoded password must be decoded in POSTGRES_PASSWORD; do not try again at once, poolers ban",
    },
    Known {
        texts: &["EPREPAREDDUP", "EPREPAREDNOTFOUND", "EPSSIMPLEQUERY", "prepared statement"],
        meaning: "a transaction pooler lost a prepared statement",
        help: "use the session pooler: port 5432",
    },
    Known {
        texts: &["ECHECKOUTTIMEOUT"],
        meaning: "the pooler had no connection to lend in time",
        help: "close connections that are idle, or lower the pools",
    },
    Known {
        texts: &["extension \"vector\" is not available", "type \"vector\" does not exist"],
        meaning: "the database lacks pgvector, which Chatwoot 4 needs",
        help: "enable the extension `vector` in the database first",
    },
    Known {
        texts: &["PG::UndefinedTable", "installation_configs\" does not exist"],
        meaning: "the database was never prepared",
        help: "run the release command: bundle exec rails db:chatwoot_prepare",
    },
    Known {
        texts: &["Don't know how to build task"],
        meaning: "the image has no such task",
        help: "Chatwoot has db:chatwoot_prepare; create_redis_keys and create_super_admin are none of its tasks",
    },
    Known {
        texts: &["Out of memory: Killed process", "OOMKilled", "oom_killed", "exit code 137"],
        meaning: "the machine ran out of memory",
        help: "scale with the memory said: fly scale memory 2048, or --vm-memory 2048 with scale count",
    },
    Known {
        texts: &["Network is unreachable", "P1001"],
        meaning: "the database cannot be reached from here; Supabase's direct host has IPv6 only",
        help: "use the session pooler's host",
    },
    Known {
        texts: &["canceling statement due to statement timeout"],
        meaning: "a statement took longer than the app allows, which is 14 s where nothing is said",
        help: "begin the release command with POSTGRES_STATEMENT_TIMEOUT=600s",
    },
    Known {
        texts: &["Waiting for postgres to become ready"],
        meaning: "the entry point waits for the database without end, as it does where the connection string has no port",
        help: "write the port into the string, or set POSTGRES_PORT; `dsn-align check` finds what lacks it",
    },
    Known {
        texts: &["No route matches"],
        meaning: "the app has no such route",
        help: "`/api` answers without a login; bare `/hc` and `/rails/health` are no routes",
    },
    Known {
        texts: &["no access token available", "No access token available"],
        meaning: "flyctl has no token",
        help: "give the step `env-from = [\"fly/api_token.env\"]`",
    },
    Known {
        texts: &["Could not find App"],
        meaning: "the app does not exist, or the token may not see it",
        help: "`fly-secrets auth` says whom the token speaks for",
    },
];

/// Names the first known failure in what a step printed, if there is one.
pub(super) fn explain(lines: &[String]) -> Option<String> {
    let says = |text: &str| lines.iter().any(|line| line.contains(text));
    let known = KNOWN.iter().find(|known| known.texts.iter().any(|text| says(text)))?;
    Some(format!("Known failure: {}. What helps: {}.", known.meaning, known.help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let explained = explain(&["before".to_owned(), line.to_owned()]).unwrap_or_default();
        assert!(explained.contains(expected), "{line}: {explained}");
    }

    #[test]
    fn what_deploys_say_is_known() {
        check("FATAL:  MaxClientsInSessionMode: max clients reached", "session pool");
        check("(EMAXCONNSESSION) max clients reached in session mode", "session pool");
        check("FATAL:  Tenant or user not found", "tenant or user");
        check("(ENOTFOUND) tenant/user postgres.x not found", "tenant or user");
        check("(ECIRCUITBREAKER) too many authentication errors", "too many failed logins");
        check("PG::UndefinedTable: ERROR:  relation \"installation_configs\"", "never prepared");
        check("ERROR: extension \"vector\" is not available", "pgvector");
        check("(EPSSIMPLEQUERY) prepared statements are not supported", "transaction pooler");
        check("PG::QueryCanceled: ERROR:  canceling statement due to statement timeout", "14 s");
        check("Waiting for postgres to become ready....", "no port");
        check("Out of memory: Killed process 536 (bundle)", "out of memory");
        check("Don't know how to build task 'chatwoot:create_redis_keys'", "no such task");
        check("ActionController::RoutingError (No route matches [GET] \"/hc\")", "no such route");
        assert_eq!(explain(&["all is well".to_owned()]), None);
    }
}
