//! The variables and the defaults that libpq fills its options from.

/// What stands behind an option that neither string nor service sets.
pub(super) struct Fallback {
    /// The option.
    pub(super) option: &'static str,
    /// The variable, where there is one.
    pub(super) variable: &'static str,
    /// The default, where there is one.
    pub(super) default: Option<&'static str>,
}

const fn fallback(option: &'static str, variable: &'static str) -> Fallback {
    Fallback { option, variable, default: None }
}

const fn with_default(
    option: &'static str,
    variable: &'static str,
    default: &'static str,
) -> Fallback {
    Fallback { option, variable, default: Some(default) }
}

/// `PQconninfoOptions` of version 18, in its order; the default of `gssencmode` depends on how libpq was
/// built and is left out.
pub(super) const FALLBACKS: &[Fallback] = &[
    fallback("service", "PGSERVICE"),
    fallback("user", "PGUSER"),
    fallback("password", "PGPASSWORD"),
    fallback("passfile", "PGPASSFILE"),
    with_default("channel_binding", "PGCHANNELBINDING", "prefer"),
    fallback("connect_timeout", "PGCONNECT_TIMEOUT"),
    fallback("dbname", "PGDATABASE"),
    fallback("host", "PGHOST"),
    fallback("hostaddr", "PGHOSTADDR"),
    with_default("port", "PGPORT", "5432"),
    fallback("client_encoding", "PGCLIENTENCODING"),
    with_default("options", "PGOPTIONS", ""),
    fallback("application_name", "PGAPPNAME"),
    with_default("sslmode", "PGSSLMODE", "prefer"),
    with_default("sslnegotiation", "PGSSLNEGOTIATION", "postgres"),
    with_default("sslcompression", "PGSSLCOMPRESSION", "0"),
    fallback("sslcert", "PGSSLCERT"),
    fallback("sslkey", "PGSSLKEY"),
    fallback("sslcertmode", "PGSSLCERTMODE"),
    fallback("sslrootcert", "PGSSLROOTCERT"),
    fallback("sslcrl", "PGSSLCRL"),
    fallback("sslcrldir", "PGSSLCRLDIR"),
    with_default("sslsni", "PGSSLSNI", "1"),
    fallback("requirepeer", "PGREQUIREPEER"),
    fallback("require_auth", "PGREQUIREAUTH"),
    fallback("min_protocol_version", "PGMINPROTOCOLVERSION"),
    fallback("max_protocol_version", "PGMAXPROTOCOLVERSION"),
    with_default("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", "TLSv1.2"),
    fallback("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    fallback("gssencmode", "PGGSSENCMODE"),
    with_default("krbsrvname", "PGKRBSRVNAME", "postgres"),
    fallback("gsslib", "PGGSSLIB"),
    with_default("gssdelegation", "PGGSSDELEGATION", "0"),
    with_default("target_session_attrs", "PGTARGETSESSIONATTRS", "any"),
    with_default("load_balance_hosts", "PGLOADBALANCEHOSTS", "disable"),
];
