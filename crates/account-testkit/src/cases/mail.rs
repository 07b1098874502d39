//! Mailed tokens, and the outbox.

use account_core::id::{AccountUid, MailId};
use account_core::mail::{MailToken, QueuedMail};
use account_core::store::{Change, UniqueKey};

use super::given::{commit, outbox, registered, registered_with, state, try_commit};
use crate::adapter::Store;
use crate::broken::{Broken, Proven, promise, same, taken};
use crate::sample;
use crate::sample::at;

fn names(mails: &[QueuedMail]) -> Vec<MailId> {
    mails.iter().map(|mail| mail.id).collect()
}

async fn queued(store: &Store, numbers: &[u64], account: Option<AccountUid>) -> Result<(), Broken> {
    for n in numbers {
        store.queue_mail(&sample::mail(*n, account)).await?;
    }
    Ok(())
}

pub(crate) async fn a_mailed_token_leads_to_its_account(store: Store) -> Proven {
    let tokens = [1, 2].map(|n| Change::AddMailToken(sample::mail_token(n)));
    let id = registered_with(&store, 1, &tokens).await?;
    registered(&store, 2).await?;
    for n in [1, 2] {
        let found = store.account_by_mail_token(&sample::mail_token_digest(n)).await?;
        same!(found, Some(id), "a mailed token leads to its account");
    }
    let kept = state(&store, id).await?.mail_tokens;
    same!(
        kept,
        [1, 2].map(sample::mail_token),
        "mailed tokens are read back as they were given, whatever they are for"
    );
    Ok(())
}

pub(crate) async fn mailed_tokens_come_oldest_first_and_go(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let made = |n: u64, millis: u64| MailToken { created_at: at(millis), ..sample::mail_token(n) };
    for token in [made(5, 50), made(3, 50), made(9, 10)] {
        commit(&store, id, vec![Change::AddMailToken(token)]).await?;
    }
    let order: Vec<_> = state(&store, id).await?.mail_tokens.iter().map(|token| token.token).collect();
    same!(
        order,
        [9, 5, 3].map(sample::mail_token_digest),
        "mailed tokens come oldest first, then as they were added"
    );
    commit(&store, id, vec![Change::RemoveMailToken(sample::mail_token_digest(5))]).await?;
    let removed = store.account_by_mail_token(&sample::mail_token_digest(5)).await?;
    same!(removed, None, "a token that was taken away leads nowhere");
    commit(&store, id, vec![Change::RemoveMailTokens]).await?;
    same!(state(&store, id).await?.mail_tokens, [], "all mailed tokens are taken away at once");
    Ok(())
}

pub(crate) async fn a_mailed_token_has_one_owner(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::AddMailToken(sample::mail_token(1))]).await?;
    let id = registered(&store, 2).await?;
    let answer = try_commit(&store, id, vec![Change::AddMailToken(sample::mail_token(1))]).await?;
    taken(answer, UniqueKey::Secret, "a mailed token has one owner")
}

pub(crate) async fn queued_mail_is_read_back_whole(store: Store) -> Proven {
    let uid = sample::uid(1);
    let token = QueuedMail { token: Some(sample::mail_token_digest(2)), ..sample::mail(2, None) };
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::Send(sample::mail(1, Some(uid)))]).await?;
    store.queue_mail(&token).await?;
    let claimed = store.claim_mail(at(10), at(99), 10).await?;
    let taken = |mail: QueuedMail| QueuedMail { attempts: 1, due_at: at(99), ..mail };
    same!(
        claimed,
        [taken(sample::mail(1, Some(uid))), taken(token)],
        "mail is given as it was queued, with its attempts raised by one, and due again when the lease is over"
    );
    Ok(())
}

pub(crate) async fn mail_is_given_when_it_is_due_and_not_before(store: Store) -> Proven {
    queued(&store, &[100], None).await?;
    same!(store.claim_mail(at(99), at(500), 10).await?, [], "mail is not given before it is due");
    same!(
        names(&store.claim_mail(at(100), at(500), 10).await?),
        [sample::mail_id(100)],
        "mail is given once it is due"
    );
    Ok(())
}

