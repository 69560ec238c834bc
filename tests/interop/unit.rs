//! The unit that `agent unit` prints, read by systemd itself.

use std::fs;
use std::process::Command;

use crate::sealed::Home;

/// What systemd has to say of a unit, and whether it takes it.
fn verified(home: &Home, unit: &str) -> (bool, String) {
    let file = home.path().join("valetkey-agent.service");
    fs::write(&file, unit).expect("written");
    let output = Command::new("systemd-analyze")
        .args(["--user", "--man=no", "verify"])
        .arg(&file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .output()
        .expect("systemd-analyze");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), told)
}

#[test]
fn y_01_systemd_takes_the_unit_without_a_word() {
    let home = Home::new();
    let unit = home.run(&["agent", "unit"]).ended(0).stdout;
    assert_eq!(verified(&home, &unit), (true, String::new()));
    // It would have said so: a key that there is not, and a program that there is not.
    let (_, told) = verified(&home, &unit.replace("Restart=", "Restrat="));
    assert!(told.contains("Restrat"), "{told}");
    let (taken, told) = verified(
        &home,
        &unit.replace("ExecStart=\"/", "ExecStart=\"/nowhere/"),
    );
    assert!(!taken && told.contains("nowhere"), "{told}");
}
