//! Generates the bindings from the installed libvirt headers. Runs only with the feature `bindgen`.

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
        .allowlist_function("virConnect(OpenReadOnly|Close|IsAlive|SetKeepAlive|GetType|GetVersion)")
        .allowlist_function("virConnect(GetAllDomainStats|ListAllDomains)")
        .allowlist_function("virNodeGet(Info|FreeMemory|CPUStats)")
        .allowlist_function("virDomain(LookupByUUID|ListGetStats|GetID|GetUUID|GetName|GetInfo|GetVcpus|GetMetadata|GetXMLDesc|Free|StatsRecordListFree)")
        .allowlist_function("virDomain(InterfaceStats|BlockStats|BlockStatsFlags)|virTypedParamsClear")
        .allowlist_function("vir(SetErrorFunc|GetLastError|Event(RegisterDefault|RunDefault)Impl)")
        .allowlist_function("virConnectDomainEvent(Register|Deregister)Any")
        .allowlist_type("virConnect(GetAllDomainStats|ListAllDomains)Flags|virDomainStatsTypes|virNodeGetCPUStatsAllCPUs")
        .allowlist_type(
            "virDomainEvent(Type|ID)|virDomainMetadataType|virDomainState|virErrorNumber|virTypedParameterType",
        )
        .allowlist_var("LIBVIR_VERSION_NUMBER|VIR_UUID_BUFLEN|VIR_NODE_CPU_STATS_.*|VIR_DOMAIN_BLOCK_STATS_.*")
        // A table of function pointers, not a link: the program starts where libvirt is not installed.
        .dynamic_library_name("Libvirt")
        .dynamic_link_require_all(true)
        // Numbers, not Rust enums: a newer libvirt returns values that these headers lack.
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .layout_tests(true)
        .generate()
        .unwrap_or_else(|error| {
            panic!(
                "cannot read libvirt's headers ({error}): \
                 install libvirt/libvirt.h and libclang (Debian: libvirt-dev libclang-dev)"
            )
        });
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("bindings.rs");
    if let Err(error) = bindings.write_to_file(&out) {
        panic!("{}: {error}", out.display());
    }
}
