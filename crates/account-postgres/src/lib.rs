//! PostgreSQL storage for account-core, for several nodes.
