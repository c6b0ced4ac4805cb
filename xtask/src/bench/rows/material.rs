//! Files to measure on: made anew each time, the same each time.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A small generator with a fixed seed (Marsaglia's xorshift64), so that every run measures the same bytes.
pub(super) struct Numbers(u64);

impl Numbers {
    /// Starts from a seed other than 0.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// The next number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }

    /// A word of letters and digits.
    pub(super) fn word(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let letter =
            |index: u64| ALPHABET.get(usize::try_from(index).unwrap_or(0)).copied().unwrap_or(b'x');
        (0..length).map(|_| char::from(letter(self.below(62)))).collect()
    }
}

/// Makes a folder and those above it.
pub(super) fn folder(path: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(path).map_err(|source| file_error(path, source))?;
    Ok(path.to_path_buf())
}

/// Makes a folder anew that lies in no git work tree.
pub(super) fn outside(name: &str) -> Result<PathBuf, Error> {
    let path = env::temp_dir().join("opsproof-bench").join(name);
    let _ = fs::remove_dir_all(&path);
    folder(&path)
}

/// Writes a file that nobody else may read, in a folder that nobody else may enter.
pub(super) fn private_file(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
    file(path, bytes)?;
    let restrict = |path: &Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode))
            .map_err(|source| file_error(path, source))
    };
    restrict(path, 0o600)?;
    path.parent().map_or(Ok(()), |parent| restrict(parent, 0o700))
}

/// Writes a file.
pub(super) fn file(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    fs::write(path, bytes).map_err(|source| file_error(path, source))
}

/// Writes `head`, then `part` so many times; never held whole, as a child's peak memory begins with ours.
pub(super) fn repeated(path: &Path, head: &str, part: &str, times: usize) -> Result<(), Error> {
    let mut out = BufWriter::new(File::create(path).map_err(|source| file_error(path, source))?);
    let parts = std::iter::once(head).chain(std::iter::repeat_n(part, times));
    let written = parts.into_iter().try_for_each(|part| out.write_all(part.as_bytes()));
    written.and_then(|()| out.flush()).map_err(|source| file_error(path, source))
}

/// Writes log-like text of about `n_bytes`.
pub(super) fn text(path: &Path, n_bytes: usize, numbers: &mut Numbers) -> Result<(), Error> {
    let mut out = BufWriter::new(File::create(path).map_err(|source| file_error(path, source))?);
    let mut written = 0;
    // A stretch of fresh words is repeated, so that making it takes less time than reading it.
    let mut stretch = String::new();
    lines(&mut stretch, n_bytes.min(1 << 20), numbers);
    while written < n_bytes {
        let part =
            stretch.as_bytes().get(..stretch.len().min(n_bytes - written)).unwrap_or_default();
        out.write_all(part).map_err(|source| file_error(path, source))?;
        written += part.len();
    }
    out.flush().map_err(|source| file_error(path, source))
}

/// Adds log-like lines of exactly `n_bytes`, the last cut short.
pub(super) fn lines(text: &mut String, n_bytes: usize, numbers: &mut Numbers) {
    let end = text.len() + n_bytes;
    while text.len() < end {
        let second = numbers.below(60);
        let (id, path) = (numbers.word(12), numbers.word(8));
        let _ = writeln!(
            text,
            "2026-11-22T17:03:{second:02}Z web.1 info request_id={id} path=/api/v1/{path} status=200"
        );
    }
    text.truncate(end);
}

/// An ops.toml whose vault holds `n_credentials` made-up credentials, and their values.
pub(super) fn vault(
    folder: &Path,
    n_credentials: usize,
    numbers: &mut Numbers,
) -> Result<Vec<String>, Error> {
    let mut ops = "version = 1\n[vault]\nroot = \"vault\"\n".to_owned();
    let mut values = Vec::new();
    for index in 0..n_credentials {
        let value = format!("CANARY{}", numbers.word(26));
        let _ = writeln!(
            ops,
            "[[vault.file]]\npath = \"f{index}.env\"\nkeys = {{ KEY_{index} = \"any\" }}"
        );
        file(&folder.join(format!("vault/f{index}.env")), format!("KEY_{index}={value}\n"))?;
        values.push(value);
    }
    file(&folder.join("ops.toml"), ops)?;
    Ok(values)
}

fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File { doing: "writing", path: path.to_path_buf(), source }
}
