use virtmon_model::Role;

use super::*;
use crate::xenstore::scripted::domain;

fn updated_names(store: &mut XenstoreDomains, domains: &mut [Domain]) -> Vec<Option<String>> {
    store.sync(domains);
    store.update(domains, true);
    let name = |domain: &Domain| domain.name.as_deref().map(str::to_owned);
    domains.iter().map(name).collect()
}

#[test]
fn names_belong_to_the_identity_of_a_domain() {
    let mut store = XenstoreDomains::default();
    let mut domains = [domain(0, 0), domain(3, 33), domain(4, 44)];
    assert_eq!(updated_names(&mut store, &mut domains), [None, None, None]);
    store.set_node(0, Node::Name, Answer::Value(b"Domain-0"));
    store.set_node(3, Node::Name, Answer::Value(b"web, \"one\"\xff"));
    store.set_node(9, Node::Name, Answer::Value(b"nobody"));
    let web = Some("web, \"one\"\\xff".to_owned());
    let seen = updated_names(&mut store, &mut domains);
    assert_eq!(seen, [Some("Domain-0".into()), web, None]);

    // The domid is used again with another uuid: no value of its previous owner stays.
    let mut domains = [domain(0, 0), domain(3, 99)];
    let seen = updated_names(&mut store, &mut domains);
    assert_eq!(seen, [Some("Domain-0".into()), None]);
}

#[test]
fn the_memory_that_an_agent_writes_as_free_is_the_usable_memory() {
    let mut store = XenstoreDomains::default();
    let mut domains = [domain(3, 33)];
    updated_names(&mut store, &mut domains);
    for (node, kib) in [
        (Node::MemTarget, "98304"),
        (Node::MemTotal, "90000"),
        (Node::MemFree, "1024"),
    ] {
        store.set_node(3, node, Answer::Value(kib.as_bytes()));
    }
    updated_names(&mut store, &mut domains);
    let memory = domains[0].memory;
    assert_eq!(memory.target_bytes, Some(96 << 20));
    assert_eq!(memory.guest_total_bytes, Some(90_000 << 10));
    assert_eq!(memory.guest_usable_bytes, Some(1 << 20));
    assert_eq!(memory.guest_unused_bytes, None);
    for no_size in ["x", "", "-1", "18446744073709551615"] {
        store.set_node(3, Node::MemFree, Answer::Value(no_size.as_bytes()));
        updated_names(&mut store, &mut domains);
        assert_eq!(domains[0].memory.guest_usable_bytes, None, "{no_size}");
    }
}

#[test]
fn rows_are_not_filled_until_a_value_changes() {
    let mut store = XenstoreDomains::default();
    let mut domains = [domain(0, 0)];
    updated_names(&mut store, &mut domains);
    domains[0].name = Some("as it was left".into());
    assert!(!store.update(&mut domains, false));
    // The same value again is no change.
    store.set_node(0, Node::Name, Answer::Missing);
    assert!(!store.update(&mut domains, false));
    assert_eq!(domains[0].name.as_deref(), Some("as it was left"));
    store.set_node(0, Node::Name, Answer::Value(b"renamed"));
    assert!(store.update(&mut domains, false));
    assert_eq!(domains[0].name.as_deref(), Some("renamed"));
}

#[test]
fn stub_domains_and_driver_domains_have_different_roles() {
    let mut store = XenstoreDomains::default();
    let mut domains = [0, 3, 4, 5, 6, 7].map(|id| domain(id, id.into()));
    domains[0].role = Some(Role::Control);
    domains[5].role = Some(Role::Xenstore);
    updated_names(&mut store, &mut domains);
    assert_eq!(domains[1].role, None, "its role is unknown");
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
        store.set_node(domid, Node::Target, answer(target));
        store.set_node(domid, Node::Backend, answer(backend));
    }
    updated_names(&mut store, &mut domains);
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

    // It serves no domain any more.
    store.set_node(5, Node::Backend, Answer::Missing);
    updated_names(&mut store, &mut domains);
    assert_eq!(domains[3].role, Some(Role::Guest));
}
