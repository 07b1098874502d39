//! Databases for tests, one a test: cloned from a template that is migrated once, gone when dropped.
//!
//! They are made in the server that `ACCOUNT_TEST_POSTGRES_URL` leads to, as a role that may create
//! databases. Without it every test fails with one clear line, since a test of this crate that passes
//! without PostgreSQL has shown nothing. Only with feature `scratch`, for tests of crates that use
//! this one:
//!
//! ```toml
//! [dev-dependencies]
//! account-postgres = { version = "0.1", features = ["scratch"] }
//! ```
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let database = account_postgres::scratch::ScratchDatabase::create().await?;
//! let store = database.store().await?;
//! # Ok(())
//! # }
//! ```

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::str::FromStr as _;
use std::time::Duration;

use account_core::store::BoxError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::open::{OpenError, PostgresOptions};
use crate::schema;
use crate::store::PostgresStore;

/// Where the server is that tests use.
pub const URL_VARIABLE: &str = "ACCOUNT_TEST_POSTGRES_URL";

/// A proxy before that server, `host:port`, through which tests reach their databases. They are made
/// and taken away without it.
pub const PROXY_VARIABLE: &str = "ACCOUNT_TEST_POSTGRES_PROXY";

/// Held while the template is made. "scratch" in ASCII.
const LOCK: &str = "SELECT pg_advisory_lock(32480029216629608)";

/// Why there is no database.
pub enum ScratchError {
    /// Nobody said where a server is.
    NoServer,
    /// The server did not make it.
    Failed(BoxError),
}

impl fmt::Display for ScratchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServer => write!(f, "no PostgreSQL: run cargo xtask test, or set {URL_VARIABLE}"),
            Self::Failed(cause) => write!(f, "cannot make a database for the test: {cause}"),
        }
    }
}

/// Tests print errors with `Debug`, where this is the line that helps.
impl fmt::Debug for ScratchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ScratchError {}

impl From<sqlx::Error> for ScratchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OpenError> for ScratchError {
    fn from(error: OpenError) -> Self {
        Self::Failed(error.into())
    }
}

/// A database of its own, which goes when this is dropped, whoever is still connected.
pub struct ScratchDatabase {
    server: PgConnectOptions,
    name: String,
}

impl ScratchDatabase {
    /// One with the newest schema.
    ///
    /// # Errors
    /// [`ScratchError`].
    pub async fn create() -> Result<Self, ScratchError> {
        let server = server()?;
        let template = template(&server).await?;
        Self::make(server, &format!("TEMPLATE {template}")).await
    }

    /// One without any schema.
    ///
    /// # Errors
    /// [`ScratchError`].
    pub async fn empty() -> Result<Self, ScratchError> {
        Self::make(server()?, "TEMPLATE template0 ENCODING 'UTF8'").await
    }

    async fn make(server: PgConnectOptions, origin: &str) -> Result<Self, ScratchError> {
        let name = format!("account_scratch_{}_{:016x}", std::process::id(), RandomState::new().hash_one(0));
        let mut connection = PgConnection::connect_with(&server).await?;
        run(&mut connection, format!("CREATE DATABASE {name} {origin}")).await?;
        Ok(Self { server, name })
    }

    /// Where it is: behind the proxy of [`PROXY_VARIABLE`], if one is named.
    pub fn url(&self) -> String {
        let server = self.server.clone().database(&self.name);
        let proxy = std::env::var(PROXY_VARIABLE).ok();
        let proxy = proxy.as_deref().and_then(|at| at.rsplit_once(':'));
        let server = match proxy.map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => server.host(host).port(port),
            _ => server,
        };
        server.to_url_lossy().to_string()
    }

    /// Its name, of letters, digits and underscores.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A store on it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn store(&self) -> Result<PostgresStore, OpenError> {
        PostgresStore::connect(&self.url(), PostgresOptions::new()).await
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A test's own runtime may be gone or busy.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&server).await {
                    let _ =
                        run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

fn server() -> Result<PgConnectOptions, ScratchError> {
    let url = std::env::var(URL_VARIABLE).map_err(|_| ScratchError::NoServer)?;
    Ok(PgConnectOptions::from_str(&url)?.disable_statement_logging())
}

/// The migrated database that others are copies of, made by whoever comes first.
async fn template(server: &PgConnectOptions) -> Result<String, ScratchError> {
    let name = format!("account_template_{}", schema::fingerprint());
    let mut connection = PgConnection::connect_with(server).await?;
    if exists(&mut connection, &name).await? {
        return Ok(name);
    }
    sqlx::raw_sql(LOCK).execute(&mut connection).await?;
    if !exists(&mut connection, &name).await? {
        let unfinished = format!("{name}_unfinished");
        run(&mut connection, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await?;
        run(&mut connection, format!("CREATE DATABASE {unfinished} TEMPLATE template0 ENCODING 'UTF8'"))
            .await?;
        let mut inside = PgConnection::connect_with(&server.clone().database(&unfinished)).await?;
        schema::migrate(&mut inside).await?;
        inside.close().await?;
        rename(&mut connection, &unfinished, &name).await?;
    }
    connection.close().await?;
    Ok(name)
}

/// The server process behind a closed connection takes a moment to go.
async fn rename(connection: &mut PgConnection, from: &str, to: &str) -> Result<(), ScratchError> {
    for _ in 0..50 {
        if run(connection, format!("ALTER DATABASE {from} RENAME TO {to}")).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    run(connection, format!("ALTER DATABASE {from} RENAME TO {to}")).await
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, ScratchError> {
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(name).persistent(false);
    Ok(found.fetch_optional(connection).await?.is_some())
}

/// Names in the text are made here, of letters, digits and underscores.
async fn run(connection: &mut PgConnection, text: String) -> Result<(), ScratchError> {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await?;
    Ok(())
}
