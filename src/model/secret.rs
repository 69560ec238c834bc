//! A text that must never be printed, logged or serialised by accident.

use std::str;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text (token, client secret, verifier, passphrase).
///
/// It has no `Debug`, `Display`, `Serialize` or `Clone`; its memory is locked where the system allows
/// it, and wiped on drop. The only way
/// to the text is [`Secret::reveal`], so that every use can be found and counted in review.
///
/// ```compile_fail
/// let secret = valetkey::model::Secret::new("hunter2".to_owned());
/// println!("{secret:?}");
/// ```
/// ```compile_fail
/// let secret = valetkey::model::Secret::new("hunter2".to_owned());
/// println!("{secret}");
/// ```
/// ```compile_fail
/// let secret = valetkey::model::Secret::new("hunter2".to_owned());
/// serde_json::to_string(&secret);
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        super::locked::lock(text.as_bytes());
        Self(Zeroizing::new(text))
    }

    /// Takes bytes that must be UTF-8; wipes them when they are not.
    #[allow(clippy::needless_pass_by_value)] // taken over, so that it is wiped here
    pub fn from_utf8(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        str::from_utf8(&bytes)
            .ok()
            .map(|text| Self::new(text.to_owned()))
    }

    /// The text itself. Never pass it to a formatter, a log or an argument list.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A second copy, asked for by name so that copies stay rare.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::new(self.0.as_str().to_owned())
    }

    /// Whether both texts are the same, in constant time over their length.
    pub fn same(&self, other: &Secret) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};
    use std::marker::PhantomData;

    use serde::Serialize;

    use super::*;

    /// Answers whether `T` has a trait: the inherent method wins where its bound holds.
    struct Ask<T>(PhantomData<T>);

    trait Otherwise {
        fn prints(&self) -> bool {
            false
        }
        fn shows(&self) -> bool {
            false
        }
        fn travels(&self) -> bool {
            false
        }
        fn copies(&self) -> bool {
            false
        }
    }

    impl<T> Otherwise for Ask<T> {}

    impl<T: Debug> Ask<T> {
        fn prints(&self) -> bool {
            self.0 == PhantomData
        }
    }
    impl<T: Display> Ask<T> {
        fn shows(&self) -> bool {
            self.0 == PhantomData
        }
    }
    impl<T: Serialize> Ask<T> {
        fn travels(&self) -> bool {
            self.0 == PhantomData
        }
    }
    impl<T: Clone> Ask<T> {
        fn copies(&self) -> bool {
            self.0 == PhantomData
        }
    }

    /// This process's own memory, without the compiler's knowledge.
    #[cfg(target_os = "linux")]
    fn memory_at(address: u64, length: usize) -> Vec<u8> {
        use std::os::unix::fs::FileExt as _;

        let mut bytes = vec![0; length];
        let memory = std::fs::File::open("/proc/self/mem").expect("our own");
        memory.read_exact_at(&mut bytes, address).expect("read");
        bytes
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn v_01_nothing_of_a_dropped_secret_is_left_in_memory() {
        let canary = "canary-0123456789-abcdefghijklmnopqrstuvwxyz";
        for duplicated in [false, true] {
            let first = Secret::new(canary.to_owned());
            let (kept, dropped) = if duplicated {
                (first.duplicate(), first)
            } else {
                (Secret::new(String::new()), first)
            };
            let address = dropped.reveal().as_ptr() as u64;
            assert_eq!(memory_at(address, canary.len()), canary.as_bytes());
            drop(dropped);
            let left = memory_at(address, canary.len());
            let same = left.iter().zip(canary.bytes()).filter(|(a, b)| **a == *b);
            // The allocator's own bookkeeping may match a byte by chance.
            assert!(same.count() < 4, "{}", left.escape_ascii());
            drop(kept);
        }
    }

    #[test]
    fn v_01_a_secret_cannot_be_printed_serialised_or_cloned() {
        let text = Ask::<String>(PhantomData);
        assert!(text.prints() && text.shows() && text.travels() && text.copies());
        let secret = Ask::<Secret>(PhantomData);
        assert!(!secret.prints() && !secret.shows() && !secret.travels() && !secret.copies());
    }
}
