//! Where one stream of the command goes: redacted into its file, its hash, and our own stream.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use evidence::{FileEntry, Hasher, Truncated};
use secret::{Redactor, SecretSet};

use super::kept::Kept;
use super::terminal::Terminal;

/// How much of a stream's beginning is kept for the judgement whether it is suspect.
const HEAD: usize = 8 * 1024;

/// The file of one stream, and the copy of it that the operator sees.
pub(super) struct Sink<'set> {
    /// The command's descriptor: 1 or 2.
    pub(super) fd: u8,
    role: &'static str,
    kept: Kept,
    redactor: Redactor<'set>,
    clean: Vec<u8>,
    /// The stream's beginning, redacted.
    pub(super) head: Vec<u8>,
    /// Our own stream.
    pub(super) terminal: Terminal,
}

/// The file of `[microseconds, fd, bytes]`, one line a read.
pub(super) struct Timing {
    file: BufWriter<File>,
    name: String,
    hasher: Hasher,
    bytes: u64,
    failure: Option<io::Error>,
}

impl<'set> Sink<'set> {
    pub(super) fn new(
        fd: u8,
        role: &'static str,
        kept: Kept,
        set: &'set SecretSet,
        terminal: Terminal,
    ) -> Self {
        Self {
            fd,
            role,
            kept,
            redactor: Redactor::with_forms(set),
            clean: Vec::new(),
            head: Vec::new(),
            terminal,
        }
    }

    /// Takes what was read; answers how many bytes it is when redacted.
    pub(super) fn take(&mut self, read: &[u8]) -> u64 {
        self.clean.clear();
        self.redactor.push(read, &mut self.clean);
        self.put()
    }

    /// Ends the stream: what was held back goes into the file.
    pub(super) fn finish(&mut self) -> u64 {
        self.clean.clear();
        self.redactor.finish_cut(&mut self.clean);
        self.put()
    }

    /// How often each rule replaced something.
    pub(super) fn counts(&self) -> &std::collections::BTreeMap<&'set str, u64> {
        self.redactor.counts()
    }

    /// Makes the file durable and says what it holds, and whether that is not all; the lock on it stays until this
    /// sink is dropped.
    pub(super) fn entry(&mut self) -> io::Result<(FileEntry, Option<Truncated>)> {
        self.kept.entry(self.role)
    }

    /// The name of the file in the bundle.
    pub(super) fn name(&self) -> &str {
        self.kept.name()
    }

    fn put(&mut self) -> u64 {
        if self.clean.is_empty() {
            return 0;
        }
        self.kept.put(&self.clean);
        if self.head.len() < HEAD {
            let room = HEAD - self.head.len();
            self.head.extend_from_slice(&self.clean[..self.clean.len().min(room)]);
        }
        self.terminal.write(&self.clean);
        self.clean.len() as u64
    }
}

impl Timing {
    pub(super) fn new(file: File, name: String) -> Self {
        Self {
            file: BufWriter::new(file),
            name,
            hasher: Hasher::default(),
            bytes: 0,
            failure: None,
        }
    }

    /// Notes that so many bytes came from that stream so long after the start.
    pub(super) fn note(&mut self, after: Duration, fd: u8, bytes: u64) {
        if bytes == 0 || self.failure.is_some() {
            return;
        }
        let line = format!("[{},{fd},{bytes}]\n", after.as_micros());
        match self.file.write_all(line.as_bytes()) {
            Ok(()) => {
                self.hasher.update(line.as_bytes());
                self.bytes += line.len() as u64;
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// Makes the file durable and says what it holds.
    pub(super) fn entry(&mut self) -> io::Result<FileEntry> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.file.flush()?;
        if self.bytes > 0 {
            self.file.get_ref().sync_data()?;
        }
        Ok(FileEntry {
            path: self.name.clone(),
            role: "timing".into(),
            bytes: self.bytes,
            sha256: self.hasher.clone().finish(),
        })
    }
}
