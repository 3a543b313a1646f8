//! One tick, one write.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use virtmon_export::output::error::OutputError;

use crate::files::TickFile;
use crate::files::settings::Content;

impl TickFile {
    /// Writes one tick. Returns the number of bytes written, including the header.
    ///
    /// # Errors
    /// The disk is full, or the pipe is closed ([`OutputError::ReaderClosed`] for standard output). A
    /// regular file is truncated to its last whole tick.
    pub fn write_tick(&mut self, bytes: &[u8]) -> Result<u64, OutputError> {
        let bytes = match self.settings.content {
            Content::Recording if self.header.is_empty() => {
                let header = virtmon_recording::header_bytes(bytes).unwrap_or(0);
                self.header = bytes[..header].to_vec();
                &bytes[header..]
            }
            _ => bytes,
        };
        if let Some(state) = &self.state {
            // Another process may have truncated it, as logrotate's copytruncate does.
            self.whole_bytes = match state.holds_old_content {
                true => 0,
                false => match self.to.metadata() {
                    Ok(meta) => meta.len(),
                    Err(error) => return Err(OutputError::write(&self.name, error)),
                },
            };
        }
        let begin;
        let bytes = if self.whole_bytes == 0 && !self.header.is_empty() {
            begin = [&self.header, bytes].concat();
            &begin
        } else {
            bytes
        };
        if bytes.is_empty() {
            return Ok(0);
        }
        if let Err(error) = self.write(bytes) {
            if self.is_stdout && error.kind() == ErrorKind::BrokenPipe {
                return Err(OutputError::ReaderClosed);
            }
            return Err(OutputError::write(&self.name, error));
        }
        let written = bytes.len() as u64;
        self.whole_bytes += written;
        if let Some(state) = &mut self.state {
            state.created = false;
        }
        Ok(written)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(state) = &mut self.state
            && state.holds_old_content
        {
            self.to.set_len(0)?;
            state.holds_old_content = false;
        }
        let mut written = 0;
        let done = self.write_all(bytes, &mut written);
        let done = done.and_then(|()| match self.settings.fsync && self.state.is_some() {
            true => self.to.sync_data(),
            false => Ok(()),
        });
        if done.is_err() && self.state.is_some() {
            // The first error is reported. If this fails too, the file ends with an incomplete tick.
            // Another process may have truncated the file meanwhile.
            let _ = self
                .to
                .metadata()
                .and_then(|meta| self.to.set_len(meta.len().saturating_sub(written as u64)));
        }
        done
    }

    fn write_all(&mut self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        while *written < bytes.len() {
            match self.to.write(&bytes[*written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(more) => *written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Another program with the same pipe or terminal has made it non-blocking.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait_for_room()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait_for_room(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(self.to.as_fd(), PollFlags::POLLOUT)];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Syncs the file to the disk.
    ///
    /// # Errors
    /// The disk reports an error.
    pub fn finish(&mut self) -> Result<(), OutputError> {
        if self.state.is_none() {
            return Ok(());
        }
        let synced = self.to.sync_all();
        synced.map_err(|source| OutputError::write(&self.name, source))
    }
}
