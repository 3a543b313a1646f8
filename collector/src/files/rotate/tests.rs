use std::fs;

use super::*;

const NOON: Duration = Duration::from_secs(1_795_435_200);

#[test]
fn a_file_ends_with_its_size_or_its_time() {
    let at = |ns| UNIX_EPOCH + NOON + Duration::from_nanos(ns);
    let size = Rotate::Size(100);
    assert!(!size.is_due(true, 100, at(0), at(0)));
    assert!(size.is_due(true, 101, at(0), at(0)));
    assert!(!size.is_due(false, 500, at(0), at(0)));
    let hour = Rotate::Time(Duration::from_secs(3600));
    let ns = 3_600_000_000_000;
    assert!(!hour.is_due(true, 1, at(0), at(ns - 1)));
    assert!(hour.is_due(true, 1, at(ns - 1), at(ns)));
    assert!(
        hour.is_due(true, 1, at(ns), at(ns - 1)),
        "the clock stepped back"
    );
}

#[test]
fn names_tell_the_first_tick() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &OsStr| place.path().join(name);
    let (dir, _) = Directory::of(&at("x".as_ref())).unwrap();
    let first = UNIX_EPOCH + NOON;
    let mut names = Vec::new();
    for name in ["out.csv", "out.csv", "out.csv", "out.vcpu.csv", "out"] {
        fs::write(at(name.as_ref()), "rows\n").unwrap();
        let name = finish(&dir, name.as_ref(), first).unwrap();
        if names.is_empty() {
            fs::rename(at(&name), at(&compressed(&name))).unwrap();
        }
        names.push(name.into_string().unwrap());
    }
    let expected = [
        "out-20261123T120000Z.csv",
        "out-20261123T120000Z_1.csv",
        "out-20261123T120000Z_2.csv",
        "out.vcpu-20261123T120000Z.csv",
        "out-20261123T120000Z",
    ];
    assert_eq!(names, expected);
    for other in [
        "out-of-order.csv",
        "out-20261123T120000.csv",
        "out-20261323T120000Z.csv",
        "out-20261123T120000Z.csv.zst.part",
    ] {
        fs::write(at(other.as_ref()), "").unwrap();
    }
    fs::create_dir(at("out-20261123T120001Z.csv".as_ref())).unwrap();
    let all = all_finished(&dir, "out.csv".as_ref()).unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|finished| (finished.name.to_str().unwrap(), finished.is_compressed))
        .collect();
    let zst = format!("{}.zst", expected[0]);
    assert_eq!(
        all,
        [(&*zst, true), (expected[1], false), (expected[2], false)]
    );
}

#[test]
fn a_file_tells_when_it_began() {
    let time = |text: &str| first_time(text.as_bytes());
    let noon = Some(UNIX_EPOCH + NOON);
    let row = "2026-11-23T12:00:00.000000000Z";
    assert_eq!(time(&format!("schema,tick,time\n1,0,{row}\n")), noon);
    assert_eq!(time(&format!("time,name\n{row},\"a\"\n")), noon);
    assert_eq!(
        time(&format!("{{\"table\":\"domain\",\"time\":\"{row}\"}}\n")),
        noon
    );
    for text in [
        "",
        "time,name\n",
        "id,name\n1,x\n",
        "time\n,\n",
        "{\"time\":\"",
    ] {
        assert_eq!(time(text), None, "{text:?}");
    }
}
