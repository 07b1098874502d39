use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use futures_channel::oneshot;

use super::super::queue::{Job, Queue};
use super::super::threads::Compute;
use super::*;

/// Computes nothing: says that it began, then waits for leave to end.
struct Gated {
    began: Mutex<Sender<()>>,
    leave: Mutex<Receiver<()>>,
    running: AtomicUsize,
    most: AtomicUsize,
    done: AtomicUsize,
}

impl Gated {
    fn new() -> (Arc<Self>, Receiver<()>, Sender<()>) {
        let ((began, begun), (go, leave)) = (channel(), channel());
        let [running, most, done] = [(); 3].map(|()| AtomicUsize::new(0));
        (
            Arc::new(Self { began: Mutex::new(began), leave: Mutex::new(leave), running, most, done }),
            begun,
            go,
        )
    }
}

impl Compute for Gated {
    fn hash(&self, request: &HashRequest, memory: &mut HashingMemory) -> Result<PasswordHash, HasherError> {
        Argon2Kernel::weak_for_tests().hash(request, memory)
    }

    fn verify(&self, _: &VerifyRequest, _: &mut HashingMemory) -> Result<bool, HasherError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.began.lock().unwrap().send(()).unwrap();
        let _ = self.leave.lock().unwrap().recv();
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }
}

/// Panics when asked to verify.
struct Fragile;

impl Compute for Fragile {
    fn hash(&self, request: &HashRequest, memory: &mut HashingMemory) -> Result<PasswordHash, HasherError> {
        Argon2Kernel::weak_for_tests().hash(request, memory)
    }

    fn verify(&self, _: &VerifyRequest, _: &mut HashingMemory) -> Result<bool, HasherError> {
        panic!("a fault of the hasher")
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn finished<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park(),
        }
    }
}

/// A request that was made and looked at once: it is queued now, or answered.
struct Asked<'a> {
    verdict: Pin<Box<dyn Future<Output = Result<bool, HasherError>> + Send + 'a>>,
    first: Poll<Result<bool, HasherError>>,
}

impl Asked<'_> {
    fn answer(self) -> Result<bool, HasherError> {
        match self.first {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => finished(self.verdict),
        }
    }
}

fn verify_request() -> VerifyRequest {
    let ring = ring(&[ONE]);
    let hash = Argon2Params::default().dummy_hash(ring.current());
    VerifyRequest::new(&typed("correct horse"), &hash, ACCOUNT, &ring).unwrap()
}

fn asked(hasher: &HashingThreads) -> Asked<'_> {
    let mut verdict = hasher.verify(verify_request());
    let first = verdict.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    Asked { verdict, first }
}

fn started(compute: Arc<dyn Compute>, threads: usize, queue: usize) -> HashingThreads {
    let options =
        HashingOptions { threads, queue, max_wait: Duration::from_secs(600), on_thread_start: None };
    HashingThreads::start_with(compute, Argon2Params::default(), options).unwrap()
}

const BUSY: HasherError = HasherError::Busy { retry_after: Duration::from_secs(1) };

#[test]
fn rel_12_never_more_hashes_run_at_once_than_configured() {
    let (gated, begun, go) = Gated::new();
    let hasher = started(gated.clone(), 3, 64);
    let verdicts: Vec<_> = (0..40).map(|_| asked(&hasher)).collect();
    for _ in 0..3 {
        begun.recv().unwrap();
    }
    assert!(begun.try_recv().is_err(), "a fourth one began");
    for _ in 0..40 {
        go.send(()).unwrap();
    }
    assert!(verdicts.into_iter().all(|asked| asked.answer() == Ok(true)));
    assert_eq!(gated.most.load(Ordering::SeqCst), 3);
}

#[test]
fn rel_12_a_full_queue_refuses_at_once_and_serves_on() {
    let (gated, begun, go) = Gated::new();
    let hasher = started(gated, 1, 2);
    let running = asked(&hasher);
    begun.recv().unwrap();
    let waiting = [asked(&hasher), asked(&hasher)];
    assert_eq!(asked(&hasher).first, Poll::Ready(Err(BUSY)));
    (0..4).for_each(|_| go.send(()).unwrap());
    assert_eq!(running.answer(), Ok(true));
    assert!(waiting.into_iter().all(|asked| asked.answer() == Ok(true)));
    assert_eq!(asked(&hasher).answer(), Ok(true));
}

#[test]
fn rel_12_a_departed_client_keeps_its_thread_and_frees_its_place_in_the_queue() {
    let (gated, begun, go) = Gated::new();
    let hasher = started(gated.clone(), 1, 1);
    let first = asked(&hasher);
    begun.recv().unwrap();
    drop(first);
    drop(asked(&hasher));
    let third = asked(&hasher);
    assert!(third.first.is_pending(), "its place was free");
    assert_eq!(gated.running.load(Ordering::SeqCst), 1, "the first one still runs");
    (0..2).for_each(|_| go.send(()).unwrap());
    assert_eq!(third.answer(), Ok(true));
    assert_eq!(gated.done.load(Ordering::SeqCst), 2, "the second one was skipped");
}

