use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use xen_sys::xs_wire;

use super::*;

fn pair() -> (Connection, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    (Connection::from_socket(here.into()), there)
}

fn message(kind: u32, request: u32, payload: &[u8]) -> Vec<u8> {
    let words = [kind, request, 0, u32::try_from(payload.len()).unwrap()];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn a_message_that_is_too_long_ends_the_connection() {
    let (mut connection, mut there) = pair();
    let longest = u32::try_from(PAYLOAD_MAX).unwrap();
    for bytes in [longest + 1, u32::MAX] {
        let header = [xs_wire::READ, 1, 0, bytes].map(u32::to_ne_bytes).concat();
        there.write_all(&header).unwrap();
        connection.receive().unwrap();
        let error = connection.inbox().next_message().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        connection.inbox().begin = connection.inbox().end;
    }
}

#[test]
fn messages_are_complete_wherever_they_are_cut() {
    let (mut connection, mut there) = pair();
    let long = vec![b'x'; PAYLOAD_MAX];
    let sent: Vec<u8> = (1..200)
        .flat_map(|n| message(xs_wire::READ, n, &long[..n as usize * 20]))
        .collect();
    let mut taken = 0;
    for piece in sent.chunks(5000) {
        there.write_all(piece).unwrap();
        while connection.receive().unwrap() {
            while let Some(message) = connection.inbox().next_message().unwrap() {
                taken += 1;
                assert_eq!(message.request, taken);
                assert_eq!(message.payload.len(), taken as usize * 20);
            }
        }
    }
    assert_eq!(taken, 199);
    assert_eq!(
        connection.inbox.bytes.len(),
        INBOX_BYTES,
        "it does not grow"
    );
}

#[test]
fn the_queue_for_a_daemon_that_reads_nothing_is_bounded() {
    let (mut connection, _silent) = pair();
    let path = "x".repeat(1000);
    let mut queued = 0;
    while connection.has_room() {
        connection.queue(xs_wire::READ, 1, &[&path]);
        connection.send().unwrap();
        queued += 1;
        assert!(queued < 10_000, "there is no bound");
    }
    assert!(connection.out.capacity() < 4 * OUT_BYTES);
}

#[test]
fn a_daemon_that_accepts_no_connection_does_not_block() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    // The backlog is that of xenstored. Nobody accepts.
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(1).unwrap()).unwrap();
    let connected: Vec<_> = (0..5).map(|_| Connection::connect_to(&path)).collect();
    let errors: Vec<_> = connected
        .iter()
        .filter_map(|connected| connected.as_ref().err().map(io::Error::kind))
        .collect();
    assert_eq!(errors, [ErrorKind::WouldBlock; 3]);
}

#[test]
fn the_kernels_device_gets_one_request_per_write() {
    let (here, there) = UnixDatagram::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let mut connection = Connection::from_socket(here.into());
    connection.is_device = true;
    connection.queue(xs_wire::READ, 1, &["/local/domain/3/name"]);
    connection.queue(xs_wire::WATCH, 0, &["/local/domain/3/device", "3.1.2"]);
    connection.send().unwrap();
    let mut bytes = [0; 256];
    let first = there.recv(&mut bytes).unwrap();
    assert_eq!(
        bytes[..first],
        message(xs_wire::READ, 1, b"/local/domain/3/name\0")
    );
    let second = there.recv(&mut bytes).unwrap();
    let watch = b"/local/domain/3/device\x003.1.2\0";
    assert_eq!(bytes[..second], message(xs_wire::WATCH, 0, watch));
    assert_eq!(connection.unsent(), 0);
}
