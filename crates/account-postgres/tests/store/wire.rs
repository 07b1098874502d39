//! A wire to the database that can be cut, stopped, and made to swallow answers.

use std::net::SocketAddr;
use std::sync::Arc;

use account_postgres::scratch::ScratchDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Bytes pass.
    Open,
    /// Connections end, and new ones are closed at once.
    Cut,
    /// Connections stand, and nothing passes.
    Dead,
    /// Bytes pass where they did before; on new connections nothing does.
    TakingNoMore,
    /// Questions pass; with the first answer the connection ends, and the answer is lost.
    LosingAnswers,
}

pub(crate) struct Wire {
    mode: watch::Sender<Mode>,
    url: String,
}

impl Wire {
    /// To the server of this database.
    pub(crate) async fn to(database: &ScratchDatabase) -> Self {
        let url = database.url();
        let (before, after) = url.split_once("://").unwrap();
        let (place, name) = after.split_once('/').unwrap();
        let (user, server) = place.rsplit_once('@').unwrap_or(("", place));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (mode, watched) = watch::channel(Mode::Open);
        let server: Arc<str> = server.into();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, Arc::clone(&server), watched.clone()));
            }
        });
        Self { mode, url: with_place(before, user, here, name) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

pub(crate) fn with_place(scheme: &str, user: &str, place: SocketAddr, name: &str) -> String {
    let at = if user.is_empty() { "" } else { "@" };
    let separator = if name.contains('?') { '&' } else { '?' };
    format!("{scheme}://{user}{at}{place}/{name}{separator}sslmode=disable")
}

async fn carry(mut client: TcpStream, server: Arc<str>, mut mode: watch::Receiver<Mode>) {
    if *mode.borrow() == Mode::Cut {
        return;
    }
    if *mode.borrow() == Mode::TakingNoMore && mode.wait_for(|now| *now != Mode::TakingNoMore).await.is_err()
    {
        return;
    }
    let mut server = TcpStream::connect(&*server).await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Cut => return,
            Mode::Dead => {
                if mode.changed().await.is_err() {
                    return;
                }
                continue;
            }
            Mode::Open | Mode::TakingNoMore | Mode::LosingAnswers => {}
        }
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return },
            read = client.read(&mut asked) => match read {
                Ok(some @ 1..) => if server.write_all(&asked[..some]).await.is_err() { return },
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(some @ 1..) if now != Mode::LosingAnswers => {
                    if client.write_all(&answered[..some]).await.is_err() { return }
                }
                _ => return,
            },
        }
    }
}
