use data_encoding::BASE64;
use proptest::prelude::*;

use super::wire::{strings, twos_complement};
use super::{Fingerprint, SshKeyName, SshPublicKey};
use crate::field::Fault;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk laptop@example.com";
const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\r\n\
    MCowBQYDK2VwAyEAUW09qZ43pGAcX0FcNukLezrp+OC+25ZhZpBzJlzFsCQ=\r\n-----END PUBLIC KEY-----";
const P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMtAm4W6Iqp8pGrues1bfza\
    aoSrcgNQ8lJ08/bXCxs7a4384Q46UU4l5KQ9C2AfVsGC6Y3wbu9u07vxPmdHdtZU= x";

fn line(blob: &[u8]) -> String {
    let length = usize::from(blob[3]);
    format!("{} {}", std::str::from_utf8(&blob[4..4 + length]).unwrap(), BASE64.encode(blob))
}

fn blob(line: &str) -> Vec<u8> {
    BASE64.decode(line.split(' ').nth(1).unwrap().as_bytes()).unwrap()
}

fn rsa(e: &[u8], n: &[u8]) -> String {
    line(&strings(&[b"ssh-rsa", &twos_complement(e), &twos_complement(n)]))
}

/// An odd number of so many bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut n = vec![0xa5; bits.div_ceil(8)];
    n[0] = 0xff >> ((8 - bits % 8) % 8);
    n
}

fn ed25519_point() -> Vec<u8> {
    let blob = blob(ED25519);
    blob[blob.len() - 32..].to_vec()
}

fn p256_point() -> Vec<u8> {
    let blob = blob(P256);
    blob[blob.len() - 65..].to_vec()
}

fn refusal(text: &str) -> Fault {
    let faults = SshPublicKey::parse(text).expect_err(text);
    assert_eq!(faults.len(), 1);
    faults[0].clone()
}

#[test]
fn the_vectors_of_the_contract_hold() {
    let key = SshPublicKey::parse(ED25519).unwrap();
    assert_eq!(key.fingerprint().to_string(), "SHA256:tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ");
    assert_eq!(key.pkcs8_pem().unwrap(), ED25519_PEM);
    assert_eq!(SshPublicKey::parse(ED25519_PEM).unwrap(), key);
    assert_eq!(SshPublicKey::parse(&ED25519_PEM.replace('\r', "")).unwrap(), key);
    let p256 = SshPublicKey::parse(P256).unwrap();
    assert_eq!(p256.fingerprint().to_string(), "SHA256:LVwM8DZP9+EQWJyOSJxgqNnm9ZDB1PD/FgryDd3Z9Fo");
    assert_eq!(SshPublicKey::parse(&p256.pkcs8_pem().unwrap()).unwrap(), p256);
}

#[test]
fn sec_45_the_comment_is_dropped_and_white_space_around_the_key_too() {
    let key = SshPublicKey::parse(ED25519).unwrap();
    let bare = ED25519.rsplit_once(' ').unwrap().0;
    assert_eq!(key.openssh(), bare);
    for text in [bare, &format!("{bare} a comment  of words"), &format!("  {bare}\r\n"), &format!("{bare} ")]
    {
        assert_eq!(SshPublicKey::parse(text).unwrap(), key, "{text:?}");
    }
    assert_eq!(SshPublicKey::from_stored(bare.to_owned()), Ok(key));
    assert!(SshPublicKey::from_stored(ED25519.to_owned()).is_err());
}

#[test]
fn a_stored_key_is_read_by_its_shape_and_nothing_of_another_shape_is() {
    let unsound = line(&strings(&[b"ssh-ed25519", &[0xff; 32]]));
    assert!(SshPublicKey::parse(&unsound).is_err());
    assert_eq!(SshPublicKey::from_stored(unsound.clone()).unwrap().openssh(), unsound);
    let bare = ED25519.rsplit_once(' ').unwrap().0;
    for malformed in [
        String::new(),
        format!("{bare} "),
        format!("{bare}\n"),
        format!(" {bare}"),
        bare.replacen(' ', "  ", 1),
        bare.replacen("ssh-ed25519", "ssh-rsa", 1),
        bare[..bare.len() - 4].to_owned(),
        line(&strings(&[b"ssh-ed25519", &[1; 31]])),
        line(&strings(&[b"ssh-ed25519", &[1; 32], b""])),
        line(&strings(&[b"ssh-dss", b"1", b"1", b"1", b"1"])),
        line(&strings(&[b"ssh-rsa", &[1, 0, 1], &[0, 0, 1]])),
    ] {
        assert!(SshPublicKey::from_stored(malformed.clone()).is_err(), "{malformed:?}");
    }
}

