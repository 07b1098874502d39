//! Nobody takes the whole queue of the hashing threads: a guess is counted before it is hashed, so that the
//! budgets of a client and of an account bound what either has waiting at once (REL-12).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use super::house::{House, PASSWORD, client, keyring, typed};
use account_core::password::PasswordHash;
use account_core::policy::Policy;
use account_core::ports::hasher::{
    Argon2Params, HashRequest, HasherError, HashingOptions, PasswordHasher, VerifyRequest,
};
use account_core::ports::keyring::Keyring;
use account_core::sign_in::PasswordStep;
use account_core::{Accounts, Error};
use account_testkit::block_on;

/// Never comes to an end of anything, and counts what waits for it.
#[derive(Default)]
struct Endless(AtomicUsize);

#[async_trait::async_trait]
impl PasswordHasher for Endless {
    fn params(&self) -> Argon2Params {
        Argon2Params::default()
    }

    async fn hash(&self, _: HashRequest) -> Result<PasswordHash, HasherError> {
        std::future::pending().await
    }

    async fn verify(&self, _: VerifyRequest) -> Result<bool, HasherError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

type SigningIn = Pin<Box<dyn Future<Output = Result<PasswordStep, Error>> + Send>>;

struct Starved {
    accounts: Accounts,
    hasher: Arc<Endless>,
    waiting: Vec<SigningIn>,
}

impl Starved {
    fn new(house: &House) -> Self {
        let hasher = Arc::new(Endless::default());
        let builder = Accounts::builder(house.store.clone(), Keyring::parse(&keyring(1)).unwrap())
            .clock(house.clock.clone())
            .hasher(hasher.clone())
            .policy(Policy::default());
        Self { accounts: block_on(builder.build()).unwrap(), hasher, waiting: Vec::new() }
    }

    /// Signs in and does not wait for the answer; how many wait for the hasher then.
    fn sign_in(&mut self, login: String, ip: String) -> usize {
        let accounts = self.accounts.clone();
        let mut signing_in: SigningIn = Box::pin(async move {
            accounts.sign_in().with_password(&login, Some(&typed(PASSWORD)), &client(&ip)).await
        });
        // As often as there are stops on the way.
        for _ in 0..32 {
            if signing_in.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
        }
        self.waiting.push(signing_in);
        self.hasher.0.load(Ordering::SeqCst)
    }
}

#[test]
fn rel_12_one_client_has_no_more_than_its_share_of_the_hashing_queue() {
    let house = House::new();
    house.register("john");
    let mut starved = Starved::new(&house);
    let room = HashingOptions::default().queue;
    let own: Vec<_> = (0..room).map(|i| starved.sign_in(format!("name{i}"), "192.0.2.1".into())).collect();
    assert_eq!(own.last(), Some(&1), "of {room}: one client's guesses stand in line");
    assert_eq!(starved.sign_in("john".into(), "192.0.2.2".into()), 2, "another client is let in");
}

#[test]
fn rel_12_one_account_never_fills_the_hashing_queue_from_however_many_addresses() {
    let house = House::new();
    house.register("john");
    house.register("mary");
    let mut starved = Starved::new(&house);
    let room = HashingOptions::default().queue;
    let all: Vec<_> =
        (0..4 * room).map(|i| starved.sign_in("john".into(), format!("198.51.{}.7", i % 256))).collect();
    let most = *all.last().unwrap();
    assert!(most < room, "{most} of {room}");
    assert_eq!(starved.sign_in("mary".into(), "192.0.2.2".into()), most + 1, "another account is let in");
}
