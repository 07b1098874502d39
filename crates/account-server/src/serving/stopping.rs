//! When to stop: the first SIGTERM or SIGINT asks for an orderly end, the second ends at once (REL-10).
//! It only tells; the serving loop acts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Knows whether the process is to stop. Cheap to clone and to ask.
#[derive(Debug, Clone)]
pub(crate) struct Stopping {
    asked: Arc<AtomicBool>,
    told: watch::Receiver<bool>,
}

/// Asks for the stop.
#[derive(Debug)]
pub(crate) struct StopSwitch {
    asked: Arc<AtomicBool>,
    tell: watch::Sender<bool>,
}

/// A switch, and what hears of it.
pub(crate) fn stop_switch() -> (StopSwitch, Stopping) {
    let (tell, told) = watch::channel(false);
    let asked = Arc::new(AtomicBool::new(false));
    (StopSwitch { asked: Arc::clone(&asked), tell }, Stopping { asked, told })
}

impl StopSwitch {
    /// Asks for an orderly end.
    pub(crate) fn stop(&self) {
        self.asked.store(true, Ordering::Release);
        self.tell.send_replace(true);
    }
}

impl Stopping {
    /// Whether an end was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Waits until an end is asked for. Never, if the switch is gone without.
    pub(crate) async fn asked(&mut self) {
        if self.told.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Turns the process's signals into a stop.
///
/// # Errors
/// The system's, if a signal cannot be listened to.
pub(crate) fn on_signals() -> io::Result<Stopping> {
    let (switch, stopping) = stop_switch();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for time in 1.. {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if time > 1 {
                tracing::warn!(signal = name, "asked a second time: ending at once");
                std::process::exit(1);
            }
            tracing::info!(signal = name, "stopping: finishing what runs");
            switch.stop();
        }
    });
    Ok(stopping)
}
