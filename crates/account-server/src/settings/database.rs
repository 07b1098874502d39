//! Which database: `sqlite://account.db`, `sqlite:///var/lib/account.db`, `postgres://…`. It parses and
//! prints (never a password); it opens nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Where accounts are kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A file, made on first use. A relative path is relative to the working directory.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as the URL that its driver takes. May hold a password.
    Postgres(Zeroizing<String>),
}

impl DatabaseUrl {
    /// Parses the URL.
    ///
    /// # Errors
    /// What is wrong, in words that hold no password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("must be a URL such as sqlite://account.db or postgres://user@host/database".into());
        };
        match scheme {
            "sqlite" => sqlite_path(rest).map(Self::Sqlite),
            "postgres" | "postgresql" if rest.is_empty() => {
                Err("must name a host and a database: postgres://user@host/database".into())
            }
            "postgres" | "postgresql" => Ok(Self::Postgres(Zeroizing::new(text.to_owned()))),
            // Only the scheme is repeated: what follows may hold a password.
            other => Err(format!(
                "`{}` is not a kind of database known here; it is sqlite://… or postgres://…",
                other.escape_default()
            )),
        }
    }

    /// The file, if it is one.
    pub(crate) fn sqlite_path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

fn sqlite_path(rest: &str) -> Result<PathBuf, String> {
    if rest.is_empty() || rest.ends_with('/') {
        return Err("must name a file: sqlite://account.db, or sqlite:///var/lib/account.db".into());
    }
    if rest.contains(['?', '#']) {
        return Err("takes a file's path alone, without options".into());
    }
    if rest.starts_with(':') {
        return Err("must be a file: accounts in memory would be gone at the next start".into());
    }
    if rest.chars().any(char::is_control) {
        return Err("the file's path has a control character in it".into());
    }
    Ok(PathBuf::from(rest))
}

/// The URL with `***` in the place of a password, wherever the URL may carry one.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite://{}", path.display()),
            Self::Postgres(url) => out.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// `url` with its password, in the authority or in the query, replaced by `***`.
pub(crate) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    // The last `@` ends the user's part, even when a password was not encoded and holds one, or a slash.
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest),
    };
    let user = user.map(|user| match user.split_once(':') {
        Some((name, _)) => format!("{name}:***@"),
        None => format!("{user}@"),
    });
    let (place, query) = match place.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (place, None),
    };
    let query = query.map(|query| {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
            _ => pair.to_owned(),
        });
        format!("?{}", pairs.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{}{place}{}", user.unwrap_or_default(), query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_slashes_are_a_relative_path_and_three_an_absolute_one() {
        assert_eq!(DatabaseUrl::parse("sqlite://account.db"), Ok(DatabaseUrl::Sqlite("account.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite://data/a.db"), Ok(DatabaseUrl::Sqlite("data/a.db".into())));
        assert_eq!(
            DatabaseUrl::parse("sqlite:///var/lib/x.db"),
            Ok(DatabaseUrl::Sqlite("/var/lib/x.db".into()))
        );
    }

    #[test]
    fn both_spellings_of_postgres_are_known() {
        for text in ["postgres://a@b/c", "postgresql://b/c?sslmode=require"] {
            assert_eq!(DatabaseUrl::parse(text), Ok(DatabaseUrl::Postgres(Zeroizing::new(text.into()))));
        }
    }

    #[test]
    fn what_is_not_a_database_is_refused_without_repeating_a_password() {
        for bad in [
            "mysql://root:geheim@db/x",
            "account.db",
            "sqlite://",
            "sqlite://:memory:",
            "sqlite://a?mode=ro",
            "postgres://",
        ] {
            let problem = DatabaseUrl::parse(bad).unwrap_err();
            assert!(!problem.contains("geheim"), "{problem}");
            assert!(!problem.contains('\n'));
        }
        assert!(DatabaseUrl::parse("mysql://root:geheim@db/x").unwrap_err().contains("`mysql`"));
    }

    #[test]
    fn a_password_is_never_printed() {
        for (url, shown) in [
            ("postgres://u:geheim@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u:ge@/heim@h/d?sslmode=require", "postgres://u:***@h/d?sslmode=require"),
            ("postgres://h/d?user=u&password=geheim", "postgres://h/d?user=u&password=***"),
            ("postgres://u@h/d", "postgres://u@h/d"),
        ] {
            let parsed = DatabaseUrl::parse(url).unwrap();
            assert_eq!(parsed.to_string(), shown);
            assert_eq!(format!("{parsed:?}"), shown);
        }
    }
}
