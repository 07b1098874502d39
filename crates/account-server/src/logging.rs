//! Logs go to standard error, as text for people or JSON for machines; `RUST_LOG` chooses what. Each line that
//! was written for a request ends with the request's number, and a panic is logged like everything else.
//! Nothing here formats a request's body, header or query.

use std::fmt;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::failure::Failure;
use crate::serving::RequestId;
use crate::settings::{LogFormat, Settings};

/// PostgreSQL's notices tell of tables that are there already, which nobody needs to know; `RUST_LOG` may ask
/// for them by name.
const QUIET: &str = "sqlx::postgres::notice=warn";

/// Starts logging for the rest of the process.
///
/// # Errors
/// One line if `RUST_LOG` cannot be understood.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log))
        .map_err(|error| Failure::refused(format!("RUST_LOG: cannot be understood: {error}")))?;
    let format = Format::default();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => lines
            .with_ansi(std::io::stderr().is_terminal())
            .event_format(WithRequest { format, place: Place::AfterText })
            .try_init(),
        LogFormat::Json => lines
            .with_ansi(false)
            .fmt_fields(JsonFields::new())
            .event_format(WithRequest { format: format.json().flatten_event(true), place: Place::InsideJson })
            .try_init(),
    };
    started.map_err(|error| Failure::refused(format!("logging: {error}")))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Lines that name the request they were written for. There is no span around a request: what succeeds is not
/// logged, and costs nothing here.
struct WithRequest<F> {
    format: F,
    place: Place,
}

/// Where the number goes.
#[derive(Clone, Copy)]
enum Place {
    AfterText,
    InsideJson,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(request) = RequestId::present() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        match (self.place, line.strip_suffix('}')) {
            (Place::InsideJson, Some(open)) => writeln!(writer, "{open},\"request\":\"{request}\"}}"),
            _ => writeln!(writer, "{line} request={request}"),
        }
    }
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
