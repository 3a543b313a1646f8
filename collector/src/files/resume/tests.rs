use std::io::Cursor;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HEADER: &str = "schema,tick,time,mono_ns,name,tick_end\n";

fn of(bytes: impl AsRef<[u8]>, header: &str) -> Tail {
    find_tail(&mut Cursor::new(bytes.as_ref()), header.as_bytes()).unwrap()
}

fn ticks(whole: usize, all: usize) -> Tail {
    Tail::Ticks {
        whole: whole as u64,
        torn: (all - whole) as u64,
    }
}

/// A tick of some guests, whose last has an odd name.
fn tick(number: u32, guests: u32) -> String {
    let row = |guest: u32| {
        let (name, end) = match guest + 1 == guests {
            true => ("\"a \"\"b\"\", c,1\n1\"", "1"),
            false => ("web", ""),
        };
        format!("1,{number},2026-11-23T12:00:00.000000000Z,{number}000,{name},{end}\n")
    };
    (0..guests).map(row).collect()
}

fn file(ticks: u32, guests: u32) -> String {
    let all = (0..ticks).map(|number| tick(number, guests));
    std::iter::once(HEADER.to_owned()).chain(all).collect()
}

#[test]
fn a_file_torn_anywhere_loses_its_last_tick() {
    let (before, whole) = (file(2, 3), file(3, 3));
    for at in before.len()..=whole.len() {
        let kept = if at == whole.len() { at } else { before.len() };
        assert_eq!(of(&whole[..at], HEADER), ticks(kept, at), "{at}");
    }
    for at in HEADER.len()..file(1, 3).len() {
        assert_eq!(of(&whole[..at], HEADER), ticks(HEADER.len(), at), "{at}");
    }
    for at in 0..HEADER.len() {
        assert_eq!(of(&whole[..at], HEADER), Tail::Empty, "{at}");
    }
}

/// Damages these bytes in switch, and asserts that no more than the last tick goes.
fn assert_damage_costs_little(whole: &[u8], last: usize, places: Range<usize>, shift: usize) {
    let mut damaged = whole.to_vec();
    for at in places {
        // A quote, an end of a row, an end of a cell, a row's last cell, and what is none of these.
        let byte = b"\"\n,1\0x"[(at + shift) % 6];
        damaged[at] = byte;
        let Tail::Ticks { whole: kept, torn } = of(&damaged, HEADER) else {
            panic!("{at} {byte}");
        };
        assert_eq!(kept + torn, whole.len() as u64);
        assert!(kept >= last as u64, "{at} {byte}: {kept}");
        // Damage before the last tick costs nothing.
        assert!(at >= last || torn == 0, "{at} {byte}: {torn}");
        damaged[at] = whole[at];
    }
}

#[test]
fn one_damaged_byte_anywhere_costs_the_last_tick_at_most() {
    let whole = file(20, 50).into_bytes();
    let last = file(19, 50).len();
    let middle = whole.len() / 2;
    std::thread::scope(|scope| {
        scope.spawn(|| assert_damage_costs_little(&whole, last, HEADER.len()..middle, 0));
        assert_damage_costs_little(&whole, last, middle..whole.len(), 0);
    });
    // A file of few guests, by each kind of damage.
    let whole = file(4, 3).into_bytes();
    let last = file(3, 3).len();
    for shift in 0..6 {
        assert_damage_costs_little(&whole, last, HEADER.len()..whole.len(), shift);
    }
}

#[test]
fn a_damaged_header_loses_nothing() {
    let whole = file(20, 5).into_bytes();
    for at in 0..HEADER.len() {
        for byte in *b"\"\n,\0x1" {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            let find_tail = of(&damaged, HEADER);
            let same = damaged == whole && find_tail == ticks(whole.len(), whole.len());
            assert!(
                same || find_tail == Tail::OtherColumns,
                "{at} {byte}: {find_tail:?}"
            );
        }
    }
}

#[test]
fn the_last_tick_goes_though_the_end_of_the_one_before_is_damaged() {
    let mut text = file(3, 3);
    let at = file(2, 3).len() - 2;
    text.replace_range(at..=at, "");
    let torn = &text[..text.len() - 5];
    assert_eq!(of(torn, HEADER), ticks(at + 1, torn.len()));
}

#[test]
fn what_never_reached_the_disk_is_no_tick() {
    let mut bytes = file(3, 3).into_bytes();
    let whole = bytes.len();
    bytes.resize(whole + 10_000, 0);
    assert_eq!(of(&bytes, HEADER), ticks(whole, bytes.len()));
    // As a file that was truncated beside a writer that does not append.
    let bytes = [&[0; 5_000][..], file(1, 3).as_bytes()].concat();
    assert_eq!(of(bytes, HEADER), Tail::OtherColumns);
}

