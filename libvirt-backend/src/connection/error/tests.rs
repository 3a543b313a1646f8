use super::*;

const INTERNAL: i32 = 1;
const NO_CONNECT: i32 = VIR_ERR_NO_CONNECT.cast_signed();
const SYSTEM: i32 = VIR_ERR_SYSTEM_ERROR.cast_signed();
const EACCES: i32 = 13;
const ENOENT: i32 = 2;

#[test]
fn a_daemon_that_is_not_there_is_not_here() {
    let fault = Fault::new(
        SYSTEM,
        ENOENT,
        "Failed to connect socket to '/x': No such file",
    );
    let Error::Unavailable(line) = fault.on_open(Some("qemu:///system")) else {
        panic!();
    };
    assert_eq!(
        line,
        "libvirt can't reach qemu:///system: Failed to connect socket to '/x': \
         No such file: is libvirtd (or virtqemud, virtxend) running there, and is the URI right?"
    );
}

#[test]
fn a_refused_user_is_denied() {
    let denied = [
        (SYSTEM, EACCES),
        (VIR_ERR_AUTH_FAILED.cast_signed(), 0),
        (VIR_ERR_AUTH_UNAVAILABLE.cast_signed(), 0),
        (VIR_ERR_OPERATION_DENIED.cast_signed(), 0),
    ];
    for (code, errno) in denied {
        let error = Fault::new(code, errno, "no").on_open(None);
        assert!(matches!(error, Error::Denied(_)), "{code}: {error}");
        let error = Fault::new(code, errno, "no").on_call("virNodeGetInfo");
        assert!(matches!(error, Error::Denied(_)), "{code}: {error}");
    }
    // int1 is an errno only where the code says so.
    let error = Fault::new(INTERNAL, EACCES, "no").on_open(None);
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
}

#[test]
fn a_uri_of_no_driver_is_told_apart() {
    let fault = Fault::new(
        NO_CONNECT,
        0,
        "no connection driver available for nosuch:///x",
    );
    let line = fault.on_open(Some("nosuch:///x")).to_string();
    assert!(
        line.ends_with("is the URI right (qemu:///system, xen:///system)?"),
        "{line}"
    );
}

#[test]
fn all_is_on_one_line_and_no_name_is_said_twice() {
    let call = "virConnectListAllDomains";
    let message =
        "this function is not\nsupported by the connection driver: virConnectListAllDomains";
    let fault = Fault::new(3, 0, message);
    assert_eq!(
        fault.on_call(call).to_string(),
        "virConnectListAllDomains: this function is not supported by the connection driver"
    );
    let wordless = Fault::new(7, 0, "").on_retry(call).to_string();
    assert_eq!(
        wordless,
        "virConnectListAllDomains: libvirt error 7, without a word"
    );
}
