//! The parameters of other clients than libpq, and whose they are; none of them holds a secret.
//!
//! From the clients themselves: `ParseConfig` of pgx 5.13 and pgxpool, `NewConfig` of lib/pq, `defaults.js` of pg 8.23 and the
//! options of pg-pool 3.14, `parseOptions` of postgres.js 3.4, `PGProperty` of pgjdbc 42.7.8, Npgsql's and Prisma's
//! documentation of their connection strings, Active Record's `DatabaseConfigurations::HashConfig` and adapter,
//! `URL_QUERY_ARGUMENT_PARSERS` and the connections of redis-py 8.1, `RedisOptions` of ioredis 6, and settings that a
//! PostgreSQL server takes from any user at the start of a session.
//! What may hold a credential is left out, as JDBC's `sslfactoryarg` and `socketFactoryArg` and redis-py's `ssl_ca_data`.

/// A parameter that belongs to another client, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForeignParameter {
    /// The parameter's name.
    pub(crate) name: &'static str,
    /// Who reads it.
    pub(crate) owner: &'static str,
}

impl ForeignParameter {
    /// What to do about it where libpq reads.
    pub(crate) fn advice(self) -> String {
        let Self { name, owner } = self;
        if owner == SERVER {
            return format!(
                "{name} is a setting of the server: write it into options, as -c {name}=value"
            );
        }
        format!("{name} is a parameter of {owner}; take it out for libpq")
    }
}

/// Whose parameter it is, where it is known and none of libpq's.
pub fn parameter_owner(name: &str) -> Option<&'static str> {
    foreign_parameter(name.as_bytes()).map(|parameter| parameter.owner)
}

/// The parameter of this name, where another client is known to read it.
pub(crate) fn foreign_parameter(name: &[u8]) -> Option<ForeignParameter> {
    let found = FOREIGN.binary_search_by(|parameter| parameter.name.as_bytes().cmp(name)).ok()?;
    FOREIGN.get(found).copied()
}

const fn of(name: &'static str, owner: &'static str) -> ForeignParameter {
    ForeignParameter { name, owner }
}

/// Who takes settings of a session.
const SERVER: &str = "the server, to which pgx, postgres.js, asyncpg and lib/pq pass it on";

