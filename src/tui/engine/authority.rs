//! Reading the file of an authority of a person's own.

use super::super::msg::Reply;
use super::super::text::sentence;
use super::Work;
use crate::host::{TextFileError, read_given, typed_path};
use crate::provider::check_certificates;

/// Longer files hold something else.
const LONGEST: usize = 1 << 20;

impl Work {
    pub(super) async fn read_authority(self, file: String) {
        let typed = file.clone();
        let reading = tokio::task::spawn_blocking(move || read(&typed));
        let found = match reading.await {
            Ok(found) => found,
            Err(_) => Err("Reading it broke off.".to_owned()),
        };
        self.reply(Reply::AuthorityRead { file, found });
    }
}

/// The certificates in it, or a sentence.
fn read(typed: &str) -> Result<String, String> {
    let bytes = read_given(&typed_path(typed), LONGEST + 1).map_err(|why| sentence(&why))?;
    if bytes.len() > LONGEST {
        return Err(sentence(&TextFileError::TooLarge));
    }
    // A certificate in bytes is no text: what is missing is its PEM form.
    let text = String::from_utf8(bytes).unwrap_or_default();
    check_certificates(&text).map_err(|why| sentence(&why))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f17_what_is_no_authority_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            path.display().to_string()
        };
        let words = |typed: &str| read(typed).expect_err("nothing to trust");
        assert_eq!(
            words(&file("none", b"words")),
            words(&file("der", &[0x30, 0x82, 0xff]))
        );
        assert!(words(&file("words", b"words")).starts_with("There is no certificate in it"));
        assert_eq!(words("/nowhere/ca.pem"), "There is no such file.");
        assert_eq!(words("/"), "It is not a file.");
        let long = vec![b'a'; LONGEST + 1];
        assert_eq!(words(&file("long", &long)), "It is larger than 1 MiB.");
    }
}
