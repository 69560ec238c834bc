//! `agent`.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(in crate::cli) enum AgentCommand {
    /// Start it
    Start(AgentStart),
    /// End it
    Stop,
    /// How it is
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a unit for systemd that starts it with your session
    Unit,
}

#[derive(Args)]
pub(in crate::cli) struct AgentStart {
    /// Stay in the foreground, as a service manager wants it
    #[arg(long)]
    pub(in crate::cli) foreground: bool,
    /// Begin without the vault's key; valetkey vault unlock hands it over later
    #[arg(long)]
    pub(in crate::cli) locked: bool,
    /// Forget the vault's key so long after each unlocking: 90s, 15m, 8h, 2d
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) lifetime: Option<String>,
    /// End when nobody asked for anything for so long
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) idle_exit: Option<String>,
}
