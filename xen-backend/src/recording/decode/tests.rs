use virtmon_model::{Role, Uuid, VcpuState};
use virtmon_recording::codec::put_bytes;

use super::*;
use crate::recording::encode;

/// Two entries of Xen 4.17: domain 0 with one vCPU, and domain 3 with two.
fn list() -> Vec<u8> {
    let mut bytes = vec![0; 2 * 112];
    bytes[112] = 3;
    for (entry, max_vcpu_id) in bytes.chunks_exact_mut(112).zip([0, 1]) {
        entry[56..64].copy_from_slice(&1_000_000u64.to_le_bytes());
        entry[64] = max_vcpu_id + 1;
        entry[68] = max_vcpu_id;
        entry[76] = max_vcpu_id;
    }
    bytes
}

fn live() -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (id, name) in [(0, "Domain-0"), (3, "web")] {
        let domain = snapshot.domains.next_row();
        domain.identity.id = id;
        domain.name = Some(name.into());
    }
    snapshot.domains[0].role = Some(Role::Control);
    let web = &mut snapshot.domains[1];
    (web.role, web.target_id) = (Some(Role::Stub), Some(2));
    web.memory.target_bytes = Some(96 << 20);
    web.nics.complete = true;
    let nic = web.nics.rows.next_row();
    nic.name.push_str("vif3.0");
    (nic.rx_bytes, nic.tx_drops) = (Some(11), Some(18));
    let disk = web.disks.rows.next_row();
    disk.name.push_str("xvda");
    disk.path.push_str("/dev/loop0");
    (disk.rd_requests, disk.queue_full) = (Some(21), Some(27));
    snapshot
        .warnings
        .next_row()
        .push_str("netlink RTM_GETSTATS: no");
    snapshot
}

/// Raw bytes of a sample as the backend records them.
fn sample() -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, &list());
    out.push(1);
    let mut answer = [0; 24];
    (answer[4], answer[6], answer[8]) = (1, 1, 77);
    let info = || Ok(VcpuInfo::decode(&answer).unwrap());
    encode::put_vcpu(&mut out, &info(), &answer);
    encode::put_vcpu(&mut out, &info(), &answer);
    encode::put_vcpu(&mut out, &Err(io::Error::from_raw_os_error(12)), &answer);
    let mut physinfo = [0; 112];
    (physinfo[8], physinfo[40]) = (2, 9);
    put_bytes(&mut out, &physinfo);
    put_bytes(&mut out, &[5, 0, 0, 0, 0, 0, 0, 0]);
    put_bytes(&mut out, &[]);
    encode::put_snapshot(&mut out, &live());
    out
}

fn replay() -> XenReplay {
    let abi = Abi::ALL.into_iter().find(|abi| abi.sysctl == 0x15).unwrap();
    let capabilities = Capabilities::from_bits(7);
    XenReplay::new(&encode::host_metadata(abi, "Xen 4.17.5", capabilities)).unwrap()
}

#[test]
fn a_recorded_sample_is_decoded_completely() {
    let mut replay = replay();
    let mut snapshot = Snapshot::default();
    for _ in 0..2 {
        replay.sample(&sample(), &mut snapshot).unwrap();
        let live = live();
        assert_eq!(snapshot.host.hypervisor, "Xen 4.17.5");
        assert_eq!(snapshot.host.pcpus, Some(2));
        assert_eq!(snapshot.host.mem_bytes, Some(9 * 4096));
        assert_eq!(snapshot.host.pcpu_idle_ns, [Some(5)]);
        assert!(snapshot.host.nodes.is_empty());
        assert_eq!(*snapshot.warnings, *live.warnings);
        let [dom0, web] = &snapshot.domains[..] else {
            panic!("two domains were listed");
        };
        assert_eq!((dom0.identity.id, web.identity.id), (0, 3));
        assert_eq!(web.identity.uuid, Uuid::from_u128(1 << 120));
        assert_eq!(web.cpu_time_ns, Some(1_000_000));
        assert_eq!(web.name, live.domains[1].name);
        assert_eq!((web.role, web.target_id), (Some(Role::Stub), Some(2)));
        assert_eq!((dom0.role, dom0.target_id), (Some(Role::Control), None));
        assert_eq!(web.memory.target_bytes, Some(96 << 20));
        assert_eq!(*web.nics.rows, *live.domains[1].nics.rows);
        assert_eq!(*web.disks.rows, *live.domains[1].disks.rows);
        assert!(web.nics.complete && !web.disks.complete && !dom0.nics.complete);
        assert_eq!(dom0.vcpus.rows[0].state, VcpuState::Running);
        assert_eq!(dom0.vcpus.rows[0].cpu_time_ns, Some(77));
        assert!(dom0.vcpus.complete && !web.vcpus.complete);
        let error = web.error.as_deref().unwrap();
        assert!(error.starts_with("XEN_DOMCTL_getvcpuinfo: "), "{error}");
    }
}

#[test]
fn truncated_bytes_are_no_sample() {
    let (mut replay, sample) = (replay(), sample());
    // The roles have three bytes and four bytes. Without any, this is one of the first recordings.
    let roles = sample.len() - 3 - 4;
    assert!(
        replay
            .sample(&sample[..roles], &mut Snapshot::default())
            .is_some()
    );
    for cut in (0..sample.len()).filter(|&cut| cut != roles) {
        let sampled = replay.sample(&sample[..cut], &mut Snapshot::default());
        assert_eq!(sampled, None, "{cut}");
    }
}

#[test]
fn domains_out_of_order_are_no_sample() {
    let mut out = Vec::new();
    let mut backwards = list();
    backwards.rotate_left(112);
    put_bytes(&mut out, &backwards);
    out.extend_from_slice(&sample()[out.len()..]);
    assert_eq!(replay().sample(&out, &mut Snapshot::default()), None);
}

#[test]
fn an_unsupported_xen_is_refused() {
    let abi = Abi {
        sysctl: 0x99,
        ..Abi::ALL[0]
    };
    let metadata = encode::host_metadata(abi, "Xen 5.0", Capabilities::from_bits(0));
    let error = XenReplay::new(&metadata).err().unwrap().to_string();
    assert!(
        error.contains("Xen 5.0") && error.contains("0x99"),
        "{error}"
    );
    assert!(XenReplay::new(&metadata[..4]).is_err());
    assert!(XenReplay::new(b"").is_err());
}