/// Sorted by name.
const FOREIGN: &[ForeignParameter] = &[
    of("ApplicationName", "JDBC"),
    of("DateStyle", SERVER),
    of("IntervalStyle", SERVER),
    of("TimeZone", SERVER),
    of("adapter", "SQLAlchemy and Rails"),
    of("adaptiveFetch", "JDBC"),
    of("adaptiveFetchMaximum", "JDBC"),
    of("adaptiveFetchMinimum", "JDBC"),
    of("advisory_locks", "Rails"),
    of("allowEncodingChanges", "JDBC"),
    of("allowExitOnIdle", "node-postgres"),
    of("arraynullabilitymode", "Npgsql"),
    of("assumeMinServerVersion", "JDBC"),
    of("async_fallback", "SQLAlchemy"),
    of("authenticationPluginClassName", "JDBC"),
    of("autoPipeliningIgnoredCommands", "ioredis"),
    of("autoResendUnfulfilledCommands", "ioredis"),
    of("autoResubscribe", "ioredis"),
    of("autocommit", "SQLAlchemy"),
    of("autoprepareminusages", "Npgsql"),
    of("autosave", "JDBC"),
    of("backoff", "postgres.js"),
    of("binary", "node-postgres"),
    of("binaryTransfer", "JDBC"),
    of("binaryTransferDisable", "JDBC"),
    of("binaryTransferEnable", "JDBC"),
    of("binary_parameters", "lib/pq"),
    of("blockingTimeout", "ioredis"),
    of("blockingTimeoutGrace", "ioredis"),
    of("bytea_output", SERVER),
    of("cancelSignalTimeout", "JDBC"),
    of("cancellationtimeout", "Npgsql"),
    of("channelBinding", "JDBC"),
    of("checkcertificaterevocation", "Npgsql"),
    of("checkout_timeout", "Rails"),
    of("cleanupSavepoints", "JDBC"),
    of("clientInfoTag", "ioredis"),
    of("client_min_messages", SERVER),
    of("client_name", "redis-py"),
    of("commandTimeout", "ioredis"),
    of("command_timeout", "asyncpg"),
    of("commandtimeout", "Npgsql"),
    of("conn_health_checks", "dj-database-url"),
    of("conn_max_age", "dj-database-url"),
    of("connectTimeout", "JDBC"),
    of("connectionName", "ioredis"),
    of("connectionTimeoutMillis", "node-postgres"),
    of("connection_limit", "Prisma"),
    of("connection_retries", "Rails"),
    of("connectionidlelifetime", "Npgsql"),
    of("connectionlifetime", "Npgsql"),
    of("connectionpruninginterval", "Npgsql"),
    of("convertBooleanToNumeric", "JDBC"),
    of("currentSchema", "dj-database-url and JDBC"),
    of("databaseMetadataCacheFields", "JDBC"),
    of("databaseMetadataCacheFieldsMiB", "JDBC"),
    of("database_tasks", "Rails"),
    of("datestyle", SERVER),
    of("db", "redis-py"),
    of("debug", "postgres.js"),
    of("decode_responses", "redis-py"),
    of("defaultRowFetchSize", "JDBC"),
    of("default_query_exec_mode", "pgx"),
    of("default_tablespace", SERVER),
    of("default_text_search_config", SERVER),
    of("default_transaction_deferrable", SERVER),
    of("default_transaction_isolation", SERVER),
    of("default_transaction_read_only", SERVER),
    of("description_cache_capacity", "pgx"),
    of("direct_tls", "asyncpg"),
    of("disableClientInfo", "ioredis"),
    of("disableColumnSanitiser", "JDBC"),
    of("disable_prepared_binary_result", "lib/pq"),
    of("disable_server_side_cursors", "dj-database-url"),
    of("disconnectTimeout", "ioredis"),
    of("driver_info", "redis-py"),
    of("enableAutoPipelining", "ioredis"),
    of("enableOfflineQueue", "ioredis"),
    of("enableReadyCheck", "ioredis"),
    of("enableTLSForSentinelMode", "ioredis"),
    of("encoding", "node-postgres, Rails and Npgsql"),
    of("encoding_errors", "redis-py"),
    of("enlist", "Npgsql"),
    of("escapeSyntaxCallMode", "JDBC"),
    of("extra_float_digits", SERVER),
    of("failoverDetector", "ioredis"),
    of("family", "ioredis"),
    of("fetch_types", "postgres.js"),
    of("groupStartupParameters", "JDBC"),
    of("gssEncMode", "JDBC"),
    of("gssResponseTimeout", "JDBC"),
    of("gssUseDefaultCreds", "JDBC"),
    of("gssencryptionmode", "Npgsql"),
    of("health_check_interval", "redis-py"),
    of("hideUnprivilegedObjects", "JDBC"),
    of("hostRecheckSeconds", "JDBC"),
    of("hostrecheckseconds", "Npgsql"),
    of("idleTimeoutMillis", "node-postgres"),
    of("idle_in_transaction_session_timeout", SERVER),
    of("idle_session_timeout", SERVER),
    of("idle_timeout", "postgres.js and Rails"),
    of("includeerrordetail", "Npgsql"),
    of("includefailedbatchedcommand", "Npgsql"),
    of("includerealm", "Npgsql"),
    of("insert_returning", "Rails"),
    of("internalcommandtimeout", "Npgsql"),
    of("intervalstyle", SERVER),
    of("jaasApplicationName", "JDBC"),
    of("jaasLogin", "JDBC"),
    of("jit", SERVER),
    of("keepAlive", "node-postgres and ioredis"),
    of("keepAliveInitialDelayMillis", "node-postgres"),
    of("keep_alive", "postgres.js"),
    of("keepalive", "Rails and Npgsql"),
    of("keepalives_retries", "tokio-postgres"),
    of("kerberosServerName", "JDBC"),
    of("kerberosservicename", "Npgsql"),
    of("keyPrefix", "ioredis"),
    of("krbspn", "pgx"),
    of("lazyConnect", "ioredis"),
    of("lc_messages", SERVER),
    of("lc_monetary", SERVER),
    of("lc_numeric", SERVER),
    of("lc_time", SERVER),
    of("legacy_responses", "redis-py"),
    of("lib_name", "redis-py"),
    of("lib_version", "redis-py"),
    of("loadBalanceHosts", "JDBC"),
    of("loadtablecomposites", "Npgsql"),
    of("localSocketAddress", "JDBC"),
    of("lock_timeout", SERVER),
    of("logServerErrorDetail", "JDBC"),
    of("logUnclosedConnections", "JDBC"),
    of("log_min_duration_statement", SERVER),
    of("log_min_messages", SERVER),
    of("log_statement", SERVER),
    of("loggerFile", "JDBC"),
    of("loggerLevel", "JDBC"),
    of("loginTimeout", "JDBC"),
    of("logparameters", "Npgsql"),
    of("max", "node-postgres and postgres.js"),
    of("maxLifetimeSeconds", "node-postgres"),
    of("maxLoadingRetryTime", "ioredis"),
    of("maxResultBuffer", "JDBC"),
    of("maxRetriesPerRequest", "ioredis"),
    of("maxSendBufferSize", "JDBC"),
    of("maxUses", "node-postgres"),
    of("max_age", "Rails"),
    of("max_cacheable_statement_size", "asyncpg"),
    of("max_cached_statement_lifetime", "asyncpg"),
    of("max_connection_lifetime", "Prisma"),
    of("max_connections", "Rails and redis-py"),
    of("max_idle_connection_lifetime", "Prisma"),
    of("max_lifetime", "postgres.js"),
    of("max_pipeline", "postgres.js"),
    of("max_threads", "Rails"),
    of("maxautoprepare", "Npgsql"),
    of("maximumpoolsize", "Npgsql"),
    of("maxpoolsize", "Npgsql"),
    of("migrations_paths", "Rails"),
    of("min", "node-postgres"),
    of("min_connections", "Rails"),
    of("min_messages", "Rails"),
    of("min_read_buffer_size", "pgx"),
    of("min_threads", "Rails"),
    of("minimumpoolsize", "Npgsql"),
    of("minpoolsize", "Npgsql"),
    of("monitor", "ioredis"),
    of("multiplexing", "Npgsql"),
    of("name", "ioredis"),
    of("noDelay", "ioredis"),
    of("noresetonclose", "Npgsql"),
    of("parseInputDatesAsUTC", "node-postgres"),
    of("persistsecurityinfo", "Npgsql"),
    of("pgbouncer", "Prisma"),
    of("plan_cache_mode", SERVER),
    of("pool", "Rails"),
    of("pool_health_check_period", "pgx"),
    of("pool_jitter", "Rails"),
    of("pool_max_conn_idle_time", "pgx"),
    of("pool_max_conn_lifetime", "pgx"),
    of("pool_max_conn_lifetime_jitter", "pgx"),
    of("pool_max_conns", "pgx"),
    of("pool_min_conns", "pgx"),
    of("pool_min_idle_conns", "pgx"),
    of("pool_ping_timeout", "pgx"),
    of("pool_timeout", "Prisma"),
    of("pooling", "Npgsql"),
    of("preferQueryMode", "JDBC"),
    of("prepare", "postgres.js"),
    of("prepareThreshold", "JDBC"),
    of("prepare_threshold", "SQLAlchemy"),
    of("preparedStatementCacheQueries", "JDBC"),
    of("preparedStatementCacheSizeMiB", "JDBC"),
    of("prepared_statement_cache_size", "SQLAlchemy"),
    of("prepared_statements", "Rails"),
    of("protocol", "redis-py and ioredis"),
    of("protocolVersion", "JDBC"),
    of("publications", "postgres.js"),
    of("query_cache", "Rails"),
    of("query_timeout", "node-postgres"),
    of("quoteReturningIdentifiers", "JDBC"),
    of("reWriteBatchedInserts", "JDBC"),
    of("readOnly", "JDBC and ioredis"),
    of("readOnlyMode", "JDBC"),
    of("readbuffersize", "Npgsql"),
    of("reaping_frequency", "Rails"),
    of("receiveBufferSize", "JDBC"),
    of("replica", "Rails"),
    of("replicationmode", "Npgsql"),
    of("replyMapping", "ioredis"),
    of("requireauth", "Npgsql"),
    of("retry_deadline", "Rails"),
    of("retry_on_error", "redis-py"),
    of("retry_on_timeout", "redis-py"),
    of("role", "ioredis"),
    of("row_security", SERVER),
    of("rows", "node-postgres"),
    of("schema", "Prisma"),
    of("schema_dump", "Rails"),
    of("schema_search_path", "Rails"),
    of("search_path", "pgx and postgres.js"),
    of("searchpath", "Npgsql"),
    of("sendBufferSize", "JDBC"),
    of("sentinelMaxConnections", "ioredis"),
    of("serverCompatibilityMode", "Npgsql"),
    of("servercompatibilitymode", "Npgsql"),
    of("servicefile", "pgx"),
    of("session_replication_role", SERVER),
    of("single_use_connections", "Prisma"),
    of("socketFactory", "JDBC"),
    of("socketTimeout", "JDBC and ioredis"),
    of("socket_connect_timeout", "redis-py"),
    of("socket_keepalive", "redis-py"),
    of("socket_read_size", "redis-py"),
    of("socket_timeout", "Prisma"),
    of("socketreceivebuffersize", "Npgsql"),
    of("socketsendbuffersize", "Npgsql"),
    of("ssl", "node-postgres, postgres.js and JDBC"),
    of("ssl-ca", "sqlx"),
    of("ssl-cert", "sqlx"),
    of("ssl-mode", "sqlx"),
    of("ssl-root-cert", "sqlx"),
    of("sslNegotiation", "JDBC"),
    of("sslResponseTimeout", "JDBC"),
    of("ssl_ca_certs", "redis-py"),
    of("ssl_ca_path", "redis-py"),
    of("ssl_cert_reqs", "redis-py"),
    of("ssl_certfile", "redis-py"),
    of("ssl_check_hostname", "redis-py"),
    of("ssl_ciphers", "redis-py"),
    of("ssl_exclude_verify_flags", "redis-py"),
    of("ssl_include_verify_flags", "redis-py"),
    of("ssl_keyfile", "redis-py"),
    of("ssl_min_version", "redis-py"),
    of("ssl_require", "dj-database-url"),
    of("ssl_validate_ocsp", "redis-py"),
    of("ssl_validate_ocsp_stapled", "redis-py"),
    of("sslaccept", "Prisma"),
    of("sslfactory", "JDBC"),
    of("sslhostnameverifier", "JDBC"),
    of("sslidentity", "Prisma"),
    of("sslinline", "lib/pq"),
    of("sslpasswordcallback", "JDBC"),
    of("sspiServiceClass", "JDBC"),
    of("standard_conforming_strings", SERVER),
    of("statement-cache-capacity", "sqlx"),
    of("statement_cache_capacity", "pgx"),
    of("statement_cache_size", "Prisma and asyncpg"),
    of("statement_limit", "Rails"),
    of("statement_timeout", "Rails and node-postgres"),
    of("stringNumbers", "ioredis"),
    of("stringtype", "JDBC"),
    of("supa", "Vercel's Supabase integration"),
    of("synchronous_commit", SERVER),
    of("targetServerType", "JDBC"),
    of("tcpKeepAlive", "JDBC"),
    of("tcpNoDelay", "JDBC"),
    of("tcp_keepalives_idle", SERVER),
    of("tcpkeepalive", "Npgsql"),
    of("tcpkeepaliveinterval", "Npgsql"),
    of("tcpkeepalivetime", "Npgsql"),
    of("temp_buffers", SERVER),
    of("timeout", "redis-py"),
    of("timezone", SERVER),
    of("tls", "ioredis"),
    of("transaction_timeout", SERVER),
    of("trustservercertificate", "Npgsql"),
    of("unknownLength", "JDBC"),
    of("updateSentinels", "ioredis"),
    of("useSpnego", "JDBC"),
    of("use_metadata_table", "Rails"),
    of("uselibpqcompat", "node-postgres"),
    of("work_mem", SERVER),
    of("workaround", "Vercel's Supabase integration"),
    of("writebuffersize", "Npgsql"),
    of("writecoalescingbufferthresholdbytes", "Npgsql"),
    of("xmlFactoryFactory", "JDBC"),
    of("xmloption", SERVER),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_and_none_is_libpqs() {
        assert!(FOREIGN.is_sorted_by(|first, second| first.name < second.name));
        for parameter in FOREIGN {
            assert_eq!(parameter_owner(parameter.name), Some(parameter.owner));
            assert_eq!(crate::known_option(parameter.name.as_bytes()), None, "{}", parameter.name);
        }
    }

    #[test]
    fn what_may_hold_a_credential_is_no_harmless_parameter() {
        for name in [
            "sslfactoryarg",
            "socketFactoryArg",
            "ssl_ca_data",
            "ssl_password",
            "username",
            "PGPASSWORD",
        ] {
            assert_eq!(parameter_owner(name), None, "{name}");
        }
        let suspicious = ["pass", "pwd", "secret", "token"];
        for parameter in FOREIGN.iter().filter(|parameter| parameter.name != "sslpasswordcallback")
        {
            assert!(
                !suspicious.iter().any(|word| parameter.name.contains(word)),
                "{}",
                parameter.name
            );
        }
    }
}
