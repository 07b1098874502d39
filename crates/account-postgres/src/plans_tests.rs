//! Reads the query plan of every statement of this crate. An account check must cost the same with
//! ten million accounts as with ten, so nothing may be read from end to end, or sorted.

use std::collections::HashMap;

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

/// What is read whole or sorted all the same: a part of the statement, what stands in the plan's line, and why.
const JUSTIFIED: &[(&str, &str, &str)] = &[
    ("FROM keyring_check", "keyring_check", "a keyring has a handful of keys"),
    ("ORDER BY 1, 2, 3", "Sort", "the rows of one account, found by their indexes"),
    ("ORDER BY page.at", "Sort", "one page, which has a limit, beside its total"),
    ("ORDER BY n.key", "Sort", "what the caller brought"),
];

/// These read no table, or what the scans below them found.
const NO_TABLE: &[&str] =
    &["Bitmap Heap Scan ", "CTE Scan ", "Function Scan ", "Subquery Scan ", "Values Scan "];

/// A generic plan, as a prepared statement has it, as if the tables were large. They are empty here, and a planner
/// that knows it may read an index whole, or sort. So this is made so expensive that it is taken only where no index
/// spares it.
const SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_bitmapscan = on;
    SET enable_seqscan = off; SET enable_sort = off; SET cpu_index_tuple_cost = 1000";

async fn connect(database: &ScratchDatabase) -> PgConnection {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(SETTINGS).execute(&mut connection).await.unwrap();
    connection
}

/// By the name of each index, the column that it begins with. A condition on others alone reads all of it.
type FirstColumns = HashMap<String, String>;

async fn first_columns(connection: &mut PgConnection) -> FirstColumns {
    let asked = "SELECT indexrelid::regclass::text, quote_ident(attname) FROM pg_index
                   JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]";
    let rows = sqlx::raw_sql(asked).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
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

/// What the node reads is found by a condition on the column that its index begins with. That a column has a value
/// finds nothing.
fn is_look_up(node: &str, conditions: &[String], indexes: &FirstColumns) -> bool {
    let index =
        node.strip_prefix("Bitmap Index Scan on ").or_else(|| node.split_once(" using ").map(|it| it.1));
    let column = index.and_then(|index| indexes.get(index.split(' ').next()?));
    let condition = conditions.iter().find_map(|line| line.strip_prefix("Index Cond: "));
    let (Some(column), Some(condition)) = (column, condition) else { return false };
    condition.split(" AND ").any(|part| {
        let compared = part.trim_start_matches('(').split_once(' ');
        compared.is_some_and(|(name, rest)| name == column && !rest.starts_with("IS NOT NULL"))
    })
}

/// The first node that reads from end to end, or sorts, and is not justified.
fn costly<'p>(plan: &'p [String], indexes: &FirstColumns, statement: &str) -> Option<&'p str> {
    let nodes: Vec<usize> = (0..plan.len()).filter(|&at| at == 0 || plan[at].starts_with("->")).collect();
    let node = |at: usize| plan[at].trim_start_matches("->").trim_start();
    nodes.iter().enumerate().find_map(|(place, &at)| {
        let details = &plan[at + 1..nodes.get(place + 1).copied().unwrap_or(plan.len())];
        let orders = node(at).ends_with("Sort") || node(at).starts_with("HashAggregate");
        let reads = node(at).contains("Scan ") && !NO_TABLE.iter().any(|kind| node(at).starts_with(kind));
        let justified =
            JUSTIFIED.iter().any(|(part, here, _)| statement.contains(part) && node(at).contains(here));
        let costly = (orders || reads && !is_look_up(node(at), details, indexes)) && !justified;
        costly.then(|| node(at))
    })
}

fn assert_indexed(plan: &[String], indexes: &FirstColumns, statement: &str) {
    let costly = costly(plan, indexes, statement);
    assert_eq!(costly, None, " in {statement}\n{}", plan.join("\n"));
}

