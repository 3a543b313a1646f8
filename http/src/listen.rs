//! The socket, and who may connect.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::config::Access;
use crate::error::HttpError;

/// A socket that listens, with the access to it. Opening it may need rights that the program drops later.
#[derive(Debug)]
pub struct Listening {
    pub(crate) socket: TcpListener,
    pub(crate) access: Access,
    address: SocketAddr,
}

impl Listening {
    /// Reads the configuration file and listens.
    ///
    /// # Errors
    /// The address is in use or not of this host, or the configuration is not valid.
    pub fn open(address: SocketAddr, config: Option<&Path>) -> Result<Self, HttpError> {
        let access = match config {
            Some(path) => Access::read(path)?,
            None => Access::default(),
        };
        let failed = |source| HttpError::Bind { address, source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            access,
            address,
        })
    }

    /// Address of the server, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.access.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}/", self.address)
    }
}
