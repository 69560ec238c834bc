//! The real program in a sealed home: stdout, stderr and exit code together.

#[path = "../support/agent.rs"]
mod agent_talk;
#[path = "../support/finder.rs"]
mod finder;
#[path = "../support/home.rs"]
mod home;
#[path = "../support/kept.rs"]
mod kept;
#[path = "../support/processes.rs"]
mod processes;
#[path = "../support/web.rs"]
mod web;

mod agent;
mod backups;
mod by_hand;
mod callbacks;
mod carry;
mod children;
mod define;
mod doctor;
mod exec;
mod exec_output;
mod exec_signals;
mod git_credential;
mod git_hosts;
mod give_token;
mod history;
mod hostile;
mod introspection;
mod kube_credential;
mod limits;
mod login;
mod manage;
mod pages;
mod panics;
mod races;
mod read_only;
mod refresh_due;
mod revocations;
mod settings;
mod slots;
mod step_up;
mod storage;
mod sweep;
