//! Asking for accounts, and the changes to the account's own row.

use account_core::email::Email;
use account_core::id::{AccountId, FactorEpoch, PasswordEpoch};
use account_core::profile::{Language, Login, PersonName, Username};
use account_core::store::{Change, UniqueKey};
use account_core::time::Timestamp;

use super::given::{commit, registered, state, trail, try_commit};
use crate::adapter::Store;
use crate::broken::{Broken, Proven, promise, same, taken};
use crate::sample;

fn sample_of<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> Result<T, Broken> {
    parsed.map_err(|fault| Broken::new(format!("a sample of the kit is malformed: {fault:?}")))
}

pub(crate) async fn what_is_not_there_is_none_and_no_error(store: Store) -> Proven {
    let id = AccountId(404);
    same!(store.account(id).await?, None, "an unknown number is None");
    same!(store.state(id).await?, None, "the state of an unknown number is None");
    same!(store.account_by_login(&sample::login_by_email(1)).await?, None, "an unknown address is None");
    same!(store.account_by_login(&sample::login_by_username(1)).await?, None, "an unknown username is None");
    promise!(store.api_key(&sample::identifier(1)).await?.is_none(), "an unknown API key is None");
    promise!(store.session(&sample::session_token(1)).await?.is_none(), "an unknown session is None");
    let pending = store.account_by_pending_sign_in(&sample::pending_token(1)).await?;
    same!(pending, None, "an unknown pending sign-in is None");
    same!(
        store.account_by_mail_token(&sample::mail_token_digest(1)).await?,
        None,
        "an unknown mailed token is None"
    );
    same!(store.api_keys(id).await?, [], "an unknown account has no API keys");
    same!(store.ssh_keys(id).await?, [], "an unknown account has no SSH keys");
    same!(store.sessions(id).await?, [], "an unknown account has no sessions");
    same!(store.accounts(None, 10).await?, [], "an empty store lists no accounts");
    same!(trail(&store, sample::uid(1)).await?.total, 0, "an unknown account has no audit trail");
    same!(store.key_checks().await?, [], "an empty store knows no keys");
    Ok(())
}

pub(crate) async fn an_account_is_found_by_address_in_any_case(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    registered(&store, 2).await?;
    let found = store.account_by_login(&sample::login_by_email(1)).await?;
    same!(found, Some(id), "an account is found by its address, whatever its case");
    Ok(())
}

pub(crate) async fn an_account_is_found_by_username(store: Store) -> Proven {
    registered(&store, 2).await?;
    let id = registered(&store, 1).await?;
    let found = store.account_by_login(&sample::login_by_username(1)).await?;
    same!(found, Some(id), "an account is found by its username");
    let similar = Login::Username(sample_of(Username::parse("use_1"))?);
    let similar = store.account_by_login(&similar).await?;
    same!(similar, None, "a username is compared as it is, not as a pattern");
    Ok(())
}

pub(crate) async fn accounts_are_listed_by_number(store: Store) -> Proven {
    let mut ids = Vec::new();
    for n in [3, 1, 4, 2, 5] {
        ids.push(registered(&store, n).await?);
    }
    ids.sort();
    let listed: Vec<_> = store.accounts(None, 100).await?.into_iter().map(|account| account.id).collect();
    same!(listed, ids, "accounts are listed by number, ascending");
    let first: Vec<_> = store.accounts(None, 2).await?.into_iter().map(|account| account.id).collect();
    same!(Some(&first[..]), ids.get(..2), "a list has at most `limit` accounts, the lowest numbers first");
    let next: Vec<_> = store.accounts(ids.get(1).copied(), 2).await?.into_iter().map(|a| a.id).collect();
    same!(Some(&next[..]), ids.get(2..4), "a list begins above the number given, not at it");
    let end = store.accounts(ids.last().copied(), 2).await?;
    same!(end, [], "above the last number there is nothing");
    same!(store.accounts(None, 0).await?, [], "a list of at most none is empty");
    Ok(())
}

