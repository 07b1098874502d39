//! The second factor, and policies that ask for it or for a session.

use super::house::{House, PASSWORD, block_on, new_key};
use account_core::Error;
use account_core::policy::{ApiKeyPolicy, Operation, Policy, TwoFactorRequired};

#[test]
fn sec_21_only_the_newest_secret_turns_the_second_factor_on_and_only_in_time() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let secret = || {
        let setup = block_on(house.accounts.two_factor().set_up(&who)).unwrap();
        account_core::two_factor::TotpSecret::from_base32(&setup.secret).unwrap()
    };
    let (first, second) = (secret(), secret());
    let enable = |secret| {
        let proof = house.prove(&who, Operation::EnableTwoFactor, PASSWORD).unwrap();
        block_on(house.accounts.two_factor().enable(&who, &proof, Some(&house.code(secret, 0)))).map(drop)
    };
    assert!(matches!(enable(&first), Err(Error::WrongCode)));
    house.later(15 * 60);
    assert!(matches!(enable(&second), Err(Error::WrongCode)), "expired");
    let third = secret();
    house.later(15 * 60 - 1);
    enable(&third).unwrap();
}

#[test]
fn f_16_17_18_enabling_without_set_up_or_twice_is_refused_and_disabling_erases() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let prove = |operation| house.prove(&who, operation, PASSWORD).unwrap();
    let code = account_core::two_factor::TotpCode::parse("123456");
    let enable = || {
        let proof = prove(Operation::EnableTwoFactor);
        block_on(house.accounts.two_factor().enable(&who, &proof, code.as_ref())).map(drop)
    };
    assert!(matches!(enable(), Err(Error::WrongCode)));
    let before = house.events(&who);
    block_on(house.accounts.two_factor().disable(&who, &prove(Operation::DisableTwoFactor))).unwrap();
    assert_eq!(house.events(&who), before, "a no-op is not recorded");
    house.enable_two_factor(&who);
    assert!(matches!(enable(), Err(Error::TwoFactorEnabled)));
    assert!(matches!(block_on(house.accounts.two_factor().set_up(&who)), Err(Error::TwoFactorEnabled)));
    block_on(house.accounts.two_factor().disable(&who, &prove(Operation::DisableTwoFactor))).unwrap();
    let state =
        block_on(account_core::store::AccountRepository::state(&*house.store, account.id)).unwrap().unwrap();
    assert!(
        state.two_factor.is_none() && state.pending_two_factor.is_none() && state.recovery_codes.is_empty()
    );
    assert!(matches!(enable(), Err(Error::WrongCode)), "the old secret is gone");
}

#[test]
fn policy_shuts_all_but_what_leads_to_a_second_factor() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let strict = house.again(
        &super::house::keyring(1),
        Policy { two_factor_required: TwoFactorRequired::Everybody, ..Policy::default() },
    );
    assert!(matches!(block_on(strict.accounts.api_keys().list(&who)), Err(Error::TwoFactorRequired)));
    strict.enable_two_factor(&who);
    let token = house.by_session(&account).1;
    let who = strict.session(&token).unwrap();
    assert!(block_on(strict.accounts.api_keys().list(&who)).is_ok());
    let admins = Policy { two_factor_required: TwoFactorRequired::Administrators, ..Policy::default() };
    assert!(admins.permits(&house.register("mary"), true, Operation::ChangeEmail).is_ok());
}

#[test]
fn keys_change_no_credential_where_a_session_is_required() {
    let house = House::with(Policy { api_keys: ApiKeyPolicy::SessionOnly, ..Policy::default() });
    let account = house.register("john");
    let key = house.by_key(&account);
    assert!(matches!(house.change_email(&key, "new@example.com"), Err(Error::SessionRequired)));
    let refused = block_on(house.accounts.api_keys().create(&key, &new_key(&[])));
    assert!(matches!(refused, Err(Error::SessionRequired)));
    assert!(block_on(house.accounts.api_keys().list(&key)).is_ok());
}
