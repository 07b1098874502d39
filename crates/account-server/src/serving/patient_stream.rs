//! A socket that does not wait for ever: it gives up on a head that does not come to its end, on an idle
//! connection, and on a client that takes no answer (REL-11). Bodies have their own limit elsewhere. It
//! closes in a way that leaves a client that is still sending the answer to read.
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

use super::answering::Answering;
use super::framing::FramingWatch;
use super::parser_refusal::{in_bytes, refusal_in};
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
    answering: Arc<Answering>,
    /// What is sent in the place of the parser's own refusal, and how much of it was.
    refusal: Option<(Vec<u8>, usize)>,
}

impl PatientStream {
    pub(crate) fn new(socket: TcpStream, phase: Arc<ConnectionPhase>, answering: Arc<Answering>) -> Self {
        Self {
            socket,
            piece: Box::new([0; PIECE]),
            phase,
            framing: FramingWatch::default(),
            reading: Deadline::default(),
            writing: Deadline::default(),
            answering,
            refusal: None,
        }
    }

    fn arrived(&mut self, length: usize) {
        if self.phase.now() == Phase::Idle {
            // Also what was set for the head before: one that is answered at once is not waited after.
            self.reading.forget();
            self.phase.enter(Phase::Head);
        }
        self.framing.see(self.piece.get(..length).unwrap_or_default());
        if let Some(number) = self.framing.first_ambiguous() {
            self.phase.note_ambiguous(number);
        }
    }

    /// Nothing to read: how long may that go on?
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limits = &self.answering.limits;
        match self.phase.now() {
            Phase::Idle => self.reading.poll(Wait::Idle, limits.idle, cx),
            Phase::Head => self.reading.poll(Wait::Head, limits.head, cx),
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
    Close,
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
        if self.refuses(bytes) {
            return self.poll_refusal(bytes.len(), cx);
        }
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if pieces.first().is_some_and(|first| self.refuses(first)) {
            return self.poll_refusal(pieces.iter().map(|piece| piece.len()).sum(), cx);
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
        self.written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// A connection that is closed while its client is still sending is reset, and the answer may be lost
    /// with it (RFC 9112 section 9.6): what is on its way is taken first, for a while.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
        if this.refusal.is_none() && this.framing.is_between_requests() {
            return Poll::Ready(Ok(()));
        }
        let patience = this.answering.limits.farewell;
        while this.reading.poll(Wait::Close, patience, cx).is_pending() {
            let mut passed_over = ReadBuf::new(&mut this.piece[..]);
            let read = ready!(Pin::new(&mut this.socket).poll_read(cx, &mut passed_over));
            if read.is_err() || passed_over.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl PatientStream {
    /// Whether this is the parser's own refusal, which is sent in our words.
    fn refuses(&mut self, answer: &[u8]) -> bool {
        if self.refusal.is_none()
            && let Some(refusal) = refusal_in(answer)
        {
            self.refusal = Some((in_bytes(self.answering.unparsed(refusal)), 0));
        }
        self.refusal.is_some()
    }

    /// Sends our words, and says that the `length` bytes they stand for were sent.
    fn poll_refusal(&mut self, length: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((refusal, sent)) = &mut self.refusal
            && *sent < refusal.len()
        {
            let rest = refusal.get(*sent..).unwrap_or_default();
            let written = Pin::new(&mut self.socket).poll_write(cx, rest);
            if let Poll::Ready(Ok(more)) = written {
                *sent = sent.saturating_add(more);
            }
            let more = ready!(self.written(written, cx))?;
            if more == 0 {
                return Poll::Ready(Ok(0));
            }
        }
        Poll::Ready(Ok(length))
    }

    fn written(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.forget();
            return written;
        }
        match self.writing.poll(Wait::Write, self.answering.limits.write, cx) {
            Poll::Ready(()) => too_slow(),
            Poll::Pending => Poll::Pending,
        }
    }
}
