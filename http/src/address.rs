//! Addresses to listen on.

use std::net::{Ipv4Addr, SocketAddr};

/// The port of virtmon, outside the range 9100 to 9999 of Prometheus' list of default ports.
pub const DEFAULT_PORT: u16 = 19177;

/// Parses `ADDRESS:PORT`, or a port of the loopback address.
///
/// ```
/// use virtmon_http::address::parse;
/// assert_eq!(parse("19177").unwrap(), "127.0.0.1:19177".parse().unwrap());
/// assert_eq!(parse("[::1]:80").unwrap(), "[::1]:80".parse().unwrap());
/// assert!(parse(":80").is_err());
/// ```
///
/// # Errors
/// The text is neither; the message names both.
pub fn parse(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse().map_err(|_| {
        format!(
            "an address is a port of this host, like {DEFAULT_PORT}, or an IP address and a port, like \
             0.0.0.0:{DEFAULT_PORT} or [::]:{DEFAULT_PORT}"
        )
    })
}
