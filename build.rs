//! Linker flags of the program that Cargo.toml cannot say.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        // 32,000 relocations of three words each become a list of bits: the file shrinks by 700 KiB
        // that every start would read. glibc knows the form since 2.36.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
