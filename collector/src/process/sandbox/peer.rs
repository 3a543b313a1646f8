//! The peer of the backend.

/// The way to the sampled host, which decides the rights that the program needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Xen, or a libvirt daemon of this host. No network is needed.
    Local,
    /// A libvirt daemon or a hypervisor on the network.
    Network,
    /// libvirt starts a program to reach it, such as `ssh`. The rights that it needs are unknown.
    Helper,
}

impl Peer {
    /// The peer of this libvirt URI. Without a URI it is this host.
    ///
    /// A URI is `driver[+transport]://[user@][host][:port]/[path][?parameters]`.
    #[must_use]
    pub fn of(uri: Option<&str>) -> Self {
        let Some((scheme, rest)) = uri.and_then(|uri| uri.split_once("://")) else {
            return Self::Local;
        };
        let (driver, transport) = scheme.split_once('+').unwrap_or((scheme, ""));
        // libssh keeps the keys of hosts in a file; "ext" is a command of the user.
        let helper = transport.contains("ssh")
            || transport == "ext"
            // These start programs of their own, or QEMU.
            || driver.starts_with("vmware")
            || driver == "vbox"
            || rest.contains("/embed");
        if helper {
            Self::Helper
        } else if rest.starts_with(['/', '?']) || rest.is_empty() {
            Self::Local
        } else {
            Self::Network
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_says_what_it_takes() {
        for (uri, peer) in [
            (None, Peer::Local),
            (Some("qemu:///system"), Peer::Local),
            (Some("test:///default"), Peer::Local),
            (Some("qemu+unix:///system?socket=/run/x"), Peer::Local),
            (Some("qemu+tls://kvm1/system"), Peer::Network),
            (Some("qemu+tcp://127.0.0.1:16509/system"), Peer::Network),
            (Some("esx://root@esx1/"), Peer::Network),
            (Some("qemu+ssh://root@kvm1/system"), Peer::Helper),
            (Some("qemu+libssh2://kvm1/system"), Peer::Helper),
            (Some("qemu+ext://kvm1/system?command=/bin/x"), Peer::Helper),
            (Some("vmwareplayer:///session"), Peer::Helper),
            (Some("qemu:///embed?root=/x"), Peer::Helper),
        ] {
            assert_eq!(Peer::of(uri), peer, "{uri:?}");
        }
    }
}
