//! Text from the system that need not be UTF-8: arguments, paths.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An argument or a path, byte for byte. Written as a JSON string, or as `{"b64":"…"}` when it is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(OsString);

#[derive(Serialize, Deserialize)]
struct Encoded {
    b64: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Plain(String),
    Encoded(Encoded),
}

impl Text {
    /// Takes the bytes as they are.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(OsString::from_vec(bytes))
    }

    /// The text as the system has it.
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text with U+FFFD for what is not UTF-8.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        self.0.to_string_lossy()
    }

    /// Whether [`Text::lossy`] loses nothing.
    pub fn is_utf8(&self) -> bool {
        self.0.to_str().is_some()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<&OsStr> for Text {
    fn from(text: &OsStr) -> Self {
        Self(text.to_os_string())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.lossy())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => Encoded { b64: BASE64.encode(self.0.as_bytes()) }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Plain(text) => Ok(Self(text.into())),
            Form::Encoded(Encoded { b64 }) => BASE64
                .decode(b64.as_bytes())
                .map(Self::from_bytes)
                .map_err(serde::de::Error::custom),
        }
    }
}
