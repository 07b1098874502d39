//! Where the system has no randomness, nothing is made (SEC-31).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use account_core::email::Email;
use account_core::policy::Operation;
use account_core::ports::entropy::{Entropy, EntropyError};
use account_core::ports::keyring::Keyring;
use account_core::{Accounts, Error};
use account_testkit::{InlineHasher, SeededEntropy};

use super::house::{House, PASSWORD, block_on, client, keyring, new_key, typed};

struct Tap {
    source: SeededEntropy,
    dry: AtomicBool,
}

impl Entropy for Tap {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        if self.dry.load(Ordering::SeqCst) { Err(EntropyError) } else { self.source.fill(out) }
    }
}

#[test]
fn sec_31_without_randomness_every_service_is_unavailable_and_leaves_no_row() {
    let house = House::new();
    let account = house.register("john");
    let tap = Arc::new(Tap { source: SeededEntropy::new(2), dry: AtomicBool::new(false) });
    let builder = Accounts::builder(house.store.clone(), Keyring::parse(&keyring(1)).unwrap())
        .clock(house.clock.clone())
        .entropy(tap.clone())
        .hasher(Arc::new(InlineHasher::default()))
        .policy(super::house::mailing());
    let accounts = block_on(builder.build()).unwrap();
    let (who, _) = house.by_session(&account);
    let proof = block_on(accounts.passwords().prove(&who, Operation::ChangeEmail, Some(&typed(PASSWORD))));
    let (proof, email) = (proof.unwrap(), Email::parse("new@example.com").unwrap());
    let before = format!("{:?}", house.store.snapshot());
    tap.dry.store(true, Ordering::SeqCst);
    let (browser, password) = (client("192.0.2.1"), typed(PASSWORD));
    let outcomes: [(&str, Result<(), Error>); 6] = [
        ("sign-in", block_on(accounts.sign_in().with_password("john", Some(&password), &browser)).map(drop)),
        ("session", block_on(accounts.sessions().open(account.id, &browser)).map(drop)),
        ("key", block_on(accounts.admin().create_api_key(account.id, &new_key(&[]))).map(drop)),
        ("second factor", block_on(accounts.two_factor().set_up(&who)).map(drop)),
        ("reset", block_on(accounts.recovery().request(&email, &browser))),
        ("address", block_on(accounts.emails().change(&who, &proof, &email))),
    ];
    for (what, outcome) in outcomes {
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{what}: {outcome:?}");
    }
    assert_eq!(format!("{:?}", house.store.snapshot()), before);
    tap.dry.store(false, Ordering::SeqCst);
    assert!(block_on(accounts.sign_in().with_password("john", Some(&password), &browser)).is_ok());
}
