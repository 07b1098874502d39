//! Reads the query plan of every statement of this crate. An account check must cost the same with
//! ten million accounts as with ten, so nothing may be read from end to end, or sorted.

use rusqlite::Connection;

use crate::schema::migrate;

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
    crate::readers::OF_THE_HELD_READ,
    crate::readers::STATEMENTS,
    crate::recovery_code::STATEMENTS,
    crate::session::STATEMENTS,
    crate::ssh_key::STATEMENTS,
    crate::store::STATEMENTS,
    crate::throttle::STATEMENTS,
    crate::two_factor::STATEMENTS,
    crate::writer::STATEMENTS,
];

/// Whole tables that stay small: a keyring has a handful of keys, a filter a handful of events.
const SMALL: &[&str] = &["SCAN keyring_check", "SCAN json_each VIRTUAL TABLE INDEX 1:"];

fn plan(connection: &Connection, statement: &str) -> Vec<String> {
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect(statement);
    let lines = plan.raw_query().mapped(|row| row.get("detail"));
    lines.collect::<Result<_, _>>().expect(statement)
}

#[test]
fn every_statement_finds_its_rows_by_an_index_and_sorts_nothing() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    for statement in ROOMS.iter().copied().flatten() {
        for line in plan(&connection, statement) {
            let costly = line.contains("SCAN") || line.contains("TEMP B-TREE");
            assert!(!costly || SMALL.contains(&line.as_str()), "{line}\n in {statement}");
        }
    }
}

#[test]
fn the_hot_reads_are_two_point_look_ups() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    for (statement, index) in [
        (crate::api_key::STATEMENTS[0], "SEARCH api_key USING INTEGER PRIMARY KEY (rowid=?)"),
        (crate::api_key::STATEMENTS[1], "SEARCH api_key USING INDEX api_key_by_identifier (identifier=?)"),
        (crate::session::STATEMENTS[0], "SEARCH session USING INDEX session_by_token (token=?)"),
    ] {
        let plan = plan(&connection, statement);
        assert_eq!(plan, [index, "SEARCH account USING INTEGER PRIMARY KEY (rowid=?)"]);
    }
}

#[test]
fn totals_of_the_trail_are_counted_inside_an_index() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    let totals = crate::activity::STATEMENTS.iter().filter(|statement| statement.contains("count(*)"));
    for statement in totals {
        let plan = plan(&connection, statement);
        assert_eq!(plan[0], "SEARCH activity USING COVERING INDEX activity_by_subject (subject=?)");
    }
}

#[test]
fn what_is_unique_is_named_as_the_contract_names_it() {
    use account_core::store::{StoreError, UniqueKey};

    use crate::failure::Failure;

    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    let add = |uid: u8, name: &str, email: &str| {
        let uid = [uid; 16];
        let added = connection.execute(
            "INSERT INTO account (uid, revision, password_epoch, factor_epoch, username, email, email_canonical,
                                  language, admin, password, created_at)
             VALUES (?1, 1, 1, 1, ?2, ?3, ?3, 'en', 0, '$', 0)",
            (uid, name, email),
        );
        added.map_err(Failure::from)
    };
    add(1, "one", "one@example.com").unwrap();
    for (uid, name, email, expected) in [
        (1, "two", "two@example.com", UniqueKey::Secret),
        (2, "one", "two@example.com", UniqueKey::Username),
        (2, "two", "one@example.com", UniqueKey::Email),
        // Both are taken, and one answer is given in all stores.
        (2, "one", "one@example.com", UniqueKey::Email),
    ] {
        let refused = add(uid, name, email);
        let Err(Failure::Verdict(StoreError::Taken(key))) = refused else { panic!("{refused:?}") };
        assert_eq!(key, expected);
    }
}
