//! Certificates of an authority that a person brings along: PEM text, each of them allowed to sign others
//! (RFC 5280 section 4.2.1.9). A file that is anything else is named, so that nobody wonders at a sign-in
//! why the secure connection fails.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// 2.5.29.19, as it stands in a certificate.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

// DER tags (X.690).
const BOOLEAN: u8 = 0x01;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// Refuses what is no certificate of an authority, with words for what it is instead.
pub fn check_certificates(text: &str) -> Result<(), &'static str> {
    if text.contains("PRIVATE KEY-----") {
        return Err(
            "this is a private key, not a certificate; an authority's certificate is needed, and a key belongs in no such file",
        );
    }
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err("there is no certificate in it; one begins with -----BEGIN CERTIFICATE-----");
    }
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate.map_err(|_| "the certificate in it is damaged")?;
        let is_one = RootCertStore::empty().add(certificate.clone()).is_ok();
        match may_sign(&certificate).filter(|_| is_one) {
            None => return Err("the certificate in it is damaged"),
            Some(false) => {
                return Err(
                    "this is a server's own certificate, not an authority's; ask for the one that signed it",
                );
            }
            Some(true) => {}
        }
    }
    Ok(())
}

/// Whether the certificate is an authority's; `None` when it cannot be read. The oldest kind has no word for
/// it, and only authorities of its time are still about.
fn may_sign(certificate: &[u8]) -> Option<bool> {
    let (_, certificate, _) = value(certificate)?;
    let (tag, mut fields, _) = value(certificate)?;
    if tag != SEQUENCE {
        return None;
    }
    let mut versioned = false;
    while !fields.is_empty() {
        let (tag, content, rest) = value(fields)?;
        versioned |= tag == VERSION;
        if tag == EXTENSIONS {
            return in_extensions(content);
        }
        fields = rest;
    }
    Some(!versioned)
}

fn in_extensions(content: &[u8]) -> Option<bool> {
    let (_, mut all, _) = value(content)?;
    while !all.is_empty() {
        let (_, extension, rest) = value(all)?;
        let (_, name, parts) = value(extension)?;
        if name == BASIC_CONSTRAINTS {
            let (tag, mut content, after) = value(parts)?;
            if tag == BOOLEAN {
                // Whether it is critical; what it says comes after.
                (_, content, _) = value(after)?;
            }
            let (_, says, _) = value(content)?;
            return Some(says.starts_with(&[BOOLEAN, 1, 0xff]));
        }
        all = rest;
    }
    Some(false)
}

/// The first value: its tag, what is in it, and what comes after it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let bytes = usize::from(length & 0x7f);
        let (size, rest) = rest.split_at_checked(bytes)?;
        let size = size.iter().try_fold(0_usize, |size, byte| {
            Some(size.checked_mul(256)? + usize::from(*byte))
        })?;
        (size, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;

    fn pem(is_ca: IsCa) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["id.example".to_owned()]).expect("a name");
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }

    #[test]
    fn f17_only_an_authoritys_certificate_is_taken_and_everything_else_is_named() {
        let (good, key) = pem(IsCa::Ca(BasicConstraints::Unconstrained));
        let (short, _) = pem(IsCa::Ca(BasicConstraints::Constrained(0)));
        let (server, _) = pem(IsCa::NoCa);
        let (says_no, _) = pem(IsCa::ExplicitNoCa);
        let cut = good.replacen("MII", "MIJ", 1);
        let without_end = good.lines().take(3).collect::<Vec<_>>().join("\n");
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (what, text, wanted) in [
            ("an authority", good.clone(), None),
            ("one that signs servers only", short.clone(), None),
            (
                "two, with words between",
                format!("# ours\n{good}\r\nand\n{short}"),
                None,
            ),
            ("nothing", String::new(), Some("no certificate")),
            (
                "words",
                "-----BEGIN NONSENSE-----".to_owned(),
                Some("no certificate"),
            ),
            ("a key", key.clone(), Some("private key")),
            (
                "a certificate and its key",
                format!("{good}{key}"),
                Some("private key"),
            ),
            ("a server's", server.clone(), Some("server's own")),
            ("one that says no", says_no, Some("server's own")),
            (
                "a whole chain",
                format!("{server}{good}"),
                Some("server's own"),
            ),
            ("a cut one", cut, Some("damaged")),
            ("one without its end", without_end, Some("damaged")),
            (
                "another thing in its place",
                empty.to_owned(),
                Some("damaged"),
            ),
        ] {
            match (check_certificates(&text), wanted) {
                (Ok(()), None) => {}
                (Err(words), Some(wanted)) => assert!(words.contains(wanted), "{what}: {words}"),
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
}
