//! Chooses the face (terminal interface or command line) and sets the exit code.

fn main() {}
