//! JSON of strangers, read more strictly than `serde_json` does by itself (conformance I-06):
//! no duplicate members, bounded depth, nothing after the value, UTF-8 without a mark.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

/// Deepest nesting of arrays and objects (conformance 0.3).
const MAX_DEPTH: usize = 32;

/// Why a text is not the JSON object we ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    #[error("it is empty")]
    Empty,
    #[error("it is not UTF-8 text")]
    Encoding,
    #[error("it starts with a byte order mark")]
    ByteOrderMark,
    #[error("it is not JSON")]
    Syntax,
    #[error("something follows after the JSON object")]
    Trailing,
    #[error("a member occurs twice")]
    Duplicate,
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("it is not a JSON object")]
    NotAnObject,
}

/// A parsed value; its texts are wiped when it goes, since an answer holds tokens.
pub(super) struct Document(Value);

impl Document {
    /// Parses bytes that must be one JSON object.
    pub(super) fn object(bytes: &[u8]) -> Result<Self, JsonProblem> {
        let document = Self::any(bytes)?;
        if document.0.is_object() {
            Ok(document)
        } else {
            Err(JsonProblem::NotAnObject)
        }
    }

    /// Parses bytes that hold one JSON value of any type.
    pub(super) fn any(bytes: &[u8]) -> Result<Self, JsonProblem> {
        if bytes.is_empty() {
            return Err(JsonProblem::Empty);
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(JsonProblem::ByteOrderMark);
        }
        // A zero byte is in no JSON text; it is in every UTF-16 one.
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| !text.contains('\0'))
            .ok_or(JsonProblem::Encoding)?;
        let tamed = tame_numbers(text);
        parse(tamed.as_ref().map_or(text, |tamed| tamed.as_str())).map(Self)
    }

    /// A document of our own making, from members that were checked elsewhere.
    pub(super) fn from_members(members: Map<String, Value>) -> Self {
        Self(Value::Object(members))
    }

    pub(super) fn value(&self) -> &Value {
        &self.0
    }

    /// A member of the top object; JSON `null` counts as a value here.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Takes an inner object out, as a document of its own.
    pub(super) fn take_object(&mut self, name: &str) -> Option<Document> {
        let inner = self.0.get_mut(name).filter(|inner| inner.is_object())?;
        Some(Document(inner.take()))
    }

    /// Sets a member of the top object.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Value::Object(members) = &mut self.0 {
            members.insert(name.to_owned(), value);
        }
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn parse(text: &str) -> Result<Value, JsonProblem> {
    let found = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict {
        depth: 0,
        found: &found,
    }
    .deserialize(&mut reader)
    .map_err(|_| found.get().unwrap_or(JsonProblem::Syntax))?;
    reader.end().map_err(|_| JsonProblem::Trailing)?;
    Ok(value)
}

/// Numbers beyond a double, and the `NaN` some servers write, would fail the whole answer although
/// only one member is useless (I-03). They become `{}`, which no member of ours accepts.
fn tame_numbers(text: &str) -> Option<Zeroizing<String>> {
    let mut out: Option<Zeroizing<String>> = None;
    let mut copied = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            byte if is_word(byte) => {
                let end = bytes[at..]
                    .iter()
                    .position(|b| !is_word(*b))
                    .map_or(bytes.len(), |length| at + length);
                if is_beyond_numbers(&text[at..end]) {
                    let out = out.get_or_insert_default();
                    out.push_str(&text[copied..at]);
                    out.push_str("{}");
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if let Some(out) = &mut out {
        out.push_str(&text[copied..]);
    }
    out
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

fn is_beyond_numbers(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    matches!(digits, "NaN" | "Infinity")
        || (digits.starts_with(|c: char| c.is_ascii_digit())
            && word.parse::<f64>().is_ok_and(f64::is_infinite))
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    found: &'a Cell<Option<JsonProblem>>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.problem(JsonProblem::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn problem<E: serde::de::Error>(self, problem: JsonProblem) -> E {
        self.found.set(Some(problem));
        E::custom(problem)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper::<A::Error>()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper::<A::Error>()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(self.problem(JsonProblem::Duplicate));
            }
            let value = access.next_value_seed(inner)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: impl AsRef<[u8]>) -> Option<JsonProblem> {
        Document::object(text.as_ref()).err()
    }

    #[test]
    fn i_06_only_one_plain_object_is_accepted() {
        assert_eq!(problem(r#"{"a":{"b":[1,2.5,null,true,"x"]}}"#), None);
        assert_eq!(problem(" {} \r\n"), None);
        for (text, expected) in [
            (&b""[..], JsonProblem::Empty),
            (b"[]", JsonProblem::NotAnObject),
            (b"\"x\"", JsonProblem::NotAnObject),
            (b"null", JsonProblem::NotAnObject),
            (b"42", JsonProblem::NotAnObject),
            (b"{}{}", JsonProblem::Trailing),
            (b"{} x", JsonProblem::Trailing),
            (b"{} NaN", JsonProblem::Trailing),
            (b"\xef\xbb\xbf{}", JsonProblem::ByteOrderMark),
            (b"\xff\xfe{\0}\0", JsonProblem::Encoding),
            (b"{\"a\":\"\xe9\"}", JsonProblem::Encoding),
            (b"{\"a\":1,\"a\":2}", JsonProblem::Duplicate),
            (b"{\"x\":{\"a\":1,\"\\u0061\":2}}", JsonProblem::Duplicate),
            (b"{\"a\":01}", JsonProblem::Syntax),
            (b"{\"a\":\"\\ud800\"}", JsonProblem::Syntax),
            (b"{\"a\":\"\n\"}", JsonProblem::Syntax),
            (b"{'a':1}", JsonProblem::Syntax),
            (b"{", JsonProblem::Syntax),
        ] {
            assert_eq!(problem(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn i_06_depth_is_bounded() {
        let nested = |depth: usize| {
            format!(
                "{{\"a\":{}{}}}",
                "[".repeat(depth - 1),
                "]".repeat(depth - 1)
            )
        };
        assert_eq!(problem(nested(32)), None);
        assert_eq!(problem(nested(33)), Some(JsonProblem::TooDeep));
        assert_eq!(problem(nested(100_000)), Some(JsonProblem::TooDeep));
    }

    #[test]
    fn i_03_a_number_beyond_measure_spoils_only_its_member() {
        for number in ["1e400", "-1e400", "NaN", "Infinity", "-Infinity"] {
            let text = format!(r#"{{"a":"1e400 \" NaN","n":{number},"z":[{number}]}}"#);
            let document = Document::object(text.as_bytes()).expect(number);
            assert_eq!(
                document.get("a").and_then(Value::as_str),
                Some("1e400 \" NaN")
            );
            assert_eq!(document.get("n"), Some(&serde_json::json!({})));
        }
    }

    proptest::proptest! {
        #[test]
        fn i_06_any_bytes_are_read_without_a_panic(bytes: Vec<u8>, text in r#"[\[\]{}":,eN0-9.+\\-]{0,60}"#) {
            let _ = Document::any(&bytes);
            let _ = Document::any(text.as_bytes());
        }

        #[test]
        fn i_06_what_serde_json_writes_is_read_back(name in ".{0,9}", text in ".{0,20}", number: i64) {
            let value = serde_json::json!({ name: [text, number, null] });
            let read = Document::object(value.to_string().as_bytes()).expect("well-formed");
            proptest::prop_assert_eq!(read.value(), &value);
        }
    }
}
