//! The workspace as the facts see it: its files, and what cargo says of its crates. Files are those
//! that git would take (or, without git, all but build output), so that what lies around unnoticed
//! on a developer's machine breaks no fact.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// One text file: its path from the root, with forward slashes, and what it holds.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// Every file's path from the root.
pub(crate) fn files() -> Vec<String> {
    let mut files = from_git().unwrap_or_else(|| {
        let mut found = Vec::new();
        walk(&root(), "", &mut found);
        found
    });
    files.retain(|file| root().join(file).is_file());
    files.sort();
    assert!(files.len() > 20, "only {} files were found", files.len());
    files
}

/// Every file whose path passes, with its text; what is not UTF-8 is left out.
pub(crate) fn sources(wanted: impl Fn(&str) -> bool) -> Vec<Source> {
    let chosen = files().into_iter().filter(|path| wanted(path));
    chosen
        .filter_map(|path| Some(Source { text: fs::read_to_string(root().join(&path)).ok()?, path }))
        .collect()
}

fn from_git() -> Option<Vec<String>> {
    let listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").arg("-C").arg(root()).args(listing).output().ok()?;
    let listed = String::from_utf8(output.stdout).ok()?;
    let files: Vec<String> = listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !files.is_empty()).then_some(files)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let name = entry.file_name().into_string().expect("a UTF-8 name");
        let path = format!("{prefix}{name}");
        match entry.path().is_dir() {
            true if name == "target" || name == ".git" => {}
            true => walk(&entry.path(), &format!("{path}/"), found),
            false => found.push(path),
        }
    }
}

/// One crate of the workspace.
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Its folder, from the root.
    pub(crate) folder: String,
    /// Direct dependencies that end up in what is built, build scripts' among them.
    pub(crate) normal: Vec<String>,
    /// Direct dependencies of its tests.
    pub(crate) dev: Vec<String>,
}

/// All crates of the workspace.
pub(crate) fn crates() -> Vec<Crate> {
    let metadata = cargo(&["metadata", "--locked", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    packages.iter().map(as_crate).collect()
}

fn as_crate(package: &Value) -> Crate {
    let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
    let of = |wanted: fn(Option<&str>) -> bool| -> Vec<String> {
        let chosen = dependencies.iter().filter(|dependency| wanted(dependency["kind"].as_str()));
        chosen.map(|dependency| string(&dependency["name"])).collect()
    };
    let manifest = PathBuf::from(string(&package["manifest_path"]));
    let folder =
        manifest.parent().and_then(|folder| folder.strip_prefix(root()).ok()).expect("a folder in here");
    Crate {
        name: string(&package["name"]),
        folder: folder.to_str().expect("a UTF-8 path").to_owned(),
        normal: of(|kind| kind != Some("dev")),
        dev: of(|kind| kind == Some("dev")),
    }
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// The names of all crates that are built into `name`, itself among them.
pub(crate) fn tree(name: &str) -> Vec<String> {
    let all = cargo(&["tree", "--locked", "-p", name, "-e", "normal", "--prefix", "none", "--format", "{p}"]);
    let mut names: Vec<String> =
        all.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    assert!(names.iter().any(|found| found == name), "cargo tree does not know {name}");
    names
}

/// A package that is built in, ours or another's.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) licence: String,
}

/// The packages that `cargo tree` shows of what `chosen` names, on this machine.
pub(crate) fn packages(chosen: &[&str]) -> Vec<Package> {
    let all = cargo(&[&["tree", "--locked", "--prefix", "none", "--format", "{p}|{l}"], chosen].concat());
    let lines: std::collections::BTreeSet<&str> = all.lines().filter(|line| !line.is_empty()).collect();
    let package = |line: &str| {
        let (named, licence) = line.split_once('|')?;
        let mut words = named.split_whitespace();
        let (name, version) = words.next().zip(words.next())?;
        let licence = licence.trim_end_matches(" (*)").to_owned();
        Some(Package { name: name.to_owned(), version: version.to_owned(), licence })
    };
    lines.into_iter().map(|line| package(line).expect("a package a line")).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {said}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}
