//! Acceptance, fingerprints and both printed forms agree with the real `ssh-keygen`, for keys of
//! every kind that it can make without a device. Needs OpenSSH's client tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use account_core::field::Fault;
use account_core::ssh_key::SshPublicKey;

fn ssh_keygen(arguments: &[&str]) -> String {
    let output = Command::new("ssh-keygen")
        .args(arguments)
        .output()
        .expect("ssh-keygen is needed for this test: install OpenSSH's client tools");
    assert!(output.status.success(), "ssh-keygen {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Makes a key and answers the path of its public half.
fn generate(folder: &Path, kind: &str, bits: &str) -> PathBuf {
    let path = folder.join(format!("{kind}-{bits}"));
    let file = path.to_str().unwrap();
    ssh_keygen(&["-q", "-t", kind, "-b", bits, "-N", "", "-C", "jane doe@laptop", "-f", file]);
    path.with_extension("pub")
}

fn fingerprint(public: &Path) -> String {
    let listed = ssh_keygen(&["-l", "-E", "sha256", "-f", public.to_str().unwrap()]);
    listed.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn every_kind_that_ssh_keygen_makes_is_taken_with_its_fingerprint_and_its_pem() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, bits) in [
        ("rsa", "2048"),
        ("rsa", "3072"),
        ("rsa", "4096"),
        ("ecdsa", "256"),
        ("ecdsa", "384"),
        ("ecdsa", "521"),
        ("ed25519", "256"),
    ] {
        let public = generate(folder.path(), kind, bits);
        let text = std::fs::read_to_string(&public).unwrap();
        let key = SshPublicKey::parse(&text).unwrap_or_else(|faults| panic!("{kind} {bits}: {faults:?}"));
        assert_eq!(key.openssh(), text.split(' ').take(2).collect::<Vec<_>>().join(" "));
        assert_eq!(key.fingerprint().to_string(), fingerprint(&public), "{kind} {bits}");

        // ssh-keygen writes no PEM for Ed25519.
        if kind != "ed25519" {
            let pem = ssh_keygen(&["-e", "-m", "PKCS8", "-f", public.to_str().unwrap()]);
            assert_eq!(key.pkcs8_pem().unwrap().replace("\r\n", "\n"), pem.trim_end(), "{kind} {bits}");
            assert_eq!(SshPublicKey::parse(&pem), Ok(key));
        }
        let private = std::fs::read_to_string(public.with_extension("")).unwrap();
        assert_eq!(SshPublicKey::parse(&private), Err(vec![Fault::SshKeyInvalid]), "{kind} {bits}");
    }
}

#[test]
fn fido_keys_have_the_fingerprint_that_ssh_keygen_computes() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAkAAAABHNzaDo=",
        "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBMtAm4W6Iqp8pGrues1bfzaaoSrcgNQ8lJ08/bXCxs7a4384Q46UU4l5KQ9C2AfVsGC6Y3wbu9u07vxPmdHdtZUAAAAEc3NoOg==",
    ] {
        let public = folder.path().join("fido.pub");
        std::fs::write(&public, format!("{text} token\n")).unwrap();
        let key = SshPublicKey::parse(text).unwrap();
        assert_eq!(key.openssh(), text);
        assert_eq!(key.fingerprint().to_string(), fingerprint(&public));
    }
}

#[test]
fn certificates_and_short_rsa_keys_that_ssh_keygen_makes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let short = generate(folder.path(), "rsa", "1024");
    let text = std::fs::read_to_string(short).unwrap();
    assert_eq!(SshPublicKey::parse(&text), Err(vec![Fault::SshKeyRsaTooShort]));

    let authority = generate(folder.path(), "ecdsa", "256");
    let public = generate(folder.path(), "ed25519", "256");
    let authority = authority.with_extension("");
    let public_path = public.to_str().unwrap();
    ssh_keygen(&["-q", "-s", authority.to_str().unwrap(), "-I", "jane", "-n", "jane", public_path]);
    let certificate = folder.path().join("ed25519-256-cert.pub");
    let text = std::fs::read_to_string(certificate).unwrap();
    assert!(text.starts_with("ssh-ed25519-cert-v01@openssh.com "));
    assert_eq!(SshPublicKey::parse(&text), Err(vec![Fault::SshKeyInvalid]));
}
