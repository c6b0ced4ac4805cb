//! Every place that holds a connection string means the same database, as each client reads it.
