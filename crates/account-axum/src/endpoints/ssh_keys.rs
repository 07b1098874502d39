//! SSH keys: listed, added, removed by fingerprint (contract 6).

use account_core::creation::Once;
use account_core::field::{Fault, FieldErrors};
use account_core::policy::Operation;
use account_core::ssh_key::{SshKey, SshKeyName, SshPublicKey};
use serde::Serialize;

use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::envelope::{Item, List as Listed, no_content, ok};
use crate::idempotency::{name_of_request, replayed};
use crate::options::SshPublicKeyFormat;

const OBJECT: &str = "ssh_key";

/// GET: the account's keys, oldest first.
pub(crate) struct List;

impl Endpoint for List {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account/ssh-keys";
    const OPERATION: Operation = Operation::ListSshKeys;

    async fn answer(asked: Asked<'_>) -> Answer {
        let keys = asked.edge.accounts().ssh_keys().list(asked.who).await?;
        let format = asked.edge.options.ssh_public_key_format;
        Ok(ok(&Listed::new(OBJECT, keys.iter().map(|key| Attributes::of(key, format)))))
    }
}

/// POST: one more.
pub(crate) struct Add;

impl Endpoint for Add {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/ssh-keys";
    const OPERATION: Operation = Operation::AddSshKey;

    async fn answer(asked: Asked<'_>) -> Answer {
        let request = name_of_request(&asked.parts.headers)?;
        let mut errors = FieldErrors::default();
        let name = asked.fields.string("name").required(Fault::NotAString);
        let name = errors.take("name", name.and_then(SshKeyName::parse));
        let key = asked.fields.string("public_key").required(Fault::NotAString);
        let key = errors.take("public_key", key.and_then(SshPublicKey::parse));
        let (Some(name), Some(key)) = (name, key) else { return Err(errors.into()) };
        let service = asked.edge.accounts().ssh_keys();
        let shown = |key: &SshKey| {
            ok(&Item::new(OBJECT, Attributes::of(key, asked.edge.options.ssh_public_key_format)))
        };
        let Some(request) = request else { return Ok(shown(&service.add(asked.who, &name, &key).await?)) };
        Ok(match service.add_once(asked.who, &name, &key, &request).await? {
            Once::Made(added) => shown(&added),
            Once::MadeBefore(key) => replayed(shown(&key)),
        })
    }
}

/// POST: one less. A key that the account does not have is no error.
pub(crate) struct Remove;

impl Endpoint for Remove {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/ssh-keys/remove";
    const OPERATION: Operation = Operation::RemoveSshKey;

    async fn answer(asked: Asked<'_>) -> Answer {
        let mut errors = FieldErrors::default();
        let written = asked.fields.string("fingerprint").required(Fault::NotAString);
        let Some(written) = errors.take("fingerprint", written) else { return Err(errors.into()) };
        asked.edge.accounts().ssh_keys().remove(asked.who, written).await?;
        Ok(no_content())
    }
}

#[derive(Serialize)]
struct Attributes<'a> {
    name: &'a str,
    fingerprint: String,
    public_key: String,
    created_at: String,
}

impl<'a> Attributes<'a> {
    fn of(key: &'a SshKey, format: SshPublicKeyFormat) -> Self {
        Self {
            name: key.name.as_str(),
            fingerprint: key.fingerprint().to_string(),
            public_key: written(&key.public_key, format),
            created_at: key.created_at.to_rfc3339(),
        }
    }
}

/// FIDO keys have no PKCS#8 form.
fn written(key: &SshPublicKey, format: SshPublicKeyFormat) -> String {
    let pem = match format {
        SshPublicKeyFormat::Openssh => None,
        SshPublicKeyFormat::Pkcs8 => key.pkcs8_pem(),
    };
    pem.unwrap_or_else(|| key.openssh().to_owned())
}
