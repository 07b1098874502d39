//! The `try` command: a throw-away start in `./account-try` with a sample account, an API key, and lines to
//! paste. It replaces only a folder that it made itself; nothing in it is meant for production.

mod folder;
mod recipe;
mod sample;

use account_core::ports::entropy::OsEntropy;

use crate::failure::Failure;
use crate::settings::{DatabaseUrl, MailRoute, Settings};
use crate::{administration, assembling, opening, serve, serving};

/// Makes the folder and what is in it, prints how to use it, and serves until told to stop.
///
/// # Errors
/// One line: the folder is somebody else's, or in use; it cannot be made; the address is taken.
pub(crate) async fn run(mut settings: Settings) -> Result<(), Failure> {
    if settings.database_was_given || settings.keyring.is_some() {
        return Err(Failure::usage(
            "try makes a database and a keyring of its own; leave these settings out",
        ));
    }
    let stopping = serving::on_signals().map_err(|error| Failure::refused(format!("signals: {error}")))?;
    let listener = serve::listen(&settings)?;
    settings.listen = serve::address(&listener)?;
    let folder = folder::TrialFolder::renew(folder::NAME.as_ref())?;
    settings.database = DatabaseUrl::Sqlite(folder.path().join(folder::DATABASE));
    if settings.mail.is_none() {
        let from = "account@localhost".to_owned();
        settings.mail = Some(MailRoute::Folder { folder: folder.path().join(folder::MAILS), from });
    }
    let accounts = assembling::accounts(&settings, opening::open(&settings).await?).await?;
    let sample = sample::make(&accounts, &OsEntropy).await?;
    folder.keep(folder::API_KEY, &sample.token)?;
    folder.keep(folder::PASSWORD, &sample.password)?;
    administration::print_line(&recipe::recipe(settings.listen, folder.path(), &sample))?;
    serve::run(&settings, listener, accounts, stopping).await
}