#[test]
fn a_long_file_is_read_from_its_end() {
    struct Counted(Cursor<Vec<u8>>, u64);
    impl Read for Counted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.read(into)?;
            self.1 += bytes as u64;
            Ok(bytes)
        }
    }
    impl Seek for Counted {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let whole = file(60_000, 3);
    assert!(whole.len() > 8 << 20);
    let torn = format!("{whole}{}", &tick(60_000, 3)[..99]);
    let mut file = Counted(Cursor::new(torn.clone().into_bytes()), 0);
    let find_tail = find_tail(&mut file, HEADER.as_bytes()).unwrap();
    assert_eq!(find_tail, ticks(whole.len(), torn.len()));
    assert!(file.1 < 1 << 20, "{} bytes were read", file.1);
}

#[test]
fn quotes_and_missing_line_feeds_take_no_time() {
    // As much as is ever looked at, of a text that no row ends in: were each byte looked at again
    // for each line, this would take hours.
    for part in [&b"1,1,\"x\n"[..], b"\"\"", b"\"x\n", b"x", b"\0"] {
        let mut bytes = file(1, 3).into_bytes();
        bytes.extend(part.repeat((8 << 20) / part.len()));
        let whole = file(1, 3).len();
        assert_eq!(of(&bytes, HEADER), ticks(whole, bytes.len()));
    }
}

#[test]
fn without_the_column_only_a_torn_row_goes() {
    let header = "tick,name\n";
    let text = "tick,name\n0,a\n0,b\n1,\"two\nlines\"\n1,";
    assert_eq!(of(text, header), ticks(text.len() - 2, text.len()));
    assert_eq!(of(&text[..10], header), ticks(10, 10));
}

#[test]
fn json_lines_end_their_ticks_too() {
    let row = |tick: u32, end: &str| {
        format!(
            "{{\"table\":\"domain\",\"tick\":{tick},\"time\":\"x\",\"late_ns\":1,\
             \"name\":\",\\\"tick_end\\\":1}}\"{end}}}\n"
        )
    };
    let tick = |tick: u32| row(tick, "") + &row(tick, ",\"tick_end\":1");
    let before = tick(0) + &tick(1);
    let whole = before.clone() + &tick(2);
    for at in before.len()..=whole.len() {
        let kept = if at == whole.len() { at } else { before.len() };
        assert_eq!(of(&whole[..at], ""), ticks(kept, at), "{at}");
    }
    // An earlier version had no such key.
    let older = row(0, "") + &row(1, "");
    let torn = older.clone() + "{\"ta";
    assert_eq!(of(torn.as_bytes(), ""), ticks(older.len(), torn.len()));
    assert_eq!(of("", ""), Tail::Empty);
    assert_eq!(of("x\n", ""), Tail::Foreign);
}

proptest! {
    /// Pieces of rows in any order: what is said adds up, and ends behind a row.
    #[test]
    fn whatever_a_file_holds(
        pieces in vec(prop_oneof![
            Just("1,0,2026-11-23T12:00:00.000000000Z,7,a,\n"),
            Just("1,1,2026-11-23T12:00:01.000000000Z,8,b,1\n"),
            Just("1,1,2026-11-23T12:00:01.000000000Z,8,\"b"),
            Just("{\"table\":\"nic\",\"tick\":3,\"late_ns\":1"),
            Just(",\"tick_end\":1}\n"),
            Just("}\n"), Just("\""), Just("\n"), Just(","), Just("1\n"), Just("\0"), Just("\u{fc}"),
        ], 0..40),
        header in prop_oneof![Just(HEADER), Just("name,id\n"), Just("")],
    ) {
        let text = std::iter::once(header).chain(pieces).collect::<String>();
        if let Tail::Ticks { whole, torn } = of(&text, header) {
            prop_assert_eq!(whole + torn, text.len() as u64);
            let whole = usize::try_from(whole).unwrap();
            prop_assert!(whole >= header.len());
            prop_assert!(whole == header.len() || text.as_bytes()[whole - 1] == b'\n');
        }
    }
}

#[test]
fn another_table_is_told_from_none() {
    assert_eq!(of("", HEADER), Tail::Empty);
    assert_eq!(of("schema,tick,time,mono_ns\n", HEADER), Tail::OtherColumns);
    assert_eq!(of("id,name\n7,x\n", HEADER), Tail::OtherColumns);
    assert_eq!(of("a letter\n", HEADER), Tail::Foreign);
    assert_eq!(of("{\"table\":\"domain\"}\n", HEADER), Tail::Foreign);
    assert_eq!(of("\u{7f}ELF", HEADER), Tail::Foreign);
}
