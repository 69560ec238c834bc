//! Certificates of the sandbox's own authority, good ones and bad ones.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// How the sandbox speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    #[default]
    Off,
    /// A good certificate of the sandbox's own authority.
    Own,
    /// One that ended years ago.
    Expired,
    /// One that begins years from now.
    NotYetValid,
    /// One for another name.
    WrongName,
    /// One that signed itself; the authority does not know it.
    SelfSigned,
}

/// The authority that clients are to trust, and what the server side shows of it.
pub(super) struct Identity {
    authority: CertifiedIssuer<'static, KeyPair>,
    shown: RwLock<TlsAcceptor>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Identity {
    pub(super) fn new(tls: Tls) -> io::Result<Self> {
        let authority = authority().map_err(io::Error::other)?;
        let shown = RwLock::new(acceptor(tls, &authority)?);
        Ok(Self { authority, shown })
    }

    pub(super) fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    pub(super) fn ca(&self) -> CertificateDer<'static> {
        self.authority.der().clone()
    }

    /// The server side of the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    /// Shows another certificate from now on.
    pub(super) fn show(&self, tls: Tls) -> io::Result<()> {
        let acceptor = acceptor(tls, &self.authority)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }
}

fn acceptor(tls: Tls, authority: &CertifiedIssuer<'static, KeyPair>) -> io::Result<TlsAcceptor> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let params = leaf(tls).map_err(io::Error::other)?;
    let certificate = match tls {
        Tls::SelfSigned => params.self_signed(&key),
        _ => params.signed_by(&key, authority),
    }
    .map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Practice authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    valid_around_now(&mut params);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn leaf(tls: Tls) -> Result<CertificateParams, rcgen::Error> {
    let names: &[&str] = match tls {
        Tls::WrongName => &["elsewhere.invalid"],
        _ => &["127.0.0.1", "::1", "localhost"],
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Practice provider");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = tls != Tls::SelfSigned;
    valid_around_now(&mut params);
    match tls {
        Tls::Expired => {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 2, 1);
        }
        Tls::NotYetValid => {
            params.not_before += 1000 * DAY;
            params.not_after += 1000 * DAY;
        }
        _ => {}
    }
    Ok(params)
}

fn valid_around_now(params: &mut CertificateParams) {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = date_time_ymd(1970, 1, 1) + Duration::from_secs(since_1970.as_secs());
    params.not_before = now - DAY;
    params.not_after = now + 30 * DAY;
}
