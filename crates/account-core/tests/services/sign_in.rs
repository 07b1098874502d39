//! Signing in: password, then second factor, then session; guessed at, replayed, and raced.

use super::house::{House, PASSWORD, block_on, client, typed};
use account_core::Error;
use account_core::activity::Event;
use account_core::policy::Policy;
use account_core::sign_in::{PasswordStep, SecondFactor};

fn totp(house: &House, secret: &account_core::two_factor::TotpSecret, steps: i64) -> SecondFactor {
    SecondFactor::Totp(Some(house.code(secret, steps)))
}

#[test]
fn a_right_password_opens_a_session_by_name_and_by_address_whatever_their_case() {
    let house = House::new();
    house.register("john");
    for login in ["john", "JOHN", "john@example.com", "John@Example.COM"] {
        let PasswordStep::Complete(signed_in) = house.sign_in(login, PASSWORD, "192.0.2.1").unwrap() else {
            panic!("no second factor is on");
        };
        assert!(house.session(signed_in.session.token.expose()).is_ok(), "{login}");
    }
}

#[test]
fn sec_10_and_11_unknown_wrong_and_disabled_are_one_answer_for_one_hash_each() {
    let house = House::new();
    let (_, disabled) = (house.register("john"), house.register("gone"));
    block_on(house.accounts.admin().disable(disabled.id)).unwrap();
    for (login, password) in
        [("john", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("n@b.c", "x")]
    {
        let before = house.hasher.verified();
        assert!(matches!(house.sign_in(login, password, "192.0.2.1"), Err(Error::SignInRefused)), "{login}");
        assert_eq!(house.hasher.verified(), before + 1, "{login}");
    }
}

#[test]
fn sec_22_and_23_a_step_is_accepted_once_and_only_upwards() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let (secret, _) = house.enable_two_factor(&who);
    let enabling = totp(&house, &secret, 0);
    assert!(matches!(house.sign_in_with("john", enabling, "192.0.2.1"), Err(Error::WrongSecondFactor)));
    let next = totp(&house, &secret, 1);
    house.sign_in_with("john", next, "192.0.2.1").unwrap();
    for steps in [1, 0, -1] {
        let replayed = totp(&house, &secret, steps);
        let refused = house.sign_in_with("john", replayed, "192.0.2.1");
        assert!(matches!(refused, Err(Error::WrongSecondFactor)), "step {steps} after step 1");
    }
    house.later(60);
    let later = totp(&house, &secret, 0);
    house.sign_in_with("john", later, "192.0.2.1").unwrap();
}

#[test]
fn sec_27_a_recovery_code_is_spent_once_and_the_owner_is_told() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let (_, codes) = house.enable_two_factor(&who);
    house.mails();
    let code = || SecondFactor::Recovery(account_core::two_factor::RecoveryCode::parse(codes[3].as_str()));
    house.sign_in_with("john", code(), "192.0.2.1").unwrap();
    assert!(matches!(house.sign_in_with("john", code(), "192.0.2.1"), Err(Error::WrongRecoveryCode)));
    assert_eq!(block_on(house.accounts.two_factor().remaining_recovery_codes(&who)).unwrap(), 9);
    let mails = house.mails();
    assert!(
        mails.iter().any(|(to, subject, _)| to == "john@example.com" && subject.contains("recovery code"))
    );
    assert!(house.events(&who).contains(&Event::RecoveryCodeSpent));
}

#[test]
fn f_31_the_fifth_wrong_code_ends_the_pending_sign_in() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let (secret, _) = house.enable_two_factor(&who);
    house.later(60);
    let PasswordStep::SecondFactorNeeded(token) = house.sign_in("john", PASSWORD, "192.0.2.1").unwrap()
    else {
        panic!("a second factor is on");
    };
    let step = |factor| {
        block_on(house.accounts.sign_in().with_second_factor(Some(&token), &factor, &client("192.0.2.1")))
    };
    for _ in 0..5 {
        assert!(matches!(step(SecondFactor::Totp(None)), Err(Error::WrongSecondFactor)));
    }
    assert!(matches!(step(totp(&house, &secret, 0)), Err(Error::SignInExpired)));
}