#[test]
fn sec_45_f_26_other_texts_are_refused() {
    let bare = ED25519.rsplit_once(' ').unwrap().0;
    let base64 = bare.split_once(' ').unwrap().1;
    let bad = [
        "hello world".to_owned(),
        "ssh-ed25519".to_owned(),
        "ssh-ed25519 !!!!".to_owned(),
        "ssh-ed25519 AAAA".to_owned(),
        base64.to_owned(),
        format!("ssh-rsa {base64}"),
        format!("SSH-ED25519 {base64}"),
        bare.replace(' ', "  "),
        bare.replace(' ', "\t"),
        format!("restrict {bare}"),
        format!("command=\"rm -rf /\",no-pty {bare}"),
        format!("from=\"10.0.0.1\" {bare}"),
        format!("{bare} one\n{P256}"),
        format!("{bare} one\r{P256}"),
        format!("{bare} \u{1b}[2Jgone"),
        format!("{bare} a\0b"),
        format!("{bare} a\u{85}b"),
        bare.trim_end_matches(|c| c != 'x').to_owned(),
        format!("{bare}="),
        bare.replace("AAAAC3", "AAAAC4"),
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{base64}\n-----END OPENSSH PRIVATE KEY-----"),
        format!("-----BEGIN RSA PUBLIC KEY-----\n{base64}\n-----END RSA PUBLIC KEY-----"),
        format!("---- BEGIN SSH2 PUBLIC KEY ----\n{base64}\n---- END SSH2 PUBLIC KEY ----"),
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----"),
        format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----"),
        format!("{ED25519_PEM}\r\n{ED25519_PEM}"),
        format!("{ED25519_PEM}\r\ntrailing"),
        ED25519_PEM.replace("UW09", "UW0"),
        "-----BEGIN PUBLIC KEY-----".to_owned(),
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAadCc6bWjQDN0DVJSd5bbiBAwpjJU/lMVT+zAnLtGwT8=\n-----END PUBLIC KEY-----".to_owned(),
    ];
    for text in bad {
        assert_eq!(refusal(&text), Fault::SshKeyInvalid, "{text:?}");
    }
    assert_eq!(refusal(" \n"), Fault::Required);
    assert_eq!(refusal(&format!("{bare} {}", "c".repeat(16 * 1024))), Fault::TooManyBytes(16 * 1024));
}

#[test]
fn sec_45_certificates_and_unknown_types_are_refused() {
    for name in
        ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed448", "ecdsa-sha2-1.3.132.0.10", "rsa-sha2-256", ""]
    {
        let text = line(&strings(&[name.as_bytes(), &ed25519_point()]));
        assert_eq!(refusal(&text), Fault::SshKeyInvalid, "{name}");
    }
}

#[test]
fn dsa_keys_are_refused_by_name() {
    assert_eq!(
        refusal(&line(&strings(&[b"ssh-dss", &[1; 128], &[1; 20], &[1; 128], &[1; 128]]))),
        Fault::SshKeyDsa
    );
    let der = [0x30, 15, 0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1, 3, 2, 0, 1];
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", BASE64.encode(&der));
    assert_eq!(refusal(&pem), Fault::SshKeyDsa);
}

#[test]
fn rsa_keys_have_2048_to_16384_bits() {
    for bits in [2048, 2049, 3072, 4096, 16_384] {
        let key = SshPublicKey::parse(&rsa(&[1, 0, 1], &modulus(bits))).unwrap();
        assert_eq!(SshPublicKey::parse(&key.pkcs8_pem().unwrap()).unwrap(), key);
    }
    for bits in [64, 1024, 2047] {
        assert_eq!(refusal(&rsa(&[1, 0, 1], &modulus(bits))), Fault::SshKeyRsaTooShort, "{bits}");
    }
    assert_eq!(refusal(&rsa(&[1, 0, 1], &modulus(16_385))), Fault::SshKeyInvalid);
}

