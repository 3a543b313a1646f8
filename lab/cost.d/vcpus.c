/* Creates COUNT empty domains with VCPUS vCPUs each, domids from 1 on, and destroys those of an earlier run.
 * A vCPU that never ran is read like any other. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <xenctrl.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        errx(2, "usage: vcpus COUNT VCPUS");
    uint32_t count = (uint32_t)atoi(argv[1]), vcpus = (uint32_t)atoi(argv[2]);
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);

    if (!xch)
        err(1, "xc_interface_open");
    for (uint32_t domid = 1; domid <= count; domid++) {
        struct xen_domctl_createdomain config = {
            .handle = { 0xcc, (uint8_t)domid, (uint8_t)vcpus },
            .max_vcpus = vcpus,
            .max_evtchn_port = -1,
            .max_grant_frames = -1,
            .max_maptrack_frames = -1,
            .grant_opts = XEN_DOMCTL_GRANT_version(1),
        };
        xc_domaininfo_t info;
        uint32_t made = domid;

        /* The domain disappears with its last reference, possibly some time after the call. */
        xc_domain_destroy(xch, domid);
        while (xc_domain_getinfolist(xch, domid, 1, &info) == 1 && info.domain == domid)
            ;
        if (vcpus == 0)
            continue;
        if (xc_domain_create(xch, &made, &config) || xc_domain_max_vcpus(xch, domid, (int)vcpus))
            err(1, "domain %u", domid);
    }
    return 0;
}
