//! The client account API over account-core, as an axum router.