#[tokio::test]
async fn what_reads_a_table_from_end_to_end_or_sorts_is_noticed() {
    let database = ScratchDatabase::create().await.unwrap();
    let mut connection = connect(&database).await;
    let indexes = first_columns(&mut connection).await;
    for text in [
        "SELECT id FROM account WHERE language = 'en'",
        "SELECT email FROM account ORDER BY id",
        "SELECT count(*) FROM account",
        "SELECT digest FROM recovery_code WHERE code_set = $1",
        "SELECT letter FROM mail WHERE token IS NOT NULL",
        "SELECT letter FROM mail WHERE due_at IS NOT NULL ORDER BY due_at",
        "SELECT id FROM session WHERE account = $1 ORDER BY ip",
        "SELECT event FROM activity WHERE subject = $1 GROUP BY event",
    ] {
        let plan = plan_of_text(&mut connection, text).await;
        assert!(costly(&plan, &indexes, text).is_some(), "{text}\n{}", plan.join("\n"));
    }
}

#[tokio::test]
async fn every_fixed_statement_finds_its_rows_by_an_index() {
    let database = ScratchDatabase::create().await.unwrap();
    let mut connection = connect(&database).await;
    let indexes = first_columns(&mut connection).await;
    for text in ROOMS.iter().copied().flatten() {
        let plan = plan_of_text(&mut connection, text).await;
        assert!(!plan.is_empty(), "{text}");
        assert_indexed(&plan, &indexes, text);
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
        Change::SetDisabled(Some(sample::at(1))),
        Change::SetPassword(sample::password(1)),
        Change::SetPasswordEpoch(account_core::id::PasswordEpoch(1)),
        Change::SetFactorEpoch(account_core::id::FactorEpoch(1)),
        Change::SetTwoFactor(Some(sample::two_factor(1))),
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
    let indexes = first_columns(&mut connection).await;
    let registering = Registering::new(&sample::new_account(1), &[]).unwrap();
    let mut statements = registering.statements().to_vec();
    for changes in changes() {
        let commit =
            Commit { account: AccountId(1), uid: sample::uid(1), expected: Revision::FIRST, changes };
        statements.extend_from_slice(Committing::new(&commit).unwrap().statements());
    }
    for statement in &statements {
        assert_indexed(&plan_of(&mut connection, statement).await, &indexes, statement.text.as_str());
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
        // The one for a single row, and the one for many.
        for statement in &room[..2] {
            let plan = plan_of_text(&mut connection, statement).await;
            assert!(plan.iter().any(|line| line.contains(index)), "{plan:?}");
            assert!(
                plan.iter().any(|line| line.contains("Index Scan using account_pkey on account")),
                "{plan:?}"
            );
            let reads_a_table =
                |line: &&String| line.contains("Scan") && !NO_TABLE.iter().any(|kind| line.contains(kind));
            assert_eq!(plan.iter().filter(reads_a_table).count(), 2, "{plan:?}");
        }
    }
}

#[tokio::test]
async fn the_hot_reads_are_planned_once() {
    let database = ScratchDatabase::create().await.unwrap();
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let (keys, sessions) = (crate::api_key::STATEMENTS, crate::session::STATEMENTS);
    for (statement, parameter) in
        [(keys[0], "text"), (keys[1], "text[]"), (sessions[0], "bytea"), (sessions[1], "bytea[]")]
    {
        let asked = format!("PREPARE asked ({parameter}) AS {statement}");
        sqlx::raw_sql(AssertSqlSafe(asked)).execute(&mut connection).await.unwrap();
        // PostgreSQL makes up its mind after five.
        for _ in 0..12 {
            sqlx::raw_sql("EXECUTE asked('{nobody}')").execute(&mut connection).await.unwrap();
        }
        let counted = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = 'asked'";
        let row = sqlx::query(counted).fetch_one(&mut connection).await.unwrap();
        assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (7, 5), "{statement}");
        sqlx::raw_sql("DEALLOCATE asked").execute(&mut connection).await.unwrap();
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
