/* An empty domain: one vCPU, no memory. It never runs. */
#ifndef SHELL_H
#define SHELL_H

#include <stdint.h>
#include <string.h>

#include <xenctrl.h>

/* Creates the domain `domid`, with a uuid that contains `life`. */
static inline int make_shell(xc_interface *xch, uint32_t domid, uint32_t life)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = -1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };

    config.handle[0] = 0xee;
    memcpy(config.handle + 12, &life, sizeof(life));
    if (xc_domain_create(xch, &domid, &config))
        return -1;
    return xc_domain_max_vcpus(xch, domid, 1);
}

#endif
