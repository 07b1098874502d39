//! The audit trail: what happened to an account, by whom, from where. Entries are written in the
//! commit of the change they record, or on their own for a refusal; they outlive the account.

mod entry;
mod event;
mod recorder;
mod sentence;
mod service;

pub use entry::{Activity, ActivityPage, ActivityQuery};
pub use event::Event;
pub(crate) use recorder::Recorder;
pub use sentence::Sentence;
pub use service::{ActivityLog, Reading, visible_ip};