#[test]
fn rsa_numbers_are_odd_positive_and_in_shortest_form() {
    let mut even = modulus(2048);
    even[255] = 0xa4;
    for (e, n) in
        [(&[1][..], modulus(2048)), (&[2], modulus(2048)), (&[1, 0, 0], modulus(2048)), (&[1, 0, 1], even)]
    {
        assert_eq!(refusal(&rsa(e, &n)), Fault::SshKeyInvalid);
    }
    assert_eq!(refusal(&rsa(&modulus(2048), &modulus(2048))), Fault::SshKeyInvalid);
    assert!(SshPublicKey::parse(&rsa(&[3], &modulus(2048))).is_ok());
    let (n, three) = (twos_complement(&modulus(2048)), [3u8]);
    for (e, n) in [
        (&[0, 3][..], n.clone()),
        (&three, [&[0], n.as_slice()].concat()),
        (&three, modulus(2048)),
        (&[], n.clone()),
        (&[0], n.clone()),
        (&three, Vec::new()),
    ] {
        assert_eq!(refusal(&line(&strings(&[b"ssh-rsa", e, &n]))), Fault::SshKeyInvalid);
    }
}

#[test]
fn ed25519_points_are_whole_and_on_the_curve() {
    let key = |point: &[u8]| line(&strings(&[b"ssh-ed25519", point]));
    let point = ed25519_point();
    assert!(SshPublicKey::parse(&key(&point)).is_ok());
    let off_the_curve = (0..=255u8).find(|low| {
        let point = [&[*low], &point[1..]].concat();
        ed25519_dalek::VerifyingKey::from_bytes(&point.try_into().unwrap()).is_err()
    });
    let off_the_curve = [&[off_the_curve.unwrap()], &point[1..]].concat();
    let neutral = [&[1][..], &[0; 31]].concat();
    let above_the_field = [&[0xf0][..], &[0xff; 30], &[0x7f]].concat();
    for bad in [
        &point[..31],
        &[point.as_slice(), &[0]].concat(),
        &off_the_curve,
        &[0; 32],
        &neutral,
        &above_the_field,
    ] {
        assert_eq!(refusal(&key(bad)), Fault::SshKeyInvalid, "{bad:?}");
    }
    assert_eq!(refusal(&line(&strings(&[b"ssh-ed25519", &point, b"x"]))), Fault::SshKeyInvalid);
}

#[test]
fn curve_points_are_uncompressed_and_on_the_named_curve() {
    let key = |curve: &[u8], point: &[u8]| line(&strings(&[b"ecdsa-sha2-nistp256", curve, point]));
    let point = p256_point();
    assert!(SshPublicKey::parse(&key(b"nistp256", &point)).is_ok());
    let mut off = point.clone();
    off[64] ^= 1;
    let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
    for (curve, bad) in [
        (&b"nistp256"[..], off),
        (b"nistp256", compressed),
        (b"nistp256", vec![0]),
        (b"nistp256", Vec::new()),
        (b"nistp384", point.clone()),
        (b"", point.clone()),
    ] {
        assert_eq!(refusal(&key(curve, &bad)), Fault::SshKeyInvalid);
    }
    let swapped = line(&strings(&[b"ecdsa-sha2-nistp384", b"nistp384", &point]));
    assert_eq!(refusal(&swapped), Fault::SshKeyInvalid);
}

#[test]
fn fido_keys_are_taken_and_have_no_pem() {
    // A key that the panel was asked about.
    let recorded = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=";
    assert_eq!(SshPublicKey::parse(&format!("{recorded} me@host")).unwrap().openssh(), recorded);
    for text in [
        line(&strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point(), b"ssh:"])),
        line(&strings(&[b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", &p256_point(), b"ssh:work"])),
    ] {
        let key = SshPublicKey::parse(&text).unwrap();
        assert_eq!(key.openssh(), text);
        assert_eq!(key.pkcs8_pem(), None);
        assert_eq!(SshPublicKey::from_stored(text.clone()), Ok(key));
    }
    for bad in [
        strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point()]),
        strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point(), b""]),
        strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point(), b"ssh:\n"]),
        strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point(), b"\xff"]),
        strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point(), b"ssh:", b""]),
        strings(&[b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp384", &p256_point(), b"ssh:"]),
    ] {
        assert_eq!(refusal(&line(&bad)), Fault::SshKeyInvalid);
    }
}

