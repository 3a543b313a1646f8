use super::*;

const INTERNAL: i32 = 1;
const NO_CONNECT: i32 = VIR_ERR_NO_CONNECT.cast_signed();
const SYSTEM: i32 = VIR_ERR_SYSTEM_ERROR.cast_signed();
const EACCES: i32 = 13;
const ENOENT: i32 = 2;

#[test]
fn a_daemon_that_does_not_run_is_unavailable() {
    let error = LibvirtError::new(
        SYSTEM,
        ENOENT,
        "Failed to connect socket to '/x': No such file",
    );
    let Error::Unavailable(line) = error.into_open_error(Some("qemu:///system")) else {
        panic!();
    };
    assert_eq!(
        line,
        "libvirt cannot connect to qemu:///system: Failed to connect socket to '/x': \
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
        let error = LibvirtError::new(code, errno, "no").into_open_error(None);
        assert!(matches!(error, Error::Denied(_)), "{code}: {error}");
        let error = LibvirtError::new(code, errno, "no").into_call_error("virNodeGetInfo");
        assert!(matches!(error, Error::Denied(_)), "{code}: {error}");
    }
    // int1 is an errno only with the code VIR_ERR_SYSTEM_ERROR.
    let error = LibvirtError::new(INTERNAL, EACCES, "no").into_open_error(None);
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
}

#[test]
fn a_uri_without_a_driver_has_advice_of_its_own() {
    let error = LibvirtError::new(
        NO_CONNECT,
        0,
        "no connection driver available for nosuch:///x",
    );
    let line = error.into_open_error(Some("nosuch:///x")).to_string();
    assert!(
        line.ends_with("is the URI right (qemu:///system, xen:///system)?"),
        "{line}"
    );
}

#[test]
fn a_message_is_on_one_line_and_names_the_call_once() {
    let call = "virConnectListAllDomains";
    let message =
        "this function is not\nsupported by the connection driver: virConnectListAllDomains";
    let error = LibvirtError::new(3, 0, message);
    assert_eq!(
        error.into_call_error(call).to_string(),
        "virConnectListAllDomains: this function is not supported by the connection driver"
    );
    let no_message = LibvirtError::new(7, 0, "")
        .into_retry_error(call)
        .to_string();
    assert_eq!(
        no_message,
        "virConnectListAllDomains: libvirt error 7 (no message)"
    );
}
