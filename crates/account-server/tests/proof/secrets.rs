//! A run through everything that an account can do, right and wrong, with the log at its most talkative:
//! no secret of it is in the log, in an error, in a list, or in the database (SEC-34, 42, 64).

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::api_client::{Answer, Ask};
use crate::both_databases::{Database, Kind, over_both_databases, wait_for};
use crate::people::{PASSWORD, Person, checkpoint, codes, login, new_password, recover, session_of, text};
use crate::program::Server;
use crate::rounds::proven;
use crate::second_factor_races::mailed_token;
use crate::secrets_used::SecretsUsed;
use crate::turns::beside_others;

over_both_databases![sec_64_no_secret_is_in_the_log_in_an_error_in_a_list_or_in_the_database];

/// A user at work: notes every secret, and what must not hold one.
struct Run<'a> {
    database: &'a Database,
    server: &'a Server,
    used: SecretsUsed,
    /// Bodies of refusals and of lists.
    public: Vec<Vec<u8>>,
}

fn sec_64_no_secret_is_in_the_log_in_an_error_in_a_list_or_in_the_database(kind: Kind) {
    let _turn = beside_others();
    let database = kind.empty();
    let folder = database.mails().display().to_string();
    let settings =
        [("RUST_LOG", "trace"), ("ACCOUNT_LIMITS", "off"), ("ACCOUNT_MAIL_FOLDER", folder.as_str())];
    let person = database.person("ada");
    let server = database.serve_with(&settings);
    let mut run =
        Run { database: &database, server: &server, used: SecretsUsed::default(), public: Vec::new() };
    run.used.note("the password", PASSWORD);
    run.used.note("an API key", &person.token);
    run.used.note("an API key's secret", &person.token[16..]);
    run.keys(&person);
    run.wrong_credentials(&person);
    let password = run.recovery(&person);
    run.two_factor(&person, &password);
    let Run { used, public, .. } = run;
    server.terminate();
    let log = server.log();
    assert!(server.ended().success());

    public.iter().for_each(|body| used.assert_absent("an answer", body));
    assert!(log.contains("DEBUG") && log.lines().count() > 50, "this is no log at trace level: {log}");
    used.assert_absent("the log", log.as_bytes());
    let dump = dump(&database);
    assert!(find_text(&dump, "ada@example.com"), "the dump holds no account");
    used.assert_absent("the database", &dump);
    proven(
        &format!("no secret in the log at trace level, in errors, lists or the database, {}", kind.name()),
        &format!(
            "{} secrets in eight forms, {} lines of log, {} bodies, {} bytes of database",
            used.len(),
            log.lines().count(),
            public.len(),
            dump.len()
        ),
    );
}

