//! How the person's own machine reaches this one: asked once, remembered, part of the forward line.

use super::attempt::Control;
use super::{Engine, Error, hold};
use crate::host::{SshTarget, remember_target, remembered_target};
use crate::vault::Home;

impl Engine {
    /// What was filled in now, what the settings say, or what was filled in before.
    pub fn reached_as(&self) -> Option<SshTarget> {
        let here = hold(&self.0.reached).clone();
        let wish = self.environment().wishes.ssh_host.as_deref();
        here.or_else(|| wish.and_then(SshTarget::parse))
            .or_else(|| match &self.0.home {
                Home::Disk { state, .. } => remembered_target(state),
                Home::Memory => None,
            })
    }

    /// Takes what was typed after `ssh`; running sign-ins name their line again.
    ///
    /// # Errors
    /// [`Error::NotAnSshTarget`].
    pub fn set_reached_as(&self, typed: &str) -> Result<(), Error> {
        let target = SshTarget::parse(typed).ok_or(Error::NotAnSshTarget)?;
        if let Home::Disk { state, .. } = &self.0.home {
            // Where nothing can be written it holds for this process.
            let _ = remember_target(state, &target);
        }
        *hold(&self.0.reached) = Some(target);
        for running in hold(&self.0.attempts).iter() {
            let _ = running.remote.0.send(Control::ForwardAgain);
        }
        Ok(())
    }
}
