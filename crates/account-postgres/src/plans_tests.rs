//! Reads the query plan of every statement of this crate. An account check must cost the same with
//! ten million accounts as with ten, so no table may be read from end to end.
//!
//! Sequential scans are made so expensive that the planner takes one only where no index serves.

use account_core::account::NewAccount;
use account_core::id::{AccountId, Revision};
use account_core::store::{Change, Commit};
use account_testkit::sample;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::commit::{Committing, Registering};
use crate::scratch::ScratchDatabase;
use crate::statement::Statement;

const ROOMS: &[&[&str]] = &[
    crate::account::STATEMENTS,
    crate::account_state::STATEMENTS,
    crate::activity::STATEMENTS,
    crate::api_key::STATEMENTS,
    crate::keyring::STATEMENTS,
    crate::mail::STATEMENTS,
    crate::mail_token::STATEMENTS,
    crate::observation::STATEMENTS,
    crate::pending_sign_in::STATEMENTS,
    crate::purge::STATEMENTS,
    crate::session::STATEMENTS,
    crate::ssh_key::STATEMENTS,
    crate::store::STATEMENTS,
    crate::throttle::STATEMENTS,
];

/// A generic plan, as a prepared statement has it, without scans that an index could spare.
async fn connect(database: &ScratchDatabase) -> PgConnection {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let settings =
        "SET enable_seqscan = off; SET enable_bitmapscan = on; SET plan_cache_mode = force_generic_plan";
    sqlx::raw_sql(settings).execute(&mut connection).await.unwrap();
    connection
}

fn lines(rows: &[PgRow]) -> Vec<String> {
    rows.iter().map(|row| row.get::<String, _>(0).trim().to_owned()).collect()
}

async fn plan_of_text(connection: &mut PgConnection, text: &str) -> Vec<String> {
    let parameters = (1..20).rev().find(|n| text.contains(&format!("${n}"))).unwrap_or(0);
    let nulls = vec!["NULL"; parameters].join(", ");
    let given = if parameters == 0 { String::new() } else { format!("({nulls})") };
    let asked =
        format!("PREPARE asked AS {text}; EXPLAIN (COSTS OFF) EXECUTE asked{given}; DEALLOCATE asked");
    let rows = sqlx::raw_sql(AssertSqlSafe(asked)).fetch_all(connection).await;
    lines(&rows.unwrap_or_else(|error| panic!("{error} in {text}")))
}

async fn plan_of(connection: &mut PgConnection, statement: &Statement) -> Vec<String> {
    let text = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {}", statement.text.as_str()));
    let asked = sqlx::query_with(text, statement.arguments.clone()).persistent(false);
    lines(
        &asked
            .fetch_all(connection)
            .await
            .unwrap_or_else(|error| panic!("{error} in {}", statement.text.as_str())),
    )
}

fn assert_indexed(plan: &[String], statement: &str) {
    for line in plan {
        assert!(!line.contains("Seq Scan"), "{line}\n in {statement}\n{}", plan.join("\n"));
    }
}

#[tokio::test]
async fn every_fixed_statement_finds_its_rows_by_an_index() {
    let database = ScratchDatabase::create().await.unwrap();
    let mut connection = connect(&database).await;
    for text in ROOMS.iter().copied().flatten() {
        let plan = plan_of_text(&mut connection, text).await;
        assert!(!plan.is_empty(), "{text}");
        assert_indexed(&plan, text);
    }
}

