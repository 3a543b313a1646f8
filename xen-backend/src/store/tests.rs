use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

use virtmon_model::{Role, Uuid};

use super::*;

type Nodes = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// A xenstore of a few nodes, which answers until its peer hangs up. Returns what fires its
/// watches on a path.
fn xenstore(nodes: &Nodes) -> (Connection, impl Fn(&str) + use<>) {
    let (here, there) = UnixStream::pair().unwrap();
    let watches: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let send = |mut to: &UnixStream, kind: u32, request: u32, payload: &[u8]| {
        let mut bytes = Vec::new();
        for word in [kind, request, 0, u32::try_from(payload.len()).unwrap()] {
            bytes.extend_from_slice(&word.to_ne_bytes());
        }
        bytes.extend_from_slice(payload);
        to.write_all(&bytes).unwrap();
    };
    let fire = {
        let (watches, to) = (Arc::clone(&watches), there.try_clone().unwrap());
        move |path: &str| {
            for (watched, token) in watches.lock().unwrap().iter() {
                if watched == path {
                    let event = format!("{path}\0{token}\0");
                    send(&to, xs_wire::WATCH_EVENT, 0, event.as_bytes());
                }
            }
        }
    };
    let nodes = Arc::clone(nodes);
    thread::spawn(move || {
        let mut header = [0; 16];
        while (&there).read_exact(&mut header).is_ok() {
            let words: Vec<u32> = header
                .chunks(4)
                .map(|word| u32::from_ne_bytes(word.try_into().unwrap()))
                .collect();
            let mut payload = vec![0; words[3] as usize];
            (&there).read_exact(&mut payload).unwrap();
            let text = String::from_utf8(payload).unwrap();
            let parts: Vec<&str> = text.split_terminator('\0').collect();
            match words[0] {
                xs_wire::READ => match nodes.lock().unwrap().get(parts[0]) {
                    Some(value) => send(&there, xs_wire::READ, words[1], value),
                    None => send(&there, xs_wire::ERROR, words[1], b"ENOENT\0"),
                },
                xs_wire::WATCH => {
                    send(&there, xs_wire::WATCH, words[1], b"OK\0");
                    let event = format!("{}\0{}\0", parts[0], parts[1]);
                    send(&there, xs_wire::WATCH_EVENT, 0, event.as_bytes());
                    let watch = (parts[0].to_owned(), parts[1].to_owned());
                    watches.lock().unwrap().push(watch);
                }
                xs_wire::UNWATCH => {
                    watches.lock().unwrap().retain(|(path, token)| {
                        (path.as_str(), token.as_str()) != (parts[0], parts[1])
                    });
                    send(&there, xs_wire::UNWATCH, words[1], b"OK\0");
                }
                other => panic!("request {other}"),
            }
        }
    });
    (Connection::over(here).unwrap(), fire)
}

fn domain(id: u32, uuid: u128) -> Domain {
    Domain {
        identity: Identity {
            id,
            uuid: Uuid::from_u128(uuid),
            incarnation: None,
        },
        ..Domain::default()
    }
}

fn name(nodes: &Nodes, id: u32, name: &[u8]) {
    let path = format!("/local/domain/{id}/name");
    nodes.lock().unwrap().insert(path, name.to_vec());
}

fn given(store: &mut Store, domains: &mut [Domain]) -> Vec<Option<String>> {
    store.patience = FIRST_WAIT;
    store.give(domains, true, &mut |_| true);
    let name = |domain: &Domain| domain.name.as_deref().map(str::to_owned);
    domains.iter().map(name).collect()
}

#[test]
fn names_follow_the_domains() {
    let nodes = Nodes::default();
    name(&nodes, 0, b"Domain-0");
    name(&nodes, 3, b"web, \"one\"\xff");
    let (connection, fire) = xenstore(&nodes);
    let mut store = Store::over(Some(connection));

    let mut domains = [domain(0, 0), domain(3, 33), domain(4, 44)];
    let web = Some("web, \"one\"\\xff".to_owned());
    let seen = given(&mut store, &mut domains);
    assert_eq!(seen, [Some("Domain-0".into()), web.clone(), None]);

    // Named late: the watch tells it. A second event of the same kind orders the test behind it.
    name(&nodes, 4, b"late");
    fire("/local/domain/4/name");
    let mut domains = [domain(0, 0), domain(3, 33), domain(4, 44), domain(5, 55)];
    let seen = given(&mut store, &mut domains);
    assert_eq!(seen[2..], [Some("late".into()), None]);

    // The domid comes again with another uuid: nothing of its last owner stays.
    nodes.lock().unwrap().remove("/local/domain/3/name");
    let mut domains = [domain(0, 0), domain(3, 99)];
    let seen = given(&mut store, &mut domains);
    assert_eq!(seen, [Some("Domain-0".into()), None]);
}

#[test]
fn what_was_written_for_the_next_owner_of_a_domid_is_not_told_of_this_one() {
    let nodes = Nodes::default();
    name(&nodes, 3, b"first");
    let (connection, fire) = xenstore(&nodes);
    let mut store = Store::over(Some(connection));
    let mut domains = [domain(3, 33), domain(4, 44)];
    assert_eq!(
        given(&mut store, &mut domains),
        [Some("first".into()), None]
    );

    // By the time that its new name is read, domid 3 is another one's.
    name(&nodes, 3, b"second");
    fire("/local/domain/3/name");
    let mut domains = [domain(3, 33), domain(4, 44), domain(5, 55)];
    store.patience = FIRST_WAIT;
    store.give(&mut domains, true, &mut |identity| identity.id != 3);
    assert_eq!(domains[0].name.as_deref(), Some("first"));
    let mut domains = [domain(3, 99)];
    assert_eq!(given(&mut store, &mut domains), [Some("second".into())]);
}

