use virtmon_model::Role;

use super::*;
use crate::xenstore::scripted::domain;

fn given(store: &mut Store, domains: &mut [Domain]) -> Vec<Option<String>> {
    store.follow(domains);
    store.give(domains, true);
    let name = |domain: &Domain| domain.name.as_deref().map(str::to_owned);
    domains.iter().map(name).collect()
}

#[test]
fn names_follow_the_domains() {
    let mut store = Store::default();
    let mut domains = [domain(0, 0), domain(3, 33), domain(4, 44)];
    assert_eq!(given(&mut store, &mut domains), [None, None, None]);
    store.learn(0, Node::Name, Answer::Value(b"Domain-0"));
    store.learn(3, Node::Name, Answer::Value(b"web, \"one\"\xff"));
    store.learn(9, Node::Name, Answer::Value(b"nobody"));
    let web = Some("web, \"one\"\\xff".to_owned());
    let seen = given(&mut store, &mut domains);
    assert_eq!(seen, [Some("Domain-0".into()), web, None]);

    // The domid comes again with another uuid: nothing of its last owner stays.
    let mut domains = [domain(0, 0), domain(3, 99)];
    let seen = given(&mut store, &mut domains);
    assert_eq!(seen, [Some("Domain-0".into()), None]);
}

#[test]
fn what_an_agent_writes_as_free_is_the_memory_that_can_be_used() {
    let mut store = Store::default();
    let mut domains = [domain(3, 33)];
    given(&mut store, &mut domains);
    for (node, kib) in [
        (Node::MemTarget, "98304"),
        (Node::MemTotal, "90000"),
        (Node::MemFree, "1024"),
    ] {
        store.learn(3, node, Answer::Value(kib.as_bytes()));
    }
    given(&mut store, &mut domains);
    let memory = domains[0].memory;
    assert_eq!(memory.target_bytes, Some(96 << 20));
    assert_eq!(memory.guest_total_bytes, Some(90_000 << 10));
    assert_eq!(memory.guest_usable_bytes, Some(1 << 20));
    assert_eq!(memory.guest_unused_bytes, None);
    for no_size in ["x", "", "-1", "18446744073709551615"] {
        store.learn(3, Node::MemFree, Answer::Value(no_size.as_bytes()));
        given(&mut store, &mut domains);
        assert_eq!(domains[0].memory.guest_usable_bytes, None, "{no_size}");
    }
}

#[test]
fn rows_that_have_not_changed_are_left_alone_until_something_is_learnt() {
    let mut store = Store::default();
    let mut domains = [domain(0, 0)];
    given(&mut store, &mut domains);
    domains[0].name = Some("as it was left".into());
    assert!(!store.give(&mut domains, false));
    // What was known already is no news.
    store.learn(0, Node::Name, Answer::Missing);
    assert!(!store.give(&mut domains, false));
    assert_eq!(domains[0].name.as_deref(), Some("as it was left"));
    store.learn(0, Node::Name, Answer::Value(b"renamed"));
    assert!(store.give(&mut domains, false));
    assert_eq!(domains[0].name.as_deref(), Some("renamed"));
}

#[test]
fn stub_domains_and_driver_domains_are_told_apart() {
    let mut store = Store::default();
    let mut domains = [0, 3, 4, 5, 6, 7].map(|id| domain(id, id.into()));
    domains[0].role = Some(Role::Control);
    domains[5].role = Some(Role::Xenstore);
    given(&mut store, &mut domains);
    assert_eq!(domains[1].role, None, "nothing is known of it");
    // The daemon answers a directory with an empty value.
    for (domid, target, backend) in [
        (3, None, None),
        (4, Some("3"), None),
        (5, None, Some("")),
        (6, Some("x"), None),
        (7, None, None),
    ] {
        let answer = |value: Option<&'static str>| match value {
            Some(value) => Answer::Value(value.as_bytes()),
            None => Answer::Missing,
        };
        store.learn(domid, Node::Target, answer(target));
        store.learn(domid, Node::Backend, answer(backend));
    }
    given(&mut store, &mut domains);
    let roles = domains.each_ref().map(|domain| domain.role);
    let expected = [
        Role::Control,
        Role::Guest,
        Role::Stub,
        Role::Driver,
        Role::Guest,
        Role::Xenstore,
    ];
    assert_eq!(roles, expected.map(Some));
    let targets = domains.each_ref().map(|domain| domain.target_id);
    assert_eq!(targets, [None, None, Some(3), None, None, None]);

    // It serves nobody any more.
    store.learn(5, Node::Backend, Answer::Missing);
    given(&mut store, &mut domains);
    assert_eq!(domains[3].role, Some(Role::Guest));
}
