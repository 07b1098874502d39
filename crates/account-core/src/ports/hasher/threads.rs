//! The production default of the port: a few threads, each with its own memory, behind a bounded
//! queue. Overload is an answer, never a pile of 19 MiB blocks and never a blocked executor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, io};

use async_trait::async_trait;
use futures_channel::oneshot;

use super::queue::{BUSY, Job, Queue, now};
use super::{
    Argon2Kernel, Argon2Params, HashRequest, HasherError, HashingMemory, PasswordHasher, VerifyRequest,
};
use crate::password::PasswordHash;

/// How many hash at once, how many may wait, and for how long (REL-12).
#[derive(Clone)]
pub struct HashingOptions {
    /// Threads, and thus hashes at once; at least one.
    pub threads: usize,
    /// Requests that may wait; one more is refused at once.
    pub queue: usize,
    /// What has waited as long is refused then, not later and not hashed: its client has given up. What
    /// would have to wait longer, by what the last hashes took, is refused at once.
    pub max_wait: Duration,
    /// Called on each thread when it starts, for instance to lower its priority.
    pub on_thread_start: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for HashingOptions {
    /// As many threads as cores but at most four, 64 waiting, two seconds.
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        Self { threads, queue: 64, max_wait: Duration::from_secs(2), on_thread_start: None }
    }
}

impl fmt::Debug for HashingOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashingOptions")
            .field("threads", &self.threads)
            .field("queue", &self.queue)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}

/// A [`PasswordHasher`] on threads of its own, and one more that only watches the time, so that a
/// refusal comes in time even while those that hash get no processor. Dropping it finishes what runs, refuses what waits,
/// and joins the threads.
///
/// ```
/// use account_core::ports::hasher::{Argon2Kernel, HashingOptions, HashingThreads};
/// let hasher = HashingThreads::start(Argon2Kernel::default(), HashingOptions::default())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct HashingThreads {
    params: Argon2Params,
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

/// What a thread computes with.
pub(super) trait Compute: Send + Sync {
    fn hash(&self, request: &HashRequest, memory: &mut HashingMemory) -> Result<PasswordHash, HasherError>;
    fn verify(&self, request: &VerifyRequest, memory: &mut HashingMemory) -> Result<bool, HasherError>;
}

impl Compute for Argon2Kernel {
    fn hash(&self, request: &HashRequest, memory: &mut HashingMemory) -> Result<PasswordHash, HasherError> {
        self.hash(request, memory)
    }

    fn verify(&self, request: &VerifyRequest, memory: &mut HashingMemory) -> Result<bool, HasherError> {
        self.verify(request, memory)
    }
}

impl HashingThreads {
    /// Starts the threads.
    ///
    /// # Errors
    /// What the operating system says if it grants no thread.
    pub fn start(kernel: Argon2Kernel, options: HashingOptions) -> io::Result<Self> {
        Self::start_with(Arc::new(kernel), kernel.params(), options)
    }

    pub(super) fn start_with(
        compute: Arc<dyn Compute>,
        params: Argon2Params,
        options: HashingOptions,
    ) -> io::Result<Self> {
        let threads = options.threads.max(1);
        let queue = Arc::new(Queue::new(options.queue, threads, options.max_wait));
        let mut hasher = Self { params, queue, threads: Vec::new() };
        let timed = Arc::clone(&hasher.queue);
        hasher.spawn("password-queue", move || timed.keep_time())?;
        for _ in 0..threads {
            let (queue, compute) = (Arc::clone(&hasher.queue), Arc::clone(&compute));
            let on_start = options.on_thread_start.clone();
            let body = move || {
                if let Some(on_start) = on_start {
                    // A hook that panics leaves the thread as it was.
                    let _ = catch_unwind(AssertUnwindSafe(|| on_start()));
                }
                work(&queue, &*compute);
            };
            hasher.spawn("password-hash", body)?;
        }
        Ok(hasher)
    }

    fn spawn(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(thread::Builder::new().name(name.into()).spawn(body)?);
        Ok(())
    }
}

fn work(queue: &Queue, compute: &dyn Compute) {
    let mut memory = HashingMemory::default();
    while let Some(job) = queue.next() {
        let begun = now();
        // Whoever asked may have gone meanwhile: then nobody takes the answer.
        match job {
            Job::Hash(request, answer) => {
                drop(answer.send(guarded(&mut memory, |memory| compute.hash(&request, memory))));
            }
            Job::Verify(request, answer) => {
                drop(answer.send(guarded(&mut memory, |memory| compute.verify(&request, memory))));
            }
        }
        queue.note(now().duration_since(begun));
    }
}

/// Runs one job. A panic is its failure, not the thread's; the memory it left is not used again.
fn guarded<T>(
    memory: &mut HashingMemory,
    job: impl FnOnce(&mut HashingMemory) -> Result<T, HasherError>,
) -> Result<T, HasherError> {
    catch_unwind(AssertUnwindSafe(|| job(memory))).unwrap_or_else(|_| {
        *memory = HashingMemory::default();
        Err(HasherError::Failed)
    })
}

#[async_trait]
impl PasswordHasher for HashingThreads {
    fn params(&self) -> Argon2Params {
        self.params
    }

    async fn hash(&self, request: HashRequest) -> Result<PasswordHash, HasherError> {
        let (answer, outcome) = oneshot::channel();
        self.queue.push(Job::Hash(request, answer))?;
        outcome.await.unwrap_or(Err(BUSY))
    }

    async fn verify(&self, request: VerifyRequest) -> Result<bool, HasherError> {
        if request.password.is_none() {
            return Ok(false);
        }
        let (answer, outcome) = oneshot::channel();
        self.queue.push(Job::Verify(request, answer))?;
        outcome.await.unwrap_or(Err(BUSY))
    }
}

impl Drop for HashingThreads {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A thread cannot wait for itself; it ends when it has finished this job.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl fmt::Debug for HashingThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashingThreads").field("params", &self.params).finish_non_exhaustive()
    }
}
