//! Wires the rooms: chooses worker, fast path, terminal interface or command line, and sets the exit
//! code.

use std::process::ExitCode;

use valetkey::{cli, engine, host};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments
        .get(1)
        .is_some_and(|first| first == host::WORKER_ARGUMENT)
    {
        return ExitCode::from(engine::job::worker_main());
    }
    // Secrets pass through this process: no core dump, no debugger (conformance V-02).
    let _ = host::harden_process();
    if let Some(code) = cli::fast(&arguments) {
        return ExitCode::from(code);
    }
    match cli::run(arguments) {
        cli::Next::Exit(code) => ExitCode::from(code),
        cli::Next::Tui(_parts) => ExitCode::from(2),
    }
}
