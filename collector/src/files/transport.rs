//! The files of one output, as the transport of a stream.

use std::io;
use std::sync::Arc;

use virtmon_export::encode::Encoder;
use virtmon_export::output::error::OutputError;
use virtmon_export::output::stream::{Stream, StreamConfig};
use virtmon_export::output::transport::{Batch, Transport};

use crate::files::TickFile;
use crate::files::compress::{Compressor, Job};

/// One file for each encoder of a stream.
#[derive(Debug)]
pub struct FileTransport {
    files: Vec<TickFile>,
    compressor: Option<Arc<Compressor>>,
}

impl FileTransport {
    /// Writes to these files, and compresses finished ones with this compressor.
    #[must_use]
    pub fn new(files: Vec<TickFile>, compressor: Option<Arc<Compressor>>) -> Self {
        Self { files, compressor }
    }

    /// A stream of one encoder to one file, with the usual properties.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn stream<E: Encoder>(encoder: E, file: TickFile) -> io::Result<Stream<E>> {
        let config = StreamConfig::new(file.name());
        Stream::start(config, vec![encoder], Self::new(vec![file], None))
    }

    fn compress(&self, jobs: Vec<Job>) {
        if let Some(compressor) = &self.compressor {
            jobs.into_iter().for_each(|job| compressor.push(job));
        }
    }
}

impl Transport for FileTransport {
    fn begin(&mut self) {
        for file in &self.files {
            self.compress(file.leftover_jobs());
        }
    }

    fn send(&mut self, batch: &Batch) -> Result<u64, OutputError> {
        let mut sent = 0;
        for at in 0..self.files.len() {
            let bytes = batch.parts.get(at).map_or(&[][..], Vec::as_slice);
            let jobs = self.files[at].prepare(batch.wall, bytes);
            self.compress(jobs);
            sent += self.files[at].write_tick(bytes)?;
        }
        Ok(sent)
    }

    fn can_reopen(&self) -> bool {
        self.files.iter().any(TickFile::is_regular)
    }

    fn reopen(&mut self) {
        self.files.iter_mut().for_each(TickFile::reopen);
    }

    fn finish(&mut self) -> Result<(), OutputError> {
        self.files.iter_mut().try_for_each(TickFile::finish)
    }
}

#[cfg(test)]
mod tests;
