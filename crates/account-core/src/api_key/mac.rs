//! What binds an API key's row together: whoever can write to the table can neither plant a key, nor
//! hand one to another account, nor widen a list.

use std::net::IpAddr;

use crate::api_key::{AllowedIps, ApiKeyIdentifier, StoredApiKey};
use crate::id::{AccountUid, Digest};
use crate::ports::keyring::{Keyring, Mac, MacPurpose, OpenError};
use crate::time::Timestamp;

const VERSION: &[u8] = b"1";

/// All that a key grants, and to whom. The description and the times of its making and use grant nothing.
pub(crate) struct Grant<'a> {
    pub(crate) owner: AccountUid,
    pub(crate) identifier: ApiKeyIdentifier,
    pub(crate) secret: &'a Digest,
    pub(crate) allowed_ips: &'a AllowedIps,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) made_by: Option<ApiKeyIdentifier>,
}

impl<'a> Grant<'a> {
    pub(crate) fn of(owner: AccountUid, key: &'a StoredApiKey) -> Self {
        let StoredApiKey { identifier, secret, allowed_ips, expires_at, made_by, .. } = key;
        Self {
            owner,
            identifier: *identifier,
            secret,
            allowed_ips,
            expires_at: *expires_at,
            made_by: *made_by,
        }
    }

    pub(crate) fn mac(&self, keyring: &Keyring) -> Mac {
        self.with_parts(|parts| keyring.mac(MacPurpose::ApiKey, parts))
    }

    pub(crate) fn verify(&self, keyring: &Keyring, mac: &Mac) -> Result<(), OpenError> {
        self.with_parts(|parts| keyring.verify_mac(MacPurpose::ApiKey, parts, mac))
    }

    fn with_parts<T>(&self, then: impl FnOnce(&[&[u8]]) -> T) -> T {
        let expires = self.expires_at.map(|at| at.as_millis().to_be_bytes());
        then(&[
            VERSION,
            self.identifier.as_str().as_bytes(),
            self.owner.as_bytes(),
            self.secret.as_bytes(),
            &self.allowed_ips.canonical_bytes(),
            expires.as_ref().map_or(&[][..], |bytes| bytes.as_slice()),
            self.made_by.as_ref().map_or(&[][..], |maker| maker.as_str().as_bytes()),
        ])
    }
}

/// Whether a key with this list may be used from this address. An address that is not known is on no list.
pub(crate) fn admits(allowed: &AllowedIps, client: Option<IpAddr>) -> bool {
    allowed.is_unrestricted() || client.is_some_and(|address| allowed.admits(address))
}