#[test]
fn fingerprints_are_read_with_and_without_prefix_and_padding() {
    let text = "SHA256:tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ";
    let fingerprint = SshPublicKey::parse(ED25519).unwrap().fingerprint();
    for text in [text, &text[7..], &format!("{text}="), &format!("{}=", &text[7..]), &format!(" {text}\n")] {
        assert_eq!(Fingerprint::parse(text), Some(fingerprint), "{text:?}");
    }
    for text in [
        "",
        "SHA256:",
        &text[..49],
        &format!("{text}=="),
        &format!("SHA256:{text}"),
        &text.replace("SHA256", "MD5"),
        &text.replace('Q', "R"),
    ] {
        assert_eq!(Fingerprint::parse(text), None, "{text:?}");
    }
    assert_eq!(Fingerprint::from_stored(fingerprint.as_bytes()), Ok(fingerprint));
    assert!(Fingerprint::from_stored(&[0; 31]).is_err());
}

#[test]
fn f_26_key_names_have_1_to_191_characters() {
    assert!(SshKeyName::parse(&"ä".repeat(191)).is_ok());
    assert_eq!(SshKeyName::parse(&"ä".repeat(192)), Err(vec![Fault::TooLong(191)]));
    assert_eq!(SshKeyName::parse(""), Err(vec![Fault::Required]));
    assert_eq!(SshKeyName::parse("a\nb"), Err(vec![Fault::Format]));
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let base64 = BASE64.encode(&bytes);
        for text in [
            text.clone(),
            format!("ssh-rsa {base64}"),
            format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"),
            format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----"),
        ] {
            let _ = SshPublicKey::parse(&text);
            let _ = SshPublicKey::from_stored(text.clone());
            let _ = Fingerprint::parse(&text);
            if let Ok(name) = SshKeyName::parse(&text) {
                prop_assert_eq!(SshKeyName::from_stored(text), Ok(name));
            }
        }
    }

    #[test]
    fn a_damaged_key_is_refused_or_another_key_that_an_independent_parser_takes_too(
        which in 0..4usize, at in any::<prop::sample::Index>(), value in any::<u8>(), cut in any::<bool>(),
    ) {
        let sk = line(&strings(&[b"sk-ssh-ed25519@openssh.com", &ed25519_point(), b"ssh:"]));
        let sources = [ED25519.to_owned(), P256.to_owned(), rsa(&[1, 0, 1], &modulus(2048)), sk];
        let mut damaged = blob(&sources[which]);
        let at = at.index(damaged.len());
        if cut { damaged.truncate(at) } else { damaged[at] = value }
        let algorithm = sources[which].split(' ').next().unwrap();
        let text = format!("{algorithm} {}", BASE64.encode(&damaged));
        if let Ok(key) = SshPublicKey::parse(&text) {
            prop_assert_eq!(key.openssh(), &text);
            prop_assert_eq!(SshPublicKey::from_stored(text.clone()), Ok(key.clone()));
            let other = ssh_key::PublicKey::from_openssh(&text).unwrap();
            let fingerprint = other.fingerprint(ssh_key::HashAlg::Sha256).to_string();
            prop_assert_eq!(key.fingerprint().to_string(), fingerprint);
            if let Some(pem) = key.pkcs8_pem() {
                prop_assert_eq!(SshPublicKey::parse(&pem), Ok(key));
            }
        }
    }

    #[test]
    fn a_damaged_pem_is_refused_or_another_key(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let pem = SshPublicKey::parse(&rsa(&[1, 0, 1], &modulus(2048))).unwrap().pkcs8_pem().unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = BASE64.decode(body.as_bytes()).unwrap();
        let at = at.index(der.len());
        der[at] = value;
        let text = super::pem::encode(&der);
        if let Ok(key) = SshPublicKey::parse(&text) {
            prop_assert_eq!(key.pkcs8_pem(), Some(text));
        }
    }
}