pub(crate) async fn a_listed_account_is_whole(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetTwoFactor(Some(sample::two_factor(1)))]).await?;
    same!(
        store.accounts(None, 1).await?.first(),
        store.account(id).await?.as_ref(),
        "a listed account is the same as the account asked for by number"
    );
    Ok(())
}

pub(crate) async fn an_address_is_kept_as_typed(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let typed = sample_of(Email::parse("New.Name@ExAmple.com"))?;
    let change = Change::SetEmail { email: typed.clone(), verified_at: Some(sample::at(7)) };
    commit(&store, id, vec![change]).await?;
    let now = state(&store, id).await?.account;
    same!(now.email.as_str(), typed.as_str(), "an address keeps the case that was typed");
    same!(now.email_verified_at, Some(sample::at(7)), "since when it is proven is kept");
    let found =
        store.account_by_login(&Login::Email(sample_of(Email::parse("new.name@example.com"))?)).await?;
    same!(found, Some(id), "the account is found by its new address");
    let found = store.account_by_login(&sample::login_by_email(1)).await?;
    same!(found, None, "the account is no longer found by its old address");
    registered_again(&store, 2, sample::email(1)).await?;
    Ok(())
}

async fn registered_again(store: &Store, n: u64, email: Email) -> Proven {
    let mut other = sample::new_account(n);
    other.email = email;
    match store.register(&other, &[]).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Broken::new(format!("an address that was given up is free: {error:?}"))),
    }
}

pub(crate) async fn an_address_that_is_taken_cannot_be_set(store: Store) -> Proven {
    registered(&store, 1).await?;
    let id = registered(&store, 2).await?;
    let theirs = sample_of(Email::parse("USER1@example.COM"))?;
    let answer = try_commit(&store, id, vec![Change::SetEmail { email: theirs, verified_at: None }]).await?;
    taken(
        answer,
        UniqueKey::Email,
        "an address of another account cannot be set, in whatever case it is typed",
    )
}

pub(crate) async fn ones_own_address_and_username_can_be_set_again(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let email = sample_of(Email::parse("USER1@EXAMPLE.COM"))?;
    let profile = Change::SetProfile {
        username: sample::username(1),
        first_name: None,
        last_name: None,
        language: Language::default(),
    };
    let answer = try_commit(&store, id, vec![Change::SetEmail { email, verified_at: None }, profile]).await?;
    promise!(
        answer.is_ok(),
        "one's own address in another case, and one's own username, are not taken: {answer:?}"
    );
    same!(
        state(&store, id).await?.account.email.as_str(),
        "USER1@EXAMPLE.COM",
        "the new spelling of the same address is kept"
    );
    Ok(())
}

pub(crate) async fn a_profile_is_set_whole_and_cleared(store: Store) -> Proven {
    let id = registered(&store, 3).await?;
    let name = |text: &str| sample_of(PersonName::parse(text)).map(Some);
    let longest = "ß".repeat(100) + &"😀".repeat(91);
    for (username, first_name, last_name, language) in [
        ("new-name", name("Ada")?, name(&longest)?, "zh-Hant"),
        ("new.name_2", None, None, "en"),
        ("new.name_2", name("Robert'); DROP TABLE account;--")?, name("%")?, "de"),
    ] {
        let username = sample_of(Username::parse(username))?;
        let language = sample_of(Language::parse(language))?;
        let change = Change::SetProfile {
            username: username.clone(),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            language: language.clone(),
        };
        commit(&store, id, vec![change]).await?;
        let now = state(&store, id).await?.account;
        same!(
            (&now.username, &now.first_name, &now.last_name, &now.language),
            (&username, &first_name, &last_name, &language),
            "username, names and language are set as given; a name that is None is cleared"
        );
        let found = store.account_by_login(&Login::Username(username)).await?;
        same!(found, Some(id), "the account is found by its new username");
    }
    let old = store.account_by_login(&sample::login_by_username(3)).await?;
    same!(old, None, "the account is no longer found by its old username");
    Ok(())
}

