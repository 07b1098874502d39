//! Mail: tokens that travel by it, and the outbox it waits in. Rows are queued in the commit of the
//! change they tell of, so that nothing is sent for a change that did not stand. Handing mails on is
//! the [mailer](crate::ports::mailer)'s.

mod letter;
mod message;
mod outbox;
mod reset;
mod stored;
mod tokens;

pub use letter::Notice;
pub(crate) use letter::{Letter, Slot};
pub use message::{Message, MessageKind};
pub use outbox::Delivery;
pub use reset::{PasswordWasReset, Recovery};
pub(crate) use reset::{add_token, mint_token, replace_token, whose};
pub use stored::{MailToken, MailTokenPurpose, QueuedMail};
pub(crate) use tokens::withdraw_tokens;
