//! The computation itself: blocking, pure, one hash at a time.

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::phc::{self, Argon2Hash, Stored};
use super::{Argon2Params, HashRequest, HasherError, UnfitParams, VerifyRequest};
use crate::password::PasswordHash;
use crate::ports::keyring::Pepper;

/// Argon2's working memory, kept from one hash to the next: nobody waits for 19 MiB of fresh pages.
#[derive(Default)]
pub struct HashingMemory(Vec<Block>);

/// Computes and checks hashes, on the caller's thread. [`HashingThreads`](super::HashingThreads)
/// gives it threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Argon2Kernel {
    params: Argon2Params,
}

impl Argon2Kernel {
    /// A kernel that makes hashes with `params`.
    ///
    /// # Errors
    /// [`UnfitParams`] if they are too weak or too dear to be used (SEC-06, SEC-07).
    pub fn new(params: Argon2Params) -> Result<Self, UnfitParams> {
        params.check()?;
        Ok(Self { params })
    }

    /// A kernel that protects nothing and takes no time, for tests. Never for a stored password
    /// that anybody uses.
    pub fn weak_for_tests() -> Self {
        Self { params: Argon2Params { memory_kib: 8, iterations: 1, parallelism: 1 } }
    }

    /// The parameters of new hashes.
    pub fn params(&self) -> Argon2Params {
        self.params
    }

    /// Hashes a password for storage.
    ///
    /// # Errors
    /// [`HasherError::Failed`] if there is no memory for it.
    pub fn hash(
        &self,
        request: &HashRequest,
        memory: &mut HashingMemory,
    ) -> Result<PasswordHash, HasherError> {
        let HashRequest { password, account, salt, pepper } = request;
        let hash = Argon2Hash {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: self.params,
            key: Some(pepper.name().clone()),
            salt: salt.to_vec(),
            output: vec![0; 32],
        };
        let output = compute(&hash, password, Some(pepper), account, memory)?;
        Ok(phc::print(&self.params, pepper.name(), salt, &output))
    }

    /// Whether the password is the one that was hashed, in whatever accepted form it is stored. An
    /// imported bcrypt hash sees 72 bytes of a password, as it did where it was made.
    ///
    /// # Errors
    /// [`HasherError::Malformed`] if the hash cannot be read, [`HasherError::UnknownPepper`] if the
    /// request does not bring its pepper, [`HasherError::Failed`] if there is no memory for it.
    pub fn verify(&self, request: &VerifyRequest, memory: &mut HashingMemory) -> Result<bool, HasherError> {
        let VerifyRequest { password, hash: text, account, pepper } = request;
        let Some(password) = password else { return Ok(false) };
        match phc::parse(text.as_str()).map_err(|_| HasherError::Malformed)? {
            Stored::Bcrypt => bcrypt::verify(&**password, text.as_str()).map_err(|_| HasherError::Malformed),
            Stored::Argon2(hash) => {
                let pepper = fitting(&hash, pepper.as_ref())?;
                let output = compute(&hash, password, pepper, account, memory)?;
                memory.keep(self.params.memory_kib);
                Ok(output.ct_eq(&hash.output).into())
            }
        }
    }
}

fn fitting<'a>(hash: &Argon2Hash, pepper: Option<&'a Pepper>) -> Result<Option<&'a Pepper>, HasherError> {
    match &hash.key {
        None => Ok(None),
        Some(name) => match pepper.filter(|pepper| pepper.name() == name) {
            Some(pepper) => Ok(Some(pepper)),
            None => Err(HasherError::UnknownPepper(name.clone())),
        },
    }
}

/// The output for `password` with the costs, salt and length of `hash`. A pepper comes together
/// with the account's uid as associated data.
fn compute(
    hash: &Argon2Hash,
    password: &[u8],
    pepper: Option<&Pepper>,
    account: &[u8; 16],
    memory: &mut HashingMemory,
) -> Result<Zeroizing<Vec<u8>>, HasherError> {
    let mut params = ParamsBuilder::new();
    params
        .m_cost(hash.params.memory_kib)
        .t_cost(hash.params.iterations)
        .p_cost(hash.params.parallelism)
        .output_len(hash.output.len());
    if pepper.is_some() {
        params.data(AssociatedData::new(account).map_err(|_| HasherError::Failed)?);
    }
    let params = params.build().map_err(|_| HasherError::Failed)?;
    let blocks = memory.blocks(params.block_count())?;
    let argon2 = match pepper {
        None => Argon2::new(hash.algorithm, hash.version, params),
        Some(pepper) => Argon2::new_with_secret(pepper.secret(), hash.algorithm, hash.version, params)
            .map_err(|_| HasherError::Failed)?,
    };
    let mut output = Zeroizing::new(vec![0; hash.output.len()]);
    argon2
        .hash_password_into_with_memory(password, &hash.salt, &mut output, blocks)
        .map_err(|_| HasherError::Failed)?;
    Ok(output)
}

impl HashingMemory {
    fn blocks(&mut self, count: usize) -> Result<&mut [Block], HasherError> {
        let missing = count.saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).map_err(|_| HasherError::Failed)?;
        self.0.resize(count.max(self.0.len()), Block::new());
        self.0.get_mut(..count).ok_or(HasherError::Failed)
    }

    /// Gives back what only a dearer imported hash needed.
    fn keep(&mut self, kib: u32) {
        let count = usize::try_from(kib).unwrap_or(usize::MAX);
        if self.0.len() > count {
            self.0.truncate(count);
            self.0.shrink_to_fit();
        }
    }
}