/// One of each kind, and two that need several statements.
fn changes() -> Vec<Vec<Change>> {
    let new: NewAccount = sample::new_account(9);
    let (first_name, last_name) = (new.first_name, new.last_name);
    let (token, id) = (sample::mail_token_digest(1), sample::mail_id(1));
    let each = vec![
        Change::SetEmail { email: sample::email(1), verified_at: None },
        Change::SetProfile { username: new.username, first_name, last_name, language: new.language },
        Change::SetPendingTwoFactor(Some(sample::pending_two_factor(1))),
        Change::SetTotpStep(account_core::two_factor::TotpStep(1)),
        Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 10)),
        Change::SpendRecoveryCode { set: sample::recovery_set(1), position: 1 },
        Change::AddApiKey(sample::api_key(1)),
        Change::RemoveApiKey(sample::identifier(1)),
        Change::SetApiKeyMac(sample::identifier(1), sample::mac(1)),
        Change::AddSshKey(sample::ssh_key(1)),
        Change::RemoveSshKey(sample::ssh_key(1).fingerprint()),
        Change::OpenSession(sample::session(1)),
        Change::EndSession(sample::session_id(1)),
        Change::EndSessionsExcept(Some(sample::session_id(1))),
        Change::EndSessionsExcept(None),
        Change::SetSessionMac(sample::session_id(1), sample::mac(1)),
        Change::OpenPendingSignIn(sample::pending_sign_in(1)),
        Change::SetPendingSignInTries(sample::pending_token(1), 1),
        Change::EndPendingSignIn(sample::pending_token(1)),
        Change::EndPendingSignIns,
        Change::AddMailToken(sample::mail_token(1)),
        Change::RemoveMailToken(token),
        Change::RemoveMailTokens,
        Change::Record(sample::activity(1, sample::uid(1))),
        Change::Send(sample::mail(1, None)),
        Change::WithdrawMail(token),
        Change::RemoveMail(id),
        Change::DeleteAccount,
    ];
    let mut lists: Vec<Vec<Change>> = each.into_iter().map(|change| vec![change]).collect();
    lists.push(vec![
        Change::RemoveMailTokens,
        Change::WithdrawMail(token),
        Change::Send(sample::mail(1, None)),
    ]);
    lists.push(vec![
        Change::SetAdmin(true),
        Change::SetAdmin(false),
        Change::DeleteAccount,
        Change::RemoveMail(id),
    ]);
    lists
}

#[tokio::test]
async fn every_commit_finds_its_rows_by_an_index() {
    let database = ScratchDatabase::create().await.unwrap();
    let mut connection = connect(&database).await;
    let registering = Registering::new(&sample::new_account(1), &[]).unwrap();
    let mut statements = registering.statements().to_vec();
    for changes in changes() {
        let commit =
            Commit { account: AccountId(1), uid: sample::uid(1), expected: Revision::FIRST, changes };
        statements.extend_from_slice(Committing::new(&commit).unwrap().statements());
    }
    for statement in &statements {
        assert_indexed(&plan_of(&mut connection, statement).await, statement.text.as_str());
    }
}

#[tokio::test]
async fn the_hot_reads_are_two_point_look_ups() {
    let database = ScratchDatabase::create().await.unwrap();
    let mut connection = connect(&database).await;
    for (room, index) in [
        (crate::api_key::STATEMENTS, "Index Scan using api_key_by_identifier on api_key"),
        (crate::session::STATEMENTS, "Index Scan using session_by_token on session"),
    ] {
        let plan = plan_of_text(&mut connection, room[0]).await;
        assert!(plan.iter().any(|line| line.contains(index)), "{plan:?}");
        assert!(
            plan.iter().any(|line| line.contains("Index Scan using account_pkey on account")),
            "{plan:?}"
        );
        assert_eq!(plan.iter().filter(|line| line.contains("Scan")).count(), 2, "{plan:?}");
    }
}

#[test]
fn common_commits_are_one_statement() {
    let uid = sample::uid(1);
    let record = || Change::Record(sample::activity(1, uid));
    let (digest, mail) = (sample::mail_token_digest(1), || Change::Send(sample::mail(1, Some(uid))));
    for (changes, expected) in [
        (vec![], 1),
        (vec![Change::AddApiKey(sample::api_key(1)), record(), mail()], 1),
        (vec![Change::RemoveApiKey(sample::identifier(1)), record()], 1),
        (vec![Change::AddSshKey(sample::ssh_key(1)), record()], 1),
        (
            vec![
                Change::OpenSession(sample::session(1)),
                Change::EndPendingSignIn(sample::pending_token(1)),
                record(),
                record(),
            ],
            1,
        ),
        (vec![record(), Change::DeleteAccount], 1),
        (
            vec![
                Change::SetPassword(sample::password(1)),
                Change::RemoveMailTokens,
                Change::EndSessionsExcept(None),
                record(),
                mail(),
            ],
            1,
        ),
        (
            vec![
                Change::WithdrawMail(digest),
                Change::RemoveMailTokens,
                Change::AddMailToken(sample::mail_token(1)),
                mail(),
            ],
            2,
        ),
        (
            vec![
                Change::EndSession(sample::session_id(1)),
                Change::OpenSession(sample::session(2)),
                record(),
            ],
            2,
        ),
    ] {
        let commit = Commit { account: AccountId(1), uid, expected: Revision::FIRST, changes };
        let statements = Committing::new(&commit).unwrap().statements().len();
        assert_eq!(statements, expected, "{:?}", commit.changes);
    }
}