pub(crate) async fn mail_is_given_earliest_first_and_at_most_so_many(store: Store) -> Proven {
    queued(&store, &[30, 10, 20, 40], None).await?;
    let first = store.claim_mail(at(100), at(500), 3).await?;
    same!(
        names(&first),
        [10, 20, 30].map(sample::mail_id),
        "of the mail that is due, the earliest is given first"
    );
    same!(names(&store.claim_mail(at(100), at(500), 3).await?), [sample::mail_id(40)], "then the rest");
    Ok(())
}

pub(crate) async fn claimed_mail_is_leased(store: Store) -> Proven {
    queued(&store, &[1], None).await?;
    store.claim_mail(at(1), at(50), 10).await?;
    same!(store.claim_mail(at(49), at(90), 10).await?, [], "mail that one worker has is given to no other");
    let again = store.claim_mail(at(50), at(90), 10).await?;
    same!(
        names(&again),
        [sample::mail_id(1)],
        "when the lease is over, mail is given again: its worker may have died"
    );
    same!(again.first().map(|mail| mail.attempts), Some(2), "each lease counts as an attempt");
    Ok(())
}

pub(crate) async fn delivered_mail_is_gone(store: Store) -> Proven {
    queued(&store, &[1, 2], None).await?;
    store.remove_mail(sample::mail_id(1)).await?;
    store.remove_mail(sample::mail_id(9)).await?;
    same!(
        names(&outbox(&store).await?),
        [sample::mail_id(2)],
        "a mail that was taken away is gone, and no other"
    );
    Ok(())
}

pub(crate) async fn postponed_mail_is_due_later(store: Store) -> Proven {
    queued(&store, &[1], None).await?;
    store.claim_mail(at(1), at(50), 10).await?;
    store.postpone_mail(sample::mail_id(1), at(80)).await?;
    store.postpone_mail(sample::mail_id(9), at(80)).await?;
    same!(
        store.claim_mail(at(79), at(200), 10).await?,
        [],
        "postponed mail is not given before its new time"
    );
    let given = store.claim_mail(at(80), at(200), 10).await?;
    same!(names(&given), [sample::mail_id(1)], "postponed mail is given at its new time");
    same!(given.first().map(|mail| mail.attempts), Some(2), "postponing keeps the count of attempts");
    Ok(())
}

pub(crate) async fn mail_is_withdrawn_with_its_token(store: Store) -> Proven {
    let uid = sample::uid(1);
    let id = registered(&store, 1).await?;
    let carrying = |n: u64, token: u64| QueuedMail {
        token: Some(sample::mail_token_digest(token)),
        ..sample::mail(n, Some(uid))
    };
    for mail in [carrying(1, 7), carrying(2, 8), sample::mail(3, Some(uid))] {
        store.queue_mail(&mail).await?;
    }
    commit(&store, id, vec![Change::WithdrawMail(sample::mail_token_digest(7))]).await?;
    let left = names(&outbox(&store).await?);
    same!(left, [2, 3].map(sample::mail_id), "mail that carries a withdrawn token is gone, and no other");
    Ok(())
}

pub(crate) async fn one_mail_is_taken_away_in_a_commit(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    queued(&store, &[1, 2], None).await?;
    commit(&store, id, vec![Change::RemoveMail(sample::mail_id(1))]).await?;
    same!(names(&outbox(&store).await?), [sample::mail_id(2)], "the mail named is gone, and no other");
    Ok(())
}

pub(crate) async fn mail_of_nobody_is_kept(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    queued(&store, &[1], None).await?;
    queued(&store, &[2], Some(sample::uid(404))).await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    let left = outbox(&store).await?;
    same!(
        names(&left),
        [1, 2].map(sample::mail_id),
        "mail for an address that may be nobody's needs no account"
    );
    promise!(left.first().is_some_and(|mail| mail.account.is_none()), "mail of nobody stays nobody's");
    Ok(())
}
