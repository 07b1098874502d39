//! A proxy that pools transactions, at its most hostile: with each transaction's end all that the
//! session had is gone, as if the next one ran elsewhere, and what a session sets when it starts is
//! refused or forgotten.

use std::sync::Arc;
use std::time::Duration;

use account_core::ports::throttle::{Budget, Refill, Throttle as _, Verdict};
use account_core::store::{
    AccountRepository as _, AccountStore as _, ApiKeyRepository as _, Change, StoreError,
};
use account_postgres::scratch::ScratchDatabase;
use account_postgres::{PostgresOptions, PostgresStore};
use account_testkit::sample;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::fixture::{beside, change, commit_to, register, run};
use crate::wire::with_place;

/// What the proxy does with settings of a session that starts.
#[derive(Clone, Copy)]
enum Options {
    Refused,
    Forgotten,
}

async fn proxy(database: &ScratchDatabase, options: Options) -> String {
    let url = database.url();
    let (scheme, after) = url.split_once("://").unwrap();
    let (place, name) = after.split_once('/').unwrap();
    let (user, server) = place.rsplit_once('@').unwrap_or(("", place));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    let server: Arc<str> = server.into();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&*server).await.unwrap();
            tokio::spawn(carry(client, server, options));
        }
    });
    with_place(scheme, user, here, name)
}

async fn carry(mut client: TcpStream, mut server: TcpStream, options: Options) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let length = client.read_u32().await?;
    let mut start = vec![0; usize::try_from(length).unwrap() - 4];
    client.read_exact(&mut start).await?;
    let (start, refused) = taken_and_refused(&start);
    if let (Options::Refused, Some(name)) = (options, refused) {
        let mut fields = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: ".to_vec();
        fields.extend([&name[..], b"\0\0"].concat());
        return send(&mut client, b'E', &fields).await;
    }
    server.write_u32(u32::try_from(start.len() + 4).unwrap()).await?;
    server.write_all(&start).await?;
    let (mut asked, mut first) = (vec![0; 65_536], [0]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read? {
                0 => return Ok(()),
                some => server.write_all(&asked[..some]).await?,
            },
            ready = server.peek(&mut first) => {
                if ready? == 0 {
                    return Ok(());
                }
                let (kind, body) = receive(&mut server).await?;
                if kind == b'Z' && body == b"I" {
                    forget(&mut server).await?;
                }
                send(&mut client, kind, &body).await?;
            }
        }
    }
}

/// Prepared statements, settings, locks.
async fn forget(server: &mut TcpStream) -> std::io::Result<()> {
    send(server, b'Q', b"DISCARD ALL\0").await?;
    while receive(server).await?.0 != b'Z' {}
    Ok(())
}

async fn receive(from: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let kind = from.read_u8().await?;
    let mut body = vec![0; usize::try_from(from.read_u32().await?).unwrap() - 4];
    from.read_exact(&mut body).await?;
    Ok((kind, body))
}

async fn send(to: &mut TcpStream, kind: u8, body: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    to.write_all(&[&[kind][..], &length, body].concat()).await
}

/// What PgBouncer lets a session set when it starts, unless its configuration says otherwise.
const TAKEN: [&[u8]; 7] = [
    b"user",
    b"database",
    b"client_encoding",
    b"datestyle",
    b"timezone",
    b"standard_conforming_strings",
    b"application_name",
];

/// The start-up message with the parameters that a proxy takes, and the first that it does not.
fn taken_and_refused(start: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let (version, parameters) = start.split_at(4);
    let words: Vec<&[u8]> = parameters.split(|byte| *byte == 0).collect();
    let pairs = words.chunks_exact(2).filter(|pair| !pair[0].is_empty());
    let (taken, others): (Vec<_>, Vec<_>) =
        pairs.partition(|pair| TAKEN.contains(&&pair[0].to_ascii_lowercase()[..]));
    let mut message = version.to_vec();
    for pair in taken {
        message.extend([pair[0], b"\0", pair[1], b"\0"].concat());
    }
    message.push(0);
    (message, others.first().map(|pair| pair[0].to_vec()))
}

async fn through(database: &ScratchDatabase, options: Options) -> PostgresStore {
    PostgresStore::connect(&proxy(database, options).await, PostgresOptions::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooling_proxy_is_noticed_and_everything_works_through_it() {
    for options in [Options::Refused, Options::Forgotten] {
        // Migrations too.
        let database = ScratchDatabase::empty().await.unwrap();
        let store = through(&database, options).await;
        assert!(format!("{store:?}").contains("Pooled"), "{store:?}");
        let account = register(&store, 1).await;
        for round in 0..3 {
            let added = vec![
                Change::AddApiKey(sample::api_key(round)),
                Change::Record(sample::activity(round, account.uid)),
            ];
            change(&store, account.id, added).await.unwrap();
            let twice = vec![
                Change::OpenSession(sample::session(round)),
                Change::EndSession(sample::session_id(round)),
            ];
            change(&store, account.id, twice).await.unwrap();
            assert!(store.api_key(&sample::identifier(round)).await.unwrap().is_some());
        }
        assert!(matches!(store.commit(&commit_to(&account, vec![])).await, Err(StoreError::Stale)));
        assert_eq!(store.state(account.id).await.unwrap().unwrap().api_keys.len(), 3);
        let (limit, per) = (1, Duration::from_secs(60));
        let budget = Budget { key: sample::throttle_key(1), limit, per, refill: Refill::AllAtOnce };
        assert_eq!(store.take(&[budget], sample::NOON).await.unwrap(), Verdict::Taken);
        assert!(matches!(store.take(&[budget], sample::NOON).await.unwrap(), Verdict::Wait(_)));
        store.ready().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_05_limits_hold_through_a_pooling_proxy() {
    let database = ScratchDatabase::create().await.unwrap();
    let store = through(&database, Options::Forgotten).await;
    let account = register(&store, 1).await;
    let mut beside = beside(&database).await;
    run(&mut beside, "BEGIN; UPDATE account SET admin = admin").await;
    let begun = Instant::now();
    let outcome = store.commit(&commit_to(&account, vec![Change::SetAdmin(true)])).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert!((1.8..4.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
    run(&mut beside, "ROLLBACK").await;
    store.commit(&commit_to(&account, vec![Change::SetAdmin(true)])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_requests_that_go_away_leave_no_transaction_behind_a_proxy() {
    let database = ScratchDatabase::create().await.unwrap();
    let url = proxy(&database, Options::Refused).await;
    let store = PostgresStore::connect(&url, PostgresOptions::new().max_connections(1)).await.unwrap();
    let account = register(&store, 1).await;
    for millis in [0, 1, 1, 2, 2, 3, 3, 4, 5, 6] {
        let limit = Duration::from_millis(millis);
        let _ = tokio::time::timeout(limit, store.state(account.id)).await;
        let _ = tokio::time::timeout(limit, store.commit(&commit_to(&account, vec![]))).await;
        assert!(store.account(account.id).await.unwrap().is_some());
    }
    let open = "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let open: i64 = sqlx::query_scalar(open).fetch_one(&mut beside(&database).await).await.unwrap();
    assert_eq!(open, 0);
}
