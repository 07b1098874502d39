//! What the operator does.

use super::house::{House, block_on};
use account_core::activity::Event;

#[test]
fn a_disabled_account_is_shut_at_once_and_a_deleted_one_leaves_its_trail() {
    let house = House::new();
    let account = house.register("john");
    let (token, key) = (house.by_session(&account).1, house.key(&account, &[]).token.joined());
    block_on(house.accounts.admin().disable(account.id)).unwrap();
    assert!(house.session(&token).is_err());
    assert!(block_on(house.accounts.authenticate_api_key(&key, None)).is_err());
    block_on(house.accounts.admin().enable(account.id)).unwrap();
    assert!(house.session(&token).is_err(), "sessions do not come back");
    assert!(block_on(house.accounts.authenticate_api_key(&key, None)).is_ok(), "keys do");
    block_on(house.accounts.admin().delete(account.id)).unwrap();
    assert!(block_on(house.accounts.authenticate_api_key(&key, None)).is_err());
    assert!(house.store.snapshot().trail().iter().any(|entry| entry.event == Event::Deleted));
    let again = house.register("john");
    assert!(again.id > account.id && again.uid != account.uid);
}
