use proptest::prelude::*;

use super::*;

/// Made by the reference implementation in C, with the secret `0x42` × 32 and the associated data
/// `0x07` × 16.
const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1,keyid=b25l,data=dWlk\
    $AAECAwQFBgcICQoLDA0ODw$dMkOxVvsaS7hk7SajCtcZcy3y05c/vEBKisP4Stfsuo";

/// Made by other programs from `correct horse`.
const IMPORTED: [&str; 5] = [
    "$argon2id$v=19$m=64,t=2,p=2$wkKXHwn9B7It53hqMwcxWw$HEQlKBeIEEOxNyKlsi4bfWhkk12GFBqshvuWDSWN+vM",
    "$argon2i$v=16$m=64,t=2,p=1$c29tZXNhbHQ$VAqdkApx3AhiPRSTfpL/UVT4CtcTp+/C",
    "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHQ$PAArZvJcLI1we2P9iopEhaGJWQ3H6FiI+Ec7nAZw0iU",
    "$2b$04$mPvGm0vp6SguCkNSLJVxNO/Dzo1kH9E8HvsTBvj0iIDLLl8hFQNcC",
    "$2y$04$wJ.Hu8XOGTyyBa0BdNtGq.cyIYSVyGi/QLzaSjJ8dlhcjLTkHCaxm",
];

fn stored(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned()).unwrap()
}

fn verify(
    password: &str,
    hash: &PasswordHash,
    account: [u8; 16],
    ring: &Keyring,
) -> Result<bool, HasherError> {
    let request = VerifyRequest::new(&typed(password), hash, account, ring)?;
    Argon2Kernel::weak_for_tests().verify(&request, &mut HashingMemory::default())
}

fn weak_hash(password: &str, ring: &Keyring) -> PasswordHash {
    let request = hash_request(password, ring.pepper());
    Argon2Kernel::weak_for_tests().hash(&request, &mut HashingMemory::default()).unwrap()
}

#[test]
fn sec_06_a_new_hash_is_the_reference_implementations() {
    let pepper = Pepper::new(KeyName::parse("one").unwrap(), [0x42; 32]);
    let salt: [u8; 16] = std::array::from_fn(|index| index as u8);
    let request = HashRequest::new(&new_password("correct horse"), ACCOUNT, salt, pepper);
    let hash = Argon2Kernel::default().hash(&request, &mut HashingMemory::default()).unwrap();
    assert_eq!(hash.as_str(), REFERENCE);
}

#[test]
fn sec_06_parameters_below_the_floor_make_no_kernel() {
    let with = |memory_kib, iterations, parallelism| {
        Argon2Kernel::new(Argon2Params { memory_kib, iterations, parallelism }).is_ok()
    };
    assert!(with(19_456, 2, 1) && with(47_104, 1, 1) && with(7_168, 5, 1) && with(262_144, 16, 8));
    assert!(!with(19_455, 2, 1) && !with(19_456, 1, 1) && !with(47_103, 1, 1) && !with(7_167, 16, 1));
    assert!(!with(262_145, 2, 1) && !with(19_456, 17, 1) && !with(19_456, 2, 9) && !with(19_456, 0, 1));
    assert!(!with(19_456, 2, 0));
}

#[test]
fn imported_hashes_verify_as_they_are_and_are_due_for_a_new_one() {
    let ring = ring(&[ONE]);
    for text in IMPORTED {
        let hash = stored(text);
        assert_eq!(verify("correct horse", &hash, ACCOUNT, &ring), Ok(true), "{text}");
        assert_eq!(verify("correct horsf", &hash, ACCOUNT, &ring), Ok(false), "{text}");
        assert!(hash.needs_rehash(&Argon2Params::default(), ring.current()), "{text}");
        assert_eq!(hash.pepper_name(), Ok(None));
    }
}

#[test]
fn sec_08_a_hash_is_out_of_date_when_its_parameters_or_its_pepper_are() {
    let (one, both) = (ring(&[ONE]), ring(&[TWO, ONE]));
    let current = stored(REFERENCE);
    assert!(!current.needs_rehash(&Argon2Params::default(), one.current()));
    assert!(current.needs_rehash(&Argon2Params::default(), both.current()));
    assert!(current.needs_rehash(&Argon2Params::hardened(), one.current()));
    let lower = Argon2Params { memory_kib: 12_288, iterations: 2, parallelism: 1 };
    assert!(!current.needs_rehash(&lower, one.current()), "a stronger hash stays");
}

