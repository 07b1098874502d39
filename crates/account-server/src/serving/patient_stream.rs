//! A socket that does not wait for ever: it gives up on a head that does not come to its end, on an idle
//! connection, and on a client that takes no answer (REL-11). Bodies have their own limit elsewhere.
//!
//! A timer is armed only while there is something to wait for, and is not touched by a request that
//! arrives in one piece: the usual request costs no timer at all.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::framing::FramingWatch;
use super::limits::ServingLimits;
use super::phase::{ConnectionPhase, Phase};

/// Room for a usual request, once a connection.
const PIECE: usize = 2 * 1024;

/// The socket of one connection.
pub(crate) struct PatientStream {
    socket: TcpStream,
    piece: Box<[u8; PIECE]>,
    phase: Arc<ConnectionPhase>,
    framing: FramingWatch,
    reading: Deadline,
    writing: Deadline,
    head: Duration,
    idle: Duration,
    write: Duration,
}

impl PatientStream {
    pub(crate) fn new(socket: TcpStream, phase: Arc<ConnectionPhase>, limits: &ServingLimits) -> Self {
        Self {
            socket,
            piece: Box::new([0; PIECE]),
            phase,
            framing: FramingWatch::default(),
            reading: Deadline::default(),
            writing: Deadline::default(),
            head: limits.head,
            idle: limits.idle,
            write: limits.write,
        }
    }

    fn arrived(&mut self, length: usize) {
        self.reading.forget_idle();
        if self.phase.now() == Phase::Idle {
            self.phase.enter(Phase::Head);
        }
        self.framing.see(self.piece.get(..length).unwrap_or_default());
        if let Some(number) = self.framing.first_ambiguous() {
            self.phase.note_ambiguous(number);
        }
    }

    /// Nothing to read: how long may that go on?
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.phase.now() {
            Phase::Idle => self.reading.poll(Wait::Idle, self.idle, cx),
            Phase::Head => self.reading.poll(Wait::Head, self.head, cx),
            Phase::Busy => {
                self.reading.forget();
                Poll::Pending
            }
        }
    }
}

/// What a deadline was set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Idle,
    Head,
    Write,
}

/// A time by which something must have happened. Setting it later than an armed timer costs nothing: the
/// timer then wakes once too early, and is armed again.
#[derive(Default)]
struct Deadline {
    waiting: Option<(Wait, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn forget(&mut self) {
        self.waiting = None;
    }

    /// A head's time goes on when more of it arrives; idleness ends with the first byte.
    fn forget_idle(&mut self) {
        self.waiting = self.waiting.filter(|(wait, _)| *wait != Wait::Idle);
    }

    fn poll(&mut self, wait: Wait, patience: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let due = match self.waiting {
            Some((same, due)) if same == wait => due,
            _ => {
                let due = Instant::now() + patience;
                self.waiting = Some((wait, due));
                due
            }
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    }
}

fn too_slow<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client was too slow")))
}

impl Read for PatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // The cursor shows no bytes once they are filled, so they pass through a buffer of our own.
        let this = &mut *self;
        let room = buffer.remaining().min(PIECE);
        let mut read = ReadBuf::new(this.piece.get_mut(..room).unwrap_or_default());
        let polled = Pin::new(&mut this.socket).poll_read(cx, &mut read);
        let length = read.filled().len();
        match polled {
            Poll::Ready(Ok(())) => {
                this.arrived(length);
                buffer.put_slice(this.piece.get(..length).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => match this.poll_patience(cx) {
                Poll::Ready(()) => too_slow(),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl Write for PatientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
        self.written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl PatientStream {
    fn written(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.forget();
            return written;
        }
        match self.writing.poll(Wait::Write, self.write, cx) {
            Poll::Ready(()) => too_slow(),
            Poll::Pending => Poll::Pending,
        }
    }
}
