//! A domain of a list and the values that came with it.

use std::ffi::{CStr, c_char, c_int};
use std::slice;

use super::bindings::{
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_STRING, VIR_TYPED_PARAM_UINT,
    virTypedParameter,
};
use super::domain::Domain;
use super::params::Param;

/// A domain and its values.
#[derive(Clone, Copy)]
pub(crate) struct StatsRecord<'l> {
    /// The domain.
    pub(crate) domain: Domain<'l>,
    params: &'l [virTypedParameter],
}

impl<'l> StatsRecord<'l> {
    /// A domain with the `count` values at `params`.
    ///
    /// # Safety
    /// If `count` is above 0, `params` must be that many typed parameters that libvirt made and that
    /// do not change for all of `'l`.
    pub(super) unsafe fn new(
        domain: Domain<'l>,
        params: *const virTypedParameter,
        count: c_int,
    ) -> Self {
        let params = match usize::try_from(count) {
            Ok(count) if count > 0 && !params.is_null() => {
                // SAFETY: `count` parameters live for 'l, as the caller promises.
                unsafe { slice::from_raw_parts(params, count) }
            }
            _ => &[],
        };
        Self { domain, params }
    }

    /// The values, in libvirt's order.
    pub(crate) fn params(self) -> impl Iterator<Item = Param<'l>> {
        self.params.iter().filter_map(param)
    }
}

fn param(param: &virTypedParameter) -> Option<Param<'_>> {
    let value = &param.value;
    let mut text = None;
    let bits = match u32::try_from(param.type_) {
        // SAFETY: the type says which field of the union libvirt wrote; any bits are a number.
        Ok(VIR_TYPED_PARAM_INT) => i64::from(unsafe { value.i }).cast_unsigned(),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_UINT) => unsafe { value.ui }.into(),
        // SAFETY: as above.
        Ok(VIR_TYPED_PARAM_BOOLEAN) => u64::from(unsafe { value.b } != 0),
        Ok(VIR_TYPED_PARAM_STRING) => {
            // SAFETY: as above: it is a string's address. libvirt.h says that it is never null,
            // and the string is NUL-terminated and lives as long as the parameter that owns it.
            text = unsafe { bytes(value.s) };
            0
        }
        // SAFETY: all other known types have eight bytes, and any bits are a number. For an unknown
        // type, libvirt has written all bytes or has left the zeroes of its allocation.
        _ => unsafe { value.ul },
    };
    let name = CStr::from_bytes_until_nul(name_bytes(param)).ok()?;
    Some(Param {
        name: name.to_str().ok()?,
        kind: param.type_,
        bits,
        text,
    })
}

/// The bytes of a parameter's name, and those after its NUL byte. A C `char` is signed on x86_64 and
/// unsigned on aarch64.
pub(super) fn name_bytes(param: &virTypedParameter) -> &[u8] {
    let chars = &param.field;
    // SAFETY: the same bytes of the same array, as unsigned.
    unsafe { slice::from_raw_parts(chars.as_ptr().cast::<u8>(), chars.len()) }
}

/// # Safety
/// `start` must be null or a NUL-terminated string that does not change for all of `'l`.
unsafe fn bytes<'l>(start: *const c_char) -> Option<&'l [u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: not null, so as the caller promises.
    Some(unsafe { CStr::from_ptr(start) }.to_bytes())
}
