//! Secure randomness from the operating system.

/// The operating system gave no secure randomness; nothing that needs it may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this system has no secure random source")]
pub struct NoSecureRandom;

/// Fills the buffer with secure random bytes.
pub fn fill(buffer: &mut [u8]) -> Result<(), NoSecureRandom> {
    getrandom::fill(buffer).map_err(|_| NoSecureRandom)
}

/// An array of secure random bytes.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoSecureRandom> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_filled_and_never_twice_the_same() {
        let one: [u8; 32] = random_bytes().expect("random");
        let two: [u8; 32] = random_bytes().expect("random");
        assert_ne!(one, [0; 32]);
        assert_ne!(one, two);
    }
}
