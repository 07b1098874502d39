//! The commands and their options. They are called by `cargo xtask bench` and `cargo xtask guard`,
//! and by hand when one number is to be looked into.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The parts of the benchmarks. `cargo xtask bench` puts them together.
#[derive(Debug, Parser)]
#[command(name = "account-bench", disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The least axum + rusqlite that answers `GET /api/client/account`
    FloorSqlite(FloorOptions),
    /// The least axum + sqlx that answers `GET /api/client/account`
    FloorPostgres(FloorOptions),
    /// Put load on a server, and print what came back
    Load(LoadOptions),
    /// Make a database with many accounts
    Generate(GenerateOptions),
    /// Take away what load tests have added to a generated database
    Tidy(TidyOptions),
    /// Take a generated PostgreSQL database away
    Drop(DropOptions),
    /// Commit to a SQLite store without a server in between
    Commits(CommitsOptions),
    /// Answer requests inside this process, for counting instructions
    HotPath(HotPathOptions),
}

/// Options of the floors.
#[derive(Debug, Args)]
pub(crate) struct FloorOptions {
    /// Where to listen
    #[arg(long)]
    pub(crate) listen: SocketAddr,
    /// sqlite://FILE or postgres://…
    #[arg(long)]
    pub(crate) database: String,
}

/// Options of the load generator.
#[derive(Debug, Args)]
pub(crate) struct LoadOptions {
    /// Whom to ask
    #[arg(long)]
    pub(crate) address: SocketAddr,
    /// A JSON array of requests, each a string as it goes over the wire; they are sent in turn
    #[arg(long)]
    pub(crate) requests: PathBuf,
    /// How many connections; each has one request on its way at a time
    #[arg(long, default_value_t = 1)]
    pub(crate) connections: usize,
    /// How long to measure
    #[arg(long, default_value_t = 1.0)]
    pub(crate) seconds: f64,
    /// Stop after so many answers instead
    #[arg(long)]
    pub(crate) count: Option<u64>,
    /// How long to load before measuring
    #[arg(long, default_value_t = 0.0)]
    pub(crate) warm_up: f64,
    /// Requests a second over all connections, instead of as many as are answered
    #[arg(long)]
    pub(crate) pace: Option<f64>,
}

/// Options of the generator.
#[derive(Debug, Args)]
pub(crate) struct GenerateOptions {
    /// sqlite://FILE or postgres://…; it must not hold accounts yet
    #[arg(long)]
    pub(crate) database: String,
    /// The keyring's file
    #[arg(long)]
    pub(crate) keyring: PathBuf,
    /// How many accounts
    #[arg(long)]
    pub(crate) accounts: u64,
    /// How many of them have a password and a key that work
    #[arg(long, default_value_t = 1000)]
    pub(crate) usable: u64,
    /// Where to write down how to use them
    #[arg(long)]
    pub(crate) manifest: PathBuf,
}

/// Options of `tidy`.
#[derive(Debug, Args)]
pub(crate) struct TidyOptions {
    /// The generated database
    #[arg(long)]
    pub(crate) database: String,
    /// What was written down when it was generated
    #[arg(long)]
    pub(crate) manifest: PathBuf,
}

/// Options of `drop`.
#[derive(Debug, Args)]
pub(crate) struct DropOptions {
    /// postgres://…
    #[arg(long)]
    pub(crate) database: String,
}

/// Options of `commits`.
#[derive(Debug, Args)]
pub(crate) struct CommitsOptions {
    /// sqlite://FILE, generated
    #[arg(long)]
    pub(crate) database: String,
    /// What was written down when it was generated
    #[arg(long)]
    pub(crate) manifest: PathBuf,
    /// How many commit at once, each to an account of its own
    #[arg(long)]
    pub(crate) writers: usize,
    /// For how long
    #[arg(long, default_value_t = 1.0)]
    pub(crate) seconds: f64,
}

/// Options of `hot-path`.
#[derive(Debug, Args)]
pub(crate) struct HotPathOptions {
    /// How many requests
    #[arg(long)]
    pub(crate) requests: u32,
    /// By which credential, or the floor's way
    #[arg(long, value_enum)]
    pub(crate) by: CredentialKind,
}

/// What a request proves itself with.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CredentialKind {
    /// An API key.
    Key,
    /// A session.
    Session,
    /// An API key, asked of the floor.
    Floor,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