#[test]
fn sec_24_a_pending_sign_in_dies_by_time_by_password_change_and_by_turning_the_factor_off() {
    for how in 0..3 {
        let house = House::new();
        let account = house.register("john");
        let (who, _) = house.by_session(&account);
        let (secret, _) = house.enable_two_factor(&who);
        house.later(60);
        let PasswordStep::SecondFactorNeeded(token) = house.sign_in("john", PASSWORD, "192.0.2.1").unwrap()
        else {
            panic!("a second factor is on");
        };
        assert!(house.session(token.expose()).is_err(), "the token opens nothing else");
        match how {
            0 => house.later(300),
            1 => drop(house.change_password(&who, "another long password").unwrap()),
            _ => {
                let proof =
                    house.prove(&who, account_core::policy::Operation::DisableTwoFactor, PASSWORD).unwrap();
                block_on(house.accounts.two_factor().disable(&who, &proof)).unwrap();
            }
        }
        let factor = totp(&house, &secret, 0);
        let refused = block_on(house.accounts.sign_in().with_second_factor(
            Some(&token),
            &factor,
            &client("192.0.2.1"),
        ));
        assert!(matches!(refused, Err(Error::SignInExpired)), "way {how}");
    }
}

#[test]
fn sec_12_a_client_that_keeps_failing_waits_and_heals() {
    let house = House::new();
    for attempt in 0..10 {
        let refused = house.sign_in(&format!("name{attempt}"), "wrong password", "192.0.2.1");
        assert!(matches!(refused, Err(Error::SignInRefused)), "attempt {attempt}");
    }
    let Err(Error::SignInLockedOut(wait)) = house.sign_in("other", "wrong password", "192.0.2.1") else {
        panic!("the eleventh waits");
    };
    house.later(wait.as_secs() + 1);
    assert!(matches!(house.sign_in("other", "wrong password", "192.0.2.1"), Err(Error::SignInRefused)));
}

#[test]
fn sec_13_a_stranger_cannot_lock_the_owner_out_and_unknown_names_count_alike() {
    let house = House::new();
    house.register("john");
    house.sign_in("john", PASSWORD, "198.51.100.7").unwrap();
    for name in ["john", "nobody"] {
        let mut refused_at = None;
        for guess in 0..120u32 {
            let from = format!("10.{}.{}.1", guess / 200, guess % 200);
            if let Err(Error::SignInLockedOut(_)) = house.sign_in(name, "wrong password", &from) {
                refused_at = Some(guess);
                break;
            }
        }
        assert_eq!(refused_at, Some(50), "{name}");
    }
    assert!(house.sign_in("john", PASSWORD, "198.51.100.99").is_ok(), "from the network it was used from");
}

