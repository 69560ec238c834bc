//! Sealing: XChaCha20-Poly1305 with a random nonce, bound to the place where the record lies.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{VaultError, key};

/// Version of the record layout; part of what every record is bound to.
const RECORD_FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A known text under the vault key: tells whether a key is the right one.
    Verifier,
    /// The vault key under the key of one slot.
    Slot,
    ClientSecret,
    AccessToken,
    RefreshToken,
    CandidateAccess,
    CandidateRefresh,
    /// Written before a refresh token is spent.
    Intent,
    /// Marks a sign-in that came out of a backup.
    SecondCopy,
    /// Of a sign-in that waits.
    DeviceCode,
    /// Tokens whose end the provider was not told yet.
    Waiting,
    /// The body of a backup.
    Backup,
}

impl Kind {
    /// The word in the file; also part of the binding.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Verifier => "verifier",
            Self::Slot => "slot",
            Self::ClientSecret => "client-secret",
            Self::AccessToken => "access-token",
            Self::RefreshToken => "refresh-token",
            Self::CandidateAccess => "candidate-access-token",
            Self::CandidateRefresh => "candidate-refresh-token",
            Self::Intent => "intent",
            Self::SecondCopy => "second-copy",
            Self::DeviceCode => "device-code",
            Self::Waiting => "waiting-revocation",
            Self::Backup => "backup",
        }
    }
}

impl Kind {
    const STORED: [Self; 9] = [
        Self::ClientSecret,
        Self::AccessToken,
        Self::RefreshToken,
        Self::CandidateAccess,
        Self::CandidateRefresh,
        Self::Intent,
        Self::SecondCopy,
        Self::DeviceCode,
        Self::Waiting,
    ];

    /// The kind of a stored record by its word in the file.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::STORED.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a record belongs: it opens nowhere else (conformance T-03, G-07).
pub(super) struct Binding<'a> {
    /// Connection, registration or vault id.
    pub(super) owner: &'a str,
    pub(super) kind: Kind,
    pub(super) generation: u64,
    /// Endpoint identity of the connection; the parameters of a slot; zero for the verifier.
    pub(super) identity: [u8; 32],
}

impl Binding<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let mut data = vec![RECORD_FORMAT];
        // Length first, so that no two places read alike.
        for part in [self.owner, self.kind.as_str()] {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part.as_bytes());
        }
        data.extend(self.generation.to_be_bytes());
        data.extend(self.identity);
        data
    }
}

/// Seals `text` for one place; the nonce stands in front.
pub(super) fn seal(
    key: &[u8; 32],
    binding: &Binding<'_>,
    text: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_BYTES] = key::random()?;
    let payload = Payload {
        msg: text,
        aad: &binding.associated_data(),
    };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| VaultError::Damaged("a record too large to seal"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens a record; `None` when it does not belong to this key and place.
pub(super) fn open(
    key: &[u8; 32],
    binding: &Binding<'_>,
    record: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = record.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: sealed,
        aad: &binding.associated_data(),
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Binding<'static> {
        Binding {
            owner: "a",
            kind: Kind::AccessToken,
            generation: 7,
            identity: [3; 32],
        }
    }

    #[test]
    fn t_03_a_record_opens_in_its_own_place_only() {
        let key = [9; 32];
        let record = seal(&key, &place(), b"token").expect("sealed");
        assert_eq!(
            open(&key, &place(), &record).expect("opens").as_slice(),
            b"token"
        );
        let elsewhere = [
            Binding {
                owner: "b",
                ..place()
            },
            Binding {
                kind: Kind::RefreshToken,
                ..place()
            },
            Binding {
                generation: 6,
                ..place()
            },
            Binding {
                identity: [4; 32],
                ..place()
            },
        ];
        for binding in elsewhere {
            assert!(open(&key, &binding, &record).is_none());
        }
        assert!(open(&[8; 32], &place(), &record).is_none());
    }

    #[test]
    fn t_03_a_cut_or_changed_record_does_not_open() {
        let key = [9; 32];
        let record = seal(&key, &place(), b"token").expect("sealed");
        for end in 0..record.len() {
            assert!(open(&key, &place(), &record[..end]).is_none(), "{end}");
        }
        for at in 0..record.len() {
            let mut changed = record.clone();
            changed[at] ^= 1;
            assert!(open(&key, &place(), &changed).is_none(), "{at}");
        }
    }

    #[test]
    fn t_03_the_same_text_never_looks_the_same() {
        let one = seal(&[9; 32], &place(), b"token").expect("sealed");
        let two = seal(&[9; 32], &place(), b"token").expect("sealed");
        assert_ne!(one, two);
    }
}