#[test]
fn memory_that_only_xenstore_knows_follows_the_name() {
    let nodes = Nodes::default();
    name(&nodes, 3, b"web");
    for (node, kib) in [("memory/target", "98304"), ("data/meminfo_free", "x")] {
        let path = format!("/local/domain/3/{node}");
        nodes.lock().unwrap().insert(path, kib.into());
    }
    let (connection, fire) = xenstore(&nodes);
    let mut store = Store::over(Some(connection));
    let mut domains = [domain(3, 33)];
    let mut round = 0;
    while domains[0].memory.target_bytes.is_none() {
        given(&mut store, &mut domains);
        thread::sleep(WAIT / 10);
        round += 1;
        assert!(
            round < 500,
            "xenstore was asked, and its answer is not given"
        );
    }
    assert_eq!(domains[0].memory.target_bytes, Some(96 << 20));
    assert_eq!(domains[0].memory.guest_unused_bytes, None);

    let path = "/local/domain/3/data/meminfo_free";
    nodes.lock().unwrap().insert(path.into(), b"1024".to_vec());
    fire(path);
    while domains[0].memory.guest_unused_bytes != Some(1 << 20) {
        given(&mut store, &mut domains);
        thread::sleep(WAIT / 10);
        round += 1;
        assert!(round < 1000, "what the guest reports is not followed");
    }
}

#[test]
fn rows_that_have_not_changed_are_left_alone_until_something_is_learnt() {
    let nodes = Nodes::default();
    name(&nodes, 0, b"Domain-0");
    let (connection, fire) = xenstore(&nodes);
    let mut store = Store::over(Some(connection));
    let mut domains = [domain(0, 0)];
    given(&mut store, &mut domains);
    domains[0].name = Some("as it was left".into());
    name(&nodes, 0, b"renamed");
    fire("/local/domain/0/name");
    let mut round = 0;
    while domains[0].name.as_deref() != Some("renamed") {
        store.give(&mut domains, false, &mut |_| true);
        thread::sleep(WAIT / 10);
        round += 1;
        assert!(round < 500, "a rename is not given to a row that stays");
    }
    // What was under way before may still come; after that a row is left as it is.
    let mut untouched = 0;
    while untouched < 3 {
        domains[0].name = Some("as it was left".into());
        store.give(&mut domains, false, &mut |_| true);
        untouched += 1;
        if domains[0].name.as_deref() != Some("as it was left") {
            untouched = 0;
        }
        thread::sleep(WAIT / 10);
        round += 1;
        assert!(round < 1000, "a row is written again and again");
    }
}

#[test]
fn a_dead_xenstore_leaves_names_unknown_and_keeps_the_domains() {
    let (here, there) = UnixStream::pair().unwrap();
    drop(there);
    let mut store = Store::over(Some(Connection::over(here).unwrap()));
    let mut domains = [domain(0, 0), domain(1, 11)];
    assert_eq!(given(&mut store, &mut domains), [None, None]);
    assert!(store.connection.is_none());
    assert!(store.trouble().unwrap().contains("can't be reached"));
}

#[test]
fn a_silent_xenstore_is_waited_for_once() {
    let (here, _there) = UnixStream::pair().unwrap();
    let mut store = Store::over(Some(Connection::over(here).unwrap()));
    store.patience = WAIT;
    let mut domains = [domain(0, 0)];
    store.give(&mut domains, true, &mut |_| true);
    assert!(store.patience.is_zero());
    store.give(&mut domains, true, &mut |_| true);
    assert!(store.connection.is_some());
    assert!(store.trouble().unwrap().contains("does not answer"));
}

#[test]
fn stub_domains_and_driver_domains_are_told_apart() {
    let nodes = Nodes::default();
    // The daemon answers a directory with an empty value.
    for (node, value) in [("4/target", "3"), ("5/backend", ""), ("6/target", "x")] {
        let path = format!("/local/domain/{node}");
        nodes.lock().unwrap().insert(path, value.into());
    }
    let (connection, fire) = xenstore(&nodes);
    let mut store = Store::over(Some(connection));
    let mut domains = [0, 3, 4, 5, 6].map(|id| domain(id, id.into()));
    let mut given_until = |store: &mut Store, role: [Role; 5]| {
        let mut round = 0;
        while domains.iter().map(|domain| domain.role).ne(role.map(Some)) {
            given(store, &mut domains);
            thread::sleep(WAIT / 10);
            round += 1;
            assert!(round < 500, "{domains:?}");
        }
        domains.each_ref().map(|domain| domain.target_id)
    };
    let roles = [
        Role::Control,
        Role::Guest,
        Role::Stub,
        Role::Driver,
        Role::Guest,
    ];
    let targets = given_until(&mut store, roles);
    assert_eq!(targets, [None, None, Some(3), None, None]);

    // It serves nobody any more.
    nodes.lock().unwrap().remove("/local/domain/5/backend");
    fire("/local/domain/5/backend");
    given_until(
        &mut store,
        [
            Role::Control,
            Role::Guest,
            Role::Stub,
            Role::Guest,
            Role::Guest,
        ],
    );
}

#[test]
fn a_message_that_is_too_long_ends_the_connection() {
    let (here, mut there) = UnixStream::pair().unwrap();
    let header: Vec<u8> = [xs_wire::READ, 1, 0, u32::MAX]
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .collect();
    there.write_all(&header).unwrap();
    let mut connection = Connection::over(here).unwrap();
    connection.receive().unwrap();
    let error = connection.take().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}