#[test]
fn rel_12_what_waited_too_long_is_refused_instead_of_hashed() {
    let (gated, ..) = Gated::new();
    let options = HashingOptions { threads: 1, queue: 8, max_wait: Duration::ZERO, on_thread_start: None };
    let hasher = HashingThreads::start_with(gated, Argon2Params::default(), options).unwrap();
    assert_eq!(asked(&hasher).answer(), Err(BUSY));
}

#[test]
fn rel_12_what_waits_is_refused_in_time_while_no_thread_gets_anywhere() {
    let (gated, begun, go) = Gated::new();
    let max_wait = Duration::from_millis(50);
    let options = HashingOptions { threads: 1, queue: 8, max_wait, on_thread_start: None };
    let hasher = HashingThreads::start_with(gated.clone(), Argon2Params::default(), options).unwrap();
    for _ in 0..2 {
        let running = asked(&hasher);
        begun.recv().unwrap();
        // The thread is given no leave until both have their answer.
        let waiting = [asked(&hasher), asked(&hasher)];
        assert!(waiting.into_iter().all(|asked| asked.answer() == Err(BUSY)));
        go.send(()).unwrap();
        assert_eq!(running.answer(), Ok(true), "what runs is not cut off");
    }
    assert_eq!(gated.done.load(Ordering::SeqCst), 2, "no thread hashed what was refused");
}

#[test]
fn rel_12_what_would_wait_too_long_is_refused_at_once_and_told_when_to_come_back() {
    let (queue, job) = (Queue::new(64, 2, Duration::from_secs(2)), || {
        let (answer, outcome) = oneshot::channel();
        (Job::Verify(verify_request(), answer), outcome)
    });
    (0..64).for_each(|_| queue.note(Duration::from_secs(3)));
    let mut waiting = Vec::new();
    let refused = loop {
        let (job, outcome) = job();
        match queue.push(job) {
            Ok(()) => waiting.push(outcome),
            Err(error) => break error,
        }
    };
    assert_eq!(waiting.len(), 2, "one and a half seconds to wait are allowed, three are not");
    let HasherError::Busy { retry_after } = refused else { panic!("{refused:?}") };
    assert_eq!(retry_after.as_millis() / 100, 29, "until what waits is done: {retry_after:?}");
    drop(waiting);
    let (job, _outcome) = job();
    assert_eq!(queue.push(job), Ok(()), "nobody waits for the others any more");
}

#[test]
fn a_panic_is_the_failure_of_one_request_and_not_of_the_thread() {
    let hasher = started(Arc::new(Fragile), 1, 8);
    for _ in 0..3 {
        assert_eq!(asked(&hasher).answer(), Err(HasherError::Failed));
        let ring = ring(&[ONE]);
        assert!(finished(hasher.hash(hash_request("correct horse", ring.pepper()))).is_ok());
    }
}

#[test]
fn dropping_the_hasher_ends_its_threads_after_what_runs() {
    let (gated, begun, go) = Gated::new();
    let hasher = started(gated.clone(), 2, 8);
    let running = [asked(&hasher), asked(&hasher)];
    (0..2).for_each(|_| begun.recv().unwrap());
    drop(running);
    drop(asked(&hasher));
    let dropped = thread::spawn(move || drop(hasher));
    (0..2).for_each(|_| go.send(()).unwrap());
    dropped.join().unwrap();
    assert_eq!(gated.done.load(Ordering::SeqCst), 2);
    assert_eq!(Arc::strong_count(&gated), 1, "no thread holds it any more");
}

#[test]
fn each_thread_starts_with_the_hook_and_survives_its_panic() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let hook = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        panic!("no right to lower the priority");
    };
    let options = HashingOptions {
        threads: 3,
        on_thread_start: Some(Arc::new(hook)),
        max_wait: Duration::from_secs(600),
        ..HashingOptions::default()
    };
    let hasher = HashingThreads::start(Argon2Kernel::weak_for_tests(), options).unwrap();
    let ring = ring(&[ONE]);
    let hash = finished(hasher.hash(hash_request("correct horse", ring.pepper()))).unwrap();
    let request = VerifyRequest::new(&typed("correct horse"), &hash, ACCOUNT, &ring).unwrap();
    assert_eq!(finished(hasher.verify(request)), Ok(true));
    drop(hasher);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn sec_01_a_text_too_long_for_a_password_is_wrong_without_being_queued() {
    let (gated, ..) = Gated::new();
    let hasher = started(gated, 1, 0);
    assert_eq!(asked(&hasher).first, Poll::Ready(Err(BUSY)));
    let request = VerifyRequest { password: None, ..verify_request() };
    assert_eq!(finished(hasher.verify(request)), Ok(false));
}