#[test]
fn sec_09_a_hash_verifies_while_its_pepper_is_in_the_ring_and_never_without() {
    let (old, both, new) = (ring(&[ONE]), ring(&[TWO, ONE]), ring(&[TWO]));
    let hash = weak_hash("correct horse", &old);
    assert_eq!(verify("correct horse", &hash, ACCOUNT, &both), Ok(true));
    let missing = HasherError::UnknownPepper(KeyName::parse("one").unwrap());
    assert_eq!(verify("correct horse", &hash, ACCOUNT, &new), Err(missing.clone()));
    assert_eq!(weak_hash("correct horse", &both).pepper_name(), Ok(Some(both.current().clone())));

    let mut request = VerifyRequest::new(&typed("correct horse"), &hash, ACCOUNT, &both).unwrap();
    let mut verified = |pepper| {
        request.pepper = pepper;
        Argon2Kernel::weak_for_tests().verify(&request, &mut HashingMemory::default())
    };
    assert_eq!(verified(None), Err(missing.clone()));
    assert_eq!(verified(Some(both.pepper())), Err(missing));
    let impostor = Pepper::new(KeyName::parse("one").unwrap(), [1; 32]);
    assert_eq!(verified(Some(impostor)), Ok(false));
}

#[test]
fn a_hash_copied_to_another_account_fits_nobody() {
    let ring = ring(&[ONE]);
    let hash = weak_hash("correct horse", &ring);
    assert_eq!(verify("correct horse", &hash, ACCOUNT, &ring), Ok(true));
    assert_eq!(verify("correct horse", &hash, [8; 16], &ring), Ok(false));
}

#[test]
fn sec_04_both_unicode_forms_sign_in_and_a_dropped_accent_does_not() {
    let ring = ring(&[ONE]);
    let hash = weak_hash("caf\u{e9}-au-lait", &ring);
    assert_eq!(verify("cafe\u{301}-au-lait", &hash, ACCOUNT, &ring), Ok(true));
    assert_eq!(verify("cafe-au-lait", &hash, ACCOUNT, &ring), Ok(false));
}

#[test]
fn used_memory_gives_the_hashes_of_fresh_memory() {
    let (ring, kernel, mut used) = (ring(&[ONE]), Argon2Kernel::weak_for_tests(), HashingMemory::default());
    let request = hash_request("correct horse", ring.pepper());
    let fresh = kernel.hash(&request, &mut HashingMemory::default()).unwrap();
    for text in IMPORTED {
        let other = VerifyRequest::new(&typed("correct horse"), &stored(text), ACCOUNT, &ring).unwrap();
        assert_eq!(kernel.verify(&other, &mut used), Ok(true));
        assert_eq!(kernel.hash(&request, &mut used).unwrap(), fresh);
    }
}

#[test]
fn f_20_the_dummy_costs_as_much_as_a_real_hash_and_fits_no_password() {
    let ring = ring(&[ONE]);
    let kernel = Argon2Kernel::weak_for_tests();
    let dummy = kernel.params().dummy_hash(ring.current());
    assert!(!dummy.needs_rehash(&kernel.params(), ring.current()));
    for password in ["", "correct horse", "no account, salt"] {
        assert_eq!(verify(password, &dummy, ACCOUNT, &ring), Ok(false));
    }
}

#[test]
fn sec_08_a_verified_password_can_be_hashed_anew_whatever_the_policy_is_now() {
    let ring = ring(&[ONE]);
    let request = HashRequest::rehash(&typed("short"), ACCOUNT, [9; 16], ring.pepper()).unwrap();
    let hash = Argon2Kernel::weak_for_tests().hash(&request, &mut HashingMemory::default()).unwrap();
    assert_eq!(verify("short", &hash, ACCOUNT, &ring), Ok(true));
    assert!(HashRequest::rehash(&typed(&"x".repeat(2000)), ACCOUNT, [9; 16], ring.pepper()).is_none());
}

proptest! {
    #[test]
    fn sec_03_no_prefix_and_no_extension_of_a_password_verifies(
        password in "\\PC{8,120}|[a-z]{8,256}", cut in any::<prop::sample::Index>(), tail in "\\PC{1,4}|\0",
    ) {
        let ring = ring(&[ONE]);
        let hash = weak_hash(&password, &ring);
        prop_assert_eq!(verify(&password, &hash, ACCOUNT, &ring), Ok(true));
        let letters: Vec<char> = password.chars().collect();
        let prefix: String = letters[..cut.index(letters.len())].iter().collect();
        for other in [prefix, format!("{password}{tail}"), format!(" {password}"), format!("{password} ")] {
            prop_assert_eq!(verify(&other, &hash, ACCOUNT, &ring), Ok(false));
        }
    }
}