impl Run<'_> {
    /// Sends; a refusal and a list may be shown to anybody.
    #[track_caller]
    fn send(&mut self, ask: &Ask, status: u16) -> Answer {
        let answer = self.server.send(ask).expect(status);
        if status >= 400 {
            self.public.push(answer.body.clone());
        }
        answer
    }

    fn lists(&mut self, person: &Person) {
        for path in [
            "",
            "/api-keys",
            "/ssh-keys",
            "/sessions",
            "/activity?per_page=100",
            "/two-factor/recovery-tokens",
        ] {
            let list = self.send(&person.get(path), 200);
            self.public.push(list.body);
        }
    }

    fn keys(&mut self, person: &Person) {
        let made = self.send(&person.post("/api-keys", &json!({"description": "one more"})), 200).json();
        let (id, secret) = (text(&made["attributes"]["identifier"]), text(&made["meta"]["secret_token"]));
        let token = format!("{id}{secret}");
        self.used.note("an API key", &token);
        self.used.note("an API key's secret", &secret);
        self.send(&Ask::get("/api/client/account").bearer(&token), 200);
        let mut wrong = token.clone();
        wrong.replace_range(20..24, "0000");
        self.used.note("a wrong API key's secret", &wrong[16..]);
        self.send(&Ask::get("/api/client/account").bearer(&wrong), 401);
        self.send(&Ask::get(format!("/api/client/account?token={token}")), 401);
        // The path itself is named in the answer and in the log; a secret does not belong there.
        self.send(&Ask::get("/api/client/account").header("Authorization", format!("Basic {token}")), 401);
        self.lists(person);
        self.send(&Ask::new("DELETE", format!("/api/client/account/api-keys/{id}")).bearer(&token), 204);
        self.send(&Ask::get("/api/client/account").bearer(&token), 401);
    }

    fn wrong_credentials(&mut self, person: &Person) {
        let wrong = "geheim und falsch zugleich";
        self.used.note("a wrong password", wrong);
        self.send(&login("ada", wrong), 400);
        // People type a password where the name belongs.
        self.send(&login(wrong, "typed into the other field"), 400);
        self.used.note("a wrong password", "typed into the other field");
        self.send(&person.ask("PUT", "/email", &json!({"email": "x@example.com", "password": wrong})), 400);
        self.send(&person.ask("PUT", "/email", &json!({"email": wrong, "password": PASSWORD})), 422);
        self.send(&person.ask("PUT", "/password", &new_password(wrong, "long enough and new")), 400);
        self.used.note("a refused password", "long enough and new");
        let unlike = json!({"current_password": PASSWORD, "password": "first of two", "password_confirmation": "second of two"});
        self.used.note("a refused password", "first of two");
        self.used.note("a refused password", "second of two");
        self.send(&person.ask("PUT", "/password", &unlike), 422);
        let malformed = Ask::new("PUT", "/api/client/account/password").bearer(&person.token);
        self.send(&malformed.json(&Value::String(wrong.to_owned())), 400);
        self.send(&person.post("/two-factor/disable", &json!({"password": [wrong]})), 400);
        let signed_in = self.send(&login("ada", PASSWORD), 200);
        let session = session_of(&signed_in);
        let token = session.split_once('=').unwrap().1.to_owned();
        self.used.note("a session", &token);
        self.send(&Ask::get("/api/client/account").cookie(&session), 200);
        self.send(&Ask::get("/api/client/account").bearer(&token), 401);
        let foreign = Ask::post("/auth/logout", &json!({})).header("Cookie", session.clone());
        self.send(&foreign.header("Sec-Fetch-Site", "cross-site"), 419);
        self.send(&Ask::post("/auth/logout", &json!({})).cookie(&session), 204);
        self.send(&Ask::get("/api/client/account").cookie(&session), 401);
    }

    /// Answers the new password.
    fn recovery(&mut self, person: &Person) -> String {
        let token = mailed_token(self.server.address, &person.email, &self.database.mails());
        self.used.note("a reset token", &token);
        let new = "chosen after the reset".to_owned();
        self.used.note("the new password", &new);
        let reset = |token: &str| {
            let body =
                json!({"token": token, "email": person.email, "password": new, "password_confirmation": new});
            Ask::post("/auth/password/reset", &body)
        };
        self.send(&reset(&token.chars().rev().collect::<String>()), 400);
        let done = self.send(&reset(&token), 200);
        self.used.note("a session", session_of(&done).split_once('=').unwrap().1);
        self.send(&reset(&token), 400);
        self.send(&login("ada", PASSWORD), 400);
        // A token that waits for its mail is in the database while we look at it.
        let waiting = mailed_token(self.server.address, &person.email, &self.database.mails());
        self.used.note("a reset token", waiting);
        new
    }

    fn two_factor(&mut self, person: &Person, password: &str) {
        let mut authenticator = person.set_up(self.server.address);
        self.used.note("a TOTP secret", &authenticator.secret);
        let code = authenticator.next_code();
        self.used.note("a code", &code);
        let enabling = |code: &str, password: &str| {
            person.post("/two-factor", &json!({"code": code, "password": password}))
        };
        self.send(&enabling(&code, "geheim und falsch zugleich"), 400);
        self.send(&enabling("not a number", password), 422);
        let enabled = self.send(&enabling(&code, password), 200);
        codes(&enabled).into_iter().for_each(|code| self.used.note("a recovery code", code));
        let pending = |run: &mut Self| {
            let answer = run.send(&login("ada", password), 200).json();
            let pending = text(&answer["data"]["confirmation_token"]);
            run.used.note("a confirmation token", &pending);
            pending
        };
        let first = pending(self);
        self.send(&checkpoint(&first, &code), 400);
        let code = authenticator.next_code();
        self.used.note("a code", &code);
        let signed_in = self.send(&checkpoint(&first, &code), 200);
        self.used.note("a session", session_of(&signed_in).split_once('=').unwrap().1);
        let second = pending(self);
        self.send(&recover(&second, "WRONG-WRONG-WRONG"), 400);
        let signed_in = self.send(&recover(&second, &codes(&enabled)[0]), 200);
        self.used.note("a session", session_of(&signed_in).split_once('=').unwrap().1);
        pending(self);
        self.lists(person);
    }
}

/// All that the database holds.
fn dump(database: &Database) -> Vec<u8> {
    match database.kind {
        Kind::Sqlite => {
            let files = std::fs::read_dir(database.folder()).unwrap().flatten();
            let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
            let paths = files.map(|file| file.path()).filter(|path| {
                let name = name(path);
                name.starts_with("account.db") && !name.ends_with(".keyring")
            });
            paths.flat_map(|path| std::fs::read(path).unwrap()).collect()
        }
        Kind::Postgres => wait_for(async {
            let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
            sqlx::raw_sql(DUMP).execute(&mut connection).await.unwrap();
            let rows: Vec<(String,)> = sqlx::query_as("SELECT line FROM pg_temp.dump() AS line")
                .fetch_all(&mut connection)
                .await
                .unwrap();
            rows.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n").into_bytes()
        }),
    }
}

/// Every row of every table as text; bytes become hexadecimal digits.
const DUMP: &str = "
    CREATE FUNCTION pg_temp.dump() RETURNS SETOF text LANGUAGE plpgsql AS $$
    DECLARE one record;
    BEGIN
        FOR one IN SELECT schemaname, tablename FROM pg_tables
                   WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LOOP
            RETURN QUERY EXECUTE format('SELECT row_of::text FROM %I.%I AS row_of', one.schemaname, one.tablename);
        END LOOP;
    END $$";

fn find_text(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}
