//! Making accounts: all or nothing, unique, under numbers that are never given twice.

use account_core::account::Account;
use account_core::email::Email;
use account_core::id::{FactorEpoch, PasswordEpoch, Revision};
use account_core::store::{Change, UniqueKey};

use super::given::{commit, outbox, registered, registered_with, state, trail};
use crate::adapter::Store;
use crate::broken::{Broken, Proven, promise, same, taken};
use crate::sample;

pub(crate) async fn a_registered_account_is_read_back_whole(store: Store) -> Proven {
    for n in 1..=6 {
        let new = sample::new_account(n);
        let id = store.register(&new, &[]).await?;
        let wanted = Account {
            id,
            uid: new.uid,
            revision: Revision::FIRST,
            password_epoch: PasswordEpoch::FIRST,
            factor_epoch: FactorEpoch::FIRST,
            username: new.username.clone(),
            email: new.email.clone(),
            email_verified_at: new.email_verified_at,
            first_name: new.first_name.clone(),
            last_name: new.last_name.clone(),
            language: new.language.clone(),
            admin: new.admin,
            disabled_at: None,
            two_factor: false,
            created_at: new.created_at,
        };
        same!(
            store.account(id).await?.as_ref(),
            Some(&wanted),
            "a registered account is read back as it was given, at the first revision and epochs"
        );
        let whole = state(&store, id).await?;
        same!(whole.account, wanted, "`state` and `account` tell the same");
        same!(whole.password, new.password, "the password's hash is kept as it was given");
        let bare = whole.recovery_codes.is_empty()
            && whole.api_keys.is_empty()
            && whole.ssh_keys.is_empty()
            && whole.sessions.is_empty()
            && whole.pending_sign_ins.is_empty()
            && whole.mail_tokens.is_empty()
            && whole.two_factor.is_none()
            && whole.pending_two_factor.is_none();
        promise!(bare, "nothing hangs on a new account: {whole:?}");
    }
    Ok(())
}

pub(crate) async fn changes_given_with_a_registration_are_applied(store: Store) -> Proven {
    let uid = sample::uid(1);
    let changes = [
        Change::AddApiKey(sample::api_key(1)),
        Change::SetDisabled(Some(sample::at(5))),
        Change::AddMailToken(sample::mail_token(1)),
        Change::Record(sample::activity(1, uid)),
        Change::Send(sample::mail(1, Some(uid))),
    ];
    let id = registered_with(&store, 1, &changes).await?;
    let made = state(&store, id).await?;
    same!(made.account.revision, Revision::FIRST, "registering with changes leaves the first revision");
    same!(made.api_keys, [sample::api_key(1)], "a key is added in the registration");
    same!(
        made.account.disabled_at,
        Some(sample::at(5)),
        "the account's own fields are set in the registration"
    );
    same!(made.mail_tokens, [sample::mail_token(1)], "a mailed token is added in the registration");
    same!(trail(&store, uid).await?.entries, [sample::activity(1, uid)], "the audit entry is written");
    same!(outbox(&store).await?.len(), 1, "the mail is queued");
    Ok(())
}

pub(crate) async fn a_number_is_never_given_twice(store: Store) -> Proven {
    let mut numbers = Vec::new();
    for n in 1..=4 {
        let id = registered(&store, n).await?;
        promise!(!numbers.contains(&id), "account number {id} was given a second time");
        numbers.push(id);
        commit(&store, id, vec![Change::DeleteAccount]).await?;
    }
    let id = registered(&store, 1).await?;
    promise!(
        !numbers.contains(&id),
        "account number {id} was given again after its account was deleted: whoever still holds the number, \
         a session's cache or a backup, would reach somebody else"
    );
    Ok(())
}

pub(crate) async fn an_address_is_taken_in_any_case(store: Store) -> Proven {
    registered(&store, 1).await?;
    let mut other = sample::new_account(2);
    other.email = email("uSER1@EXAMPLE.COM")?;
    taken(
        store.register(&other, &[]).await,
        UniqueKey::Email,
        "an e-mail address is unique by its canonical form: two spellings of one address made two accounts",
    )
}

pub(crate) async fn a_username_is_taken(store: Store) -> Proven {
    registered(&store, 1).await?;
    let mut other = sample::new_account(2);
    other.username = sample::username(1);
    taken(store.register(&other, &[]).await, UniqueKey::Username, "a username has one owner")
}

pub(crate) async fn an_account_uid_is_taken(store: Store) -> Proven {
    registered(&store, 1).await?;
    let mut other = sample::new_account(2);
    other.uid = sample::uid(1);
    taken(store.register(&other, &[]).await, UniqueKey::Secret, "an account's uid has one owner")
}

pub(crate) async fn a_refused_registration_leaves_nothing(store: Store) -> Proven {
    registered(&store, 1).await?;
    let mut other = sample::new_account(2);
    other.email = sample::email(1);
    let changes =
        [Change::Record(sample::activity(2, other.uid)), Change::Send(sample::mail(2, Some(other.uid)))];
    taken(store.register(&other, &changes).await, UniqueKey::Email, "an address has one owner")?;
    let found = store.account_by_login(&sample::login_by_username(2)).await?;
    same!(found, None, "a refused registration must not leave its account");
    same!(trail(&store, other.uid).await?.total, 0, "a refused registration must not leave its audit entry");
    same!(outbox(&store).await?, [], "a refused registration must not leave its mail");
    Ok(())
}

pub(crate) async fn a_change_that_is_taken_refuses_the_registration(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    let changes = [Change::OpenSession(sample::session(2)), Change::AddApiKey(sample::api_key(1))];
    let answer = store.register(&sample::new_account(2), &changes).await;
    taken(answer, UniqueKey::ApiKeyIdentifier, "a change that is taken refuses the whole registration")?;
    let found = store.account_by_login(&sample::login_by_email(2)).await?;
    same!(found, None, "a registration of which one change was refused must not leave its account");
    let session = store.session(&sample::session_token(2)).await?;
    promise!(session.is_none(), "a registration of which one change was refused must not leave a session");
    registered(&store, 2).await?;
    Ok(())
}

pub(crate) async fn names_of_a_deleted_account_are_free(store: Store) -> Proven {
    let id = registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    let again = registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    let found = store.account_by_login(&sample::login_by_email(1)).await?;
    same!(found, Some(again), "the address of a deleted account is free, and leads to its new owner");
    Ok(())
}

pub(crate) async fn similar_addresses_are_different(store: Store) -> Proven {
    let similar = [
        "user@example.com",
        "us.er@example.com",
        "user+1@example.com",
        "user_@example.com",
        "use%@example.com",
    ];
    let mut owners = Vec::new();
    for (typed, n) in similar.iter().zip(1..) {
        let mut account = sample::new_account(n);
        account.email = email(typed)?;
        owners.push((typed, store.register(&account, &[]).await?));
    }
    for (typed, owner) in owners {
        let found = store.account_by_login(&account_core::profile::Login::Email(email(typed)?)).await?;
        same!(found, Some(owner), "addresses are compared as they are, without patterns or folding: {typed}");
    }
    Ok(())
}

fn email(text: &str) -> Result<Email, Broken> {
    Email::parse(text)
        .map_err(|faults| Broken::new(format!("the kit's sample {text} is no address: {faults:?}")))
}
