//! SQL as constants, each with bound parameters only (SEC-58), and gathered, so that a test reads
//! the query plan of every one.

/// Constants of SQL, and all of them as `STATEMENTS` for the test of plans.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$meta])* const $name: &str = $sql;)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[&str] = &[$($name),*];
    };
}

/// The columns that [`crate::account::read`] reads, in its order, of a table named `account`.
macro_rules! account_columns {
    () => {
        "account.id, account.uid, account.revision, account.password_epoch, account.factor_epoch, \
         account.username, account.email, account.email_canonical, account.email_verified_at, \
         account.first_name, account.last_name, \
         account.language, account.admin, account.disabled_at, account.created_at, \
         account.two_factor_enabled_at"
    };
}
