//! Tokens that travel by mail: their digests, and whose they are.

use account_core::email::Email;
use account_core::id::{AccountId, Digest, PasswordEpoch};
use account_core::mail::{MailToken, MailTokenPurpose};
use account_core::malformed::Malformed;
use account_core::store::UniqueKey;
use account_core::time::Timestamp;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::hanging::{Hanging, Names, Rows};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MailTokenRow {
    token: [u8; 32],
    purpose: String,
    email: String,
    password_epoch: i64,
    created_at: i64,
}

impl Hanging for MailToken {
    type Row = MailTokenRow;
    const KIND: &'static str = "mail_token";
    const ROWS: Rows = TableDefinition::new("mail_token");
    const NAMES: Names = TableDefinition::new("mail_token_by_name");
    const TAKEN: UniqueKey = UniqueKey::Secret;

    fn names(&self, _: AccountId) -> Vec<Vec<u8>> {
        vec![self.token.as_bytes().to_vec()]
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn to_row(&self) -> MailTokenRow {
        MailTokenRow {
            token: *self.token.as_bytes(),
            purpose: self.purpose.as_str().to_owned(),
            email: self.email.canonical().to_owned(),
            password_epoch: self.password_epoch.0,
            created_at: self.created_at.as_millis(),
        }
    }

    fn from_row(row: MailTokenRow) -> Result<Self, Malformed> {
        Ok(Self {
            token: Digest::from_bytes(row.token),
            purpose: MailTokenPurpose::from_stored(&row.purpose)?,
            email: Email::from_stored(row.email.clone(), row.email)?,
            password_epoch: PasswordEpoch(row.password_epoch),
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
