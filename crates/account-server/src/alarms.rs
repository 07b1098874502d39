//! Writes the core's alarms to the log, with the request that met them. It decides nothing: whoever reads
//! the log does.

use account_core::ports::alarm::{Alarm, AlarmSink};

use crate::serving::RequestId;

/// Alarms as log lines of level `error`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggedAlarms;

impl AlarmSink for LoggedAlarms {
    fn raise(&self, alarm: Alarm) {
        let request = RequestId::present().map(tracing::field::display);
        match alarm {
            Alarm::Forged { what, name } => {
                tracing::error!(alarm = "forged", request, what, name = ?name, "a stored row was altered by somebody else");
            }
            Alarm::UnknownKey { key } => {
                tracing::error!(alarm = "unknown-key", request, key = ?key, "a row needs a key that the keyring lacks");
            }
            other => tracing::error!(alarm = ?other, request, "alarm"),
        }
    }
}
