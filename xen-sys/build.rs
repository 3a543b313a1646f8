//! Generates the bindings from the installed Xen headers. Runs only with the feature `bindgen`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "bindgen")]
    generate();
}

#[cfg(feature = "bindgen")]
fn generate() {
    use std::env;
    use std::path::PathBuf;

    println!("cargo::rerun-if-changed=wrapper.h");
    let bindings = bindgen::Builder::default()
        .header("wrapper.h")
        .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
        .allowlist_function("xc_interface_open|xc_interface_close")
        .allowlist_function("xc_domain_getinfolist")
        .allowlist_type(
            "xc_domaininfo_t|xc_physinfo_t|xsd_sockmsg|xsd_sockmsg_type|privcmd_hypercall_t",
        )
        .allowlist_type("xen_sysctl|xen_domctl|xen_domctl_getvcpuinfo")
        .allowlist_var("XEN_(SYS|DOM)CTL_INTERFACE_VERSION")
        .allowlist_var("XEN_DOMINF_.*|SHUTDOWN_crash|XENSTORE_PAYLOAD_MAX")
        .allowlist_var("__HYPERVISOR_(xen_version|sysctl|domctl)|XENVER_(version|extraversion)")
        .allowlist_var("XEN_SYSCTL_(physinfo|getdomaininfolist|getcpuinfo|numainfo)")
        .allowlist_var("XEN_DOMCTL_(getdomaininfo|getvcpuinfo)")
        // Only the size and the offset of the unions are used. Their members are decoded from bytes.
        .opaque_type("xen_sysctl__bindgen_ty_1|xen_domctl__bindgen_ty_1|xen_arch_domainconfig")
        // The library is loaded at run time, not linked: the program starts without it.
        .dynamic_library_name("Libxenctrl")
        .dynamic_link_require_all(true)
        .default_enum_style(bindgen::EnumVariation::Consts)
        .derive_debug(false)
        .generate_comments(false)
        .generate()
        .unwrap_or_else(|error| {
            panic!(
                "can't read the Xen headers ({error}): \
                 install xenctrl.h and libclang (Debian: libxen-dev libclang-dev)"
            )
        });
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("bindings.rs");
    if let Err(error) = bindings.write_to_file(&out) {
        panic!("{}: {error}", out.display());
    }
}
