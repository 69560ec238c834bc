//! The built-in presets, made small; and linker flags of the program that Cargo.toml cannot say: what
//! every start of it would pay for.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    presets();
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") != "linux" || target("ENV") != "gnu" {
        return;
    }
    // 32,000 relocations of three words each become a list of bits: the file shrinks by 700 KiB. glibc
    // knows the form since 2.36.
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // The unwinder comes along. As a library of its own it costs 0.15 ms of each start.
    if let Some(folder) = unwinder_of_our_own() {
        println!("cargo:rustc-link-search=native={}", folder.display());
    }
}

/// A tenth of the text goes into the program; it is unpacked when somebody asks for a preset.
fn presets() {
    const TEXT: &str = "assets/providers.toml";
    println!("cargo:rerun-if-changed={TEXT}");
    let text = std::fs::read(TEXT).expect("the built-in presets");
    let folder = std::env::var("OUT_DIR").expect("cargo names a folder");
    let small = miniz_oxide::deflate::compress_to_vec(&text, 9);
    std::fs::write(Path::new(&folder).join("providers.toml.z"), small).expect("a place to write");
}

/// A folder where the linker finds the static unwinder under the name of the shared one; `None` where
/// this compiler has no such library, or builds for another machine.
fn unwinder_of_our_own() -> Option<PathBuf> {
    let variable = |name| std::env::var(name).ok();
    if variable("HOST") != variable("TARGET") {
        return None;
    }
    let found = Command::new("cc")
        .arg("-print-file-name=libgcc_eh.a")
        .output()
        .ok()?;
    let library = PathBuf::from(String::from_utf8(found.stdout).ok()?.trim());
    if !library.is_absolute() || !library.exists() {
        return None;
    }
    let folder = Path::new(&variable("OUT_DIR")?).to_owned();
    let script = format!("INPUT({} -lgcc)\n", library.display());
    std::fs::write(folder.join("libgcc_s.so"), script).ok()?;
    Some(folder)
}