#[test]
fn sec_25_fresh_pending_sign_ins_do_not_give_fresh_guesses() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    house.enable_two_factor(&who);
    let mut tries = 0;
    loop {
        let from = format!("10.0.{tries}.1");
        match house.sign_in_with("john", SecondFactor::Totp(None), &from) {
            Err(Error::WrongSecondFactor) => tries += 1,
            Err(Error::SignInLockedOut(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tries, 10);
}

#[test]
fn sec_08_an_imported_hash_verifies_and_is_raised_at_the_first_sign_in() {
    let house = House::new();
    // `secret password` under bcrypt, cost 4.
    let imported =
        account_core::password::PasswordHash::from_stored(super::house::bcrypt("secret password")).unwrap();
    let user = account_core::admin::NewUser {
        password: account_core::admin::InitialPassword::Imported(imported.clone()),
        ..super::house::user("john")
    };
    let account = block_on(house.accounts.admin().register(user)).unwrap();
    house.sign_in("john", "secret password", "192.0.2.1").unwrap();
    let state =
        block_on(account_core::store::AccountRepository::state(&*house.store, account.id)).unwrap().unwrap();
    assert!(state.password != imported && state.password.as_str().starts_with("$argon2id$"));
    house.sign_in("john", "secret password", "192.0.2.1").unwrap();
}

#[test]
fn sec_64_a_password_typed_as_a_name_is_not_kept() {
    let house = House::new();
    let account = house.register("john");
    assert!(house.sign_in("my secret password", "x", "192.0.2.1").is_err());
    assert!(house.sign_in("john", "wrong password", "192.0.2.1").is_err());
    assert!(!format!("{:?}", house.store.snapshot().trail()).contains("my secret password"));
    let (who, _) = house.by_session(&account);
    assert!(house.events(&who).contains(&Event::SignInFailed), "the owner sees the failed sign-in");
}

#[test]
fn an_unproven_address_keeps_its_owner_out_where_policy_says_so() {
    let house = House::with(Policy { verified_email_required: true, ..super::house::mailing() });
    house.register("john");
    assert!(matches!(house.sign_in("john", PASSWORD, "192.0.2.1"), Err(Error::EmailNotVerified)));
    let email = account_core::email::Email::parse("john@example.com").unwrap();
    block_on(house.accounts.emails().request_verification(&email, &client("192.0.2.1"))).unwrap();
    let token = super::house::token_in(&house.mails().pop().expect("a mail").2);
    block_on(house.accounts.emails().verify(&token, &client("192.0.2.1"))).unwrap();
    assert!(house.sign_in("john", PASSWORD, "192.0.2.1").is_ok());
    let again = block_on(house.accounts.emails().verify(&token, &client("192.0.2.1")));
    assert!(matches!(again, Err(Error::WrongMailToken)), "spent");
}

#[test]
fn both_factors_in_one_call() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let (secret, _) = house.enable_two_factor(&who);
    house.later(30);
    let factor = totp(&house, &secret, 0);
    let both = |factor: &SecondFactor| {
        let password = typed(PASSWORD);
        block_on(house.accounts.sign_in().with_both("john", Some(&password), factor, &client("192.0.2.1")))
    };
    both(&factor).unwrap();
    assert!(matches!(both(&factor), Err(Error::WrongSecondFactor)));
}

#[test]
fn two_spellings_that_find_one_account_are_counted_as_one_whether_anybody_has_it_or_not() {
    let spellings = ["x@b\u{fc}cher.example", "X@xn--bcher-kva.example"];
    let tries_until_locked_out = |house: &House| {
        let tries = (0..20).take_while(|attempt| {
            let login = spellings[attempt % 2];
            !matches!(house.sign_in(login, "wrong password", "192.0.2.1"), Err(Error::SignInLockedOut(_)))
        });
        tries.count()
    };
    let (known, unknown) = (House::new(), House::new());
    let email = super::house::email(spellings[0]);
    let user = account_core::admin::NewUser { email, ..super::house::user("john") };
    block_on(known.accounts.admin().register(user)).unwrap();
    assert_eq!(tries_until_locked_out(&known), tries_until_locked_out(&unknown));
    // The Kelvin sign is no `k`: it finds nobody, and counts for nobody else.
    for _ in 0..3 {
        assert!(unknown.sign_in("\u{212a}ate", "wrong password", "192.0.2.9").is_err());
    }
    for _ in 0..5 {
        assert!(matches!(unknown.sign_in("kate", "wrong password", "192.0.2.8"), Err(Error::SignInRefused)));
    }
}

#[test]
fn f_3_where_no_address_is_known_nobody_shuts_everybody_out() {
    let house = House::new();
    house.register("john");
    let nowhere = account_core::session::Client::default();
    for name in 0..30 {
        let login = format!("name{name}");
        let refused =
            block_on(house.accounts.sign_in().with_password(&login, Some(&typed("wrong")), &nowhere));
        assert!(matches!(refused, Err(Error::SignInRefused)));
    }
    let right = block_on(house.accounts.sign_in().with_password("john", Some(&typed(PASSWORD)), &nowhere));
    assert!(right.is_ok());
}

#[test]
fn a_wrong_factor_in_one_call_is_on_the_trail() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    house.enable_two_factor(&who);
    let password = typed(PASSWORD);
    let refused = block_on(house.accounts.sign_in().with_both(
        "john",
        Some(&password),
        &SecondFactor::Totp(None),
        &client("192.0.2.1"),
    ));
    assert!(matches!(refused, Err(Error::WrongSecondFactor)));
    assert!(house.events(&who).contains(&Event::SignInFailed));
}

#[test]
fn sec_25_a_neighbour_s_guesses_at_passwords_raise_no_alarm_about_the_second_factor() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    house.enable_two_factor(&who);
    house.mails();
    let Ok(PasswordStep::SecondFactorNeeded(token)) = house.sign_in("john", PASSWORD, "192.0.2.1") else {
        panic!("a second factor is on");
    };
    for number in 0..10 {
        assert!(house.sign_in(&format!("name{number}"), "wrong password", "192.0.2.1").is_err());
    }
    let (sign_in, factor) = (house.accounts.sign_in(), SecondFactor::Totp(None));
    let waits = block_on(sign_in.with_second_factor(Some(&token), &factor, &client("192.0.2.1")));
    assert!(matches!(waits, Err(Error::SignInLockedOut(_))), "{waits:?}");
    assert!(house.mails().is_empty());
}

#[test]
fn sec_25_whoever_guesses_at_the_second_factor_is_told_of_to_the_owner() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    house.enable_two_factor(&who);
    house.mails();
    let mut tries = 0;
    while !matches!(
        house.sign_in_with("john", SecondFactor::Totp(None), &format!("10.0.{tries}.1")),
        Err(Error::SignInLockedOut(_))
    ) {
        tries += 1;
    }
    assert_eq!(
        house.mails().iter().filter(|(_, subject, _)| subject.contains("wrong two-factor codes")).count(),
        1
    );
}
