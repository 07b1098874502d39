//! Logs go to standard error, as text for people or JSON for machines; `RUST_LOG` chooses what. A panic
//! is logged like everything else. Nothing here formats a request's body, header or query.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::failure::Failure;
use crate::settings::{LogFormat, Settings};

/// Starts logging for the rest of the process.
///
/// # Errors
/// One line if `RUST_LOG` cannot be understood.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| Failure::refused(format!("RUST_LOG: cannot be understood: {error}")))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).try_init(),
    };
    started.map_err(|error| Failure::refused(format!("logging: {error}")))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let words = panic.payload();
    let words =
        words.downcast_ref::<&str>().copied().or_else(|| words.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        place = panic.location().map(tracing::field::display),
        words = words.unwrap_or("(no words)"),
        "a bug: the program panicked"
    );
}