pub(crate) async fn a_username_that_is_taken_cannot_be_set(store: Store) -> Proven {
    registered(&store, 1).await?;
    let id = registered(&store, 2).await?;
    let change = Change::SetProfile {
        username: sample::username(1),
        first_name: None,
        last_name: None,
        language: Language::default(),
    };
    let answer = try_commit(&store, id, vec![change]).await?;
    taken(answer, UniqueKey::Username, "a username of another account cannot be set")
}

pub(crate) async fn rights_and_disabling_are_set_and_taken_back(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetAdmin(true), Change::SetDisabled(Some(sample::at(9)))]).await?;
    let now = state(&store, id).await?.account;
    same!(
        (now.admin, now.disabled_at),
        (true, Some(sample::at(9))),
        "rights and the time of disabling are set"
    );
    commit(&store, id, vec![Change::SetAdmin(false), Change::SetDisabled(None)]).await?;
    let now = state(&store, id).await?.account;
    same!(
        (now.admin, now.disabled_at),
        (false, None),
        "rights are taken back, and the account is enabled again"
    );
    Ok(())
}

pub(crate) async fn epochs_are_set_each_on_its_own(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetPasswordEpoch(PasswordEpoch(7))]).await?;
    let now = state(&store, id).await?.account;
    same!(
        (now.password_epoch, now.factor_epoch),
        (PasswordEpoch(7), FactorEpoch::FIRST),
        "only the password epoch is set"
    );
    commit(&store, id, vec![Change::SetFactorEpoch(FactorEpoch(9))]).await?;
    let now = state(&store, id).await?.account;
    same!(
        (now.password_epoch, now.factor_epoch),
        (PasswordEpoch(7), FactorEpoch(9)),
        "only the factor epoch is set"
    );
    Ok(())
}

pub(crate) async fn times_keep_their_milliseconds(store: Store) -> Proven {
    for (millis, n) in [1_769_860_800_001, 999, 1, 0, -1, -1001, 253_402_300_799_999].into_iter().zip(1..) {
        let time = Timestamp::from_millis(millis);
        let mut account = sample::new_account(n);
        account.created_at = time;
        account.email_verified_at = Some(time);
        let id = store.register(&account, &[]).await?;
        let mut session = sample::session(n);
        (session.created_at, session.last_seen_at) = (time, time);
        let mut key = sample::api_key(n);
        (key.created_at, key.expires_at, key.last_used_at) = (time, Some(time), Some(time));
        let mut entry = sample::activity(n, account.uid);
        entry.at = time;
        let changes = vec![
            Change::SetDisabled(Some(time)),
            Change::OpenSession(session),
            Change::AddApiKey(key),
            Change::Record(entry),
        ];
        commit(&store, id, changes).await?;
        let seen = state(&store, id).await?;
        let mut times = vec![seen.account.created_at];
        times.extend(seen.account.email_verified_at);
        times.extend(seen.account.disabled_at);
        times.extend(seen.sessions.iter().flat_map(|s| [s.created_at, s.last_seen_at]));
        times.extend(seen.api_keys.iter().map(|key| key.created_at));
        times.extend(seen.api_keys.iter().flat_map(|key| [key.expires_at, key.last_used_at]).flatten());
        times.extend(trail(&store, account.uid).await?.entries.iter().map(|entry| entry.at));
        same!(times, [time; 9], "times are kept to the millisecond, before 1970 and in the year 9999 too");
    }
    Ok(())
}

pub(crate) async fn the_store_is_ready(store: Store) -> Proven {
    store.ready().await?;
    registered(&store, 1).await?;
    store.ready().await?;
    Ok(())
}
