//! A snapshot to decide about, for the tests of rules.

use crate::account::Account;
use crate::email::Email;
use crate::id::{AccountId, AccountUid, FactorEpoch, PasswordEpoch, Revision};
use crate::password::PasswordHash;
use crate::ports::entropy::{Entropy, EntropyError};
use crate::ports::keyring::Keyring;
use crate::profile::{Language, Username};
use crate::store::AccountState;
use crate::time::Timestamp;

/// Bytes that count upwards: different at every call, and the same in every run.
pub(crate) struct Counting(std::sync::atomic::AtomicU8);

impl Counting {
    pub(crate) fn new() -> Self {
        Self(std::sync::atomic::AtomicU8::new(1))
    }
}

impl Entropy for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let seed = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        out.iter_mut()
            .enumerate()
            .for_each(|(index, byte)| *byte = seed.wrapping_mul(31).wrapping_add(index as u8));
        Ok(())
    }
}

pub(crate) fn keyring() -> Keyring {
    let text = format!(
        "k1:{}",
        data_encoding::BASE64.encode(&std::array::from_fn::<u8, 32, _>(|i| i as u8 * 7 + 1))
    );
    Keyring::parse(&text).unwrap()
}

pub(crate) fn state() -> AccountState {
    let account = Account {
        id: AccountId(1),
        uid: AccountUid::from_stored(&[7; 16]).unwrap(),
        revision: Revision::FIRST,
        password_epoch: PasswordEpoch::FIRST,
        factor_epoch: FactorEpoch::FIRST,
        username: Username::parse("john").unwrap(),
        email: Email::parse("john@example.com").unwrap(),
        email_verified_at: None,
        first_name: None,
        last_name: None,
        language: Language::parse("en").unwrap(),
        admin: false,
        disabled_at: None,
        two_factor: false,
        created_at: Timestamp::from_millis(0),
    };
    AccountState {
        account,
        password: PasswordHash::from_stored("$2b$04$abcdefghijklmnopqrstuu".to_owned()).unwrap(),
        pending_two_factor: None,
        two_factor: None,
        recovery_codes: Vec::new(),
        api_keys: Vec::new(),
        ssh_keys: Vec::new(),
        sessions: Vec::new(),
        pending_sign_ins: Vec::new(),
        mail_tokens: Vec::new(),
    }
}
