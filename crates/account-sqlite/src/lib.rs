//! SQLite storage for account-core, embedded and durable.
