//! Sign-ins that wait for a second factor, and the way from any token to its account.

use std::net::IpAddr;

use account_core::id::{AccountId, Digest, FactorEpoch, PasswordEpoch};
use account_core::mail::MailToken;
use account_core::malformed::Malformed;
use account_core::sign_in::PendingSignIn;
use account_core::store::{SignInRepository, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::RedbStore;
use super::hanging::{self, Hanging, Names, Rows};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PendingSignInRow {
    token: [u8; 32],
    password_epoch: i64,
    factor_epoch: i64,
    tries: u32,
    ip: Option<IpAddr>,
    created_at: i64,
}

impl Hanging for PendingSignIn {
    type Row = PendingSignInRow;
    const KIND: &'static str = "pending_sign_in";
    const ROWS: Rows = TableDefinition::new("pending_sign_in");
    const NAMES: Names = TableDefinition::new("pending_sign_in_by_name");
    const TAKEN: UniqueKey = UniqueKey::Secret;

    fn names(&self, _: AccountId) -> Vec<Vec<u8>> {
        vec![self.token.as_bytes().to_vec()]
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn to_row(&self) -> PendingSignInRow {
        PendingSignInRow {
            token: *self.token.as_bytes(),
            password_epoch: self.password_epoch.0,
            factor_epoch: self.factor_epoch.0,
            tries: self.tries,
            ip: self.ip,
            created_at: self.created_at.as_millis(),
        }
    }

    fn from_row(row: PendingSignInRow) -> Result<Self, Malformed> {
        Ok(Self {
            token: Digest::from_bytes(row.token),
            password_epoch: PasswordEpoch(row.password_epoch),
            factor_epoch: FactorEpoch(row.factor_epoch),
            tries: row.tries,
            ip: row.ip,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

#[async_trait]
impl SignInRepository for RedbStore {
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        self.ask(|snapshot| hanging::owner::<PendingSignIn>(snapshot, token.as_bytes()))
    }

    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        self.ask(|snapshot| hanging::owner::<MailToken>(snapshot, token.as_bytes()))
    }
}
