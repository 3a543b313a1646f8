/* Prints sizes, offsets and numbers of the structures that virtmon reads, from the public headers of one release: a name and a number per line. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

#define SIZE(type) printf("sizeof %s %zu\n", #type, sizeof(struct type))
#define AT(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(struct type, field))
#define NUMBER(name) printf("%s %llu\n", #name, (unsigned long long)(name))

int main(void)
{
    NUMBER(XEN_SYSCTL_INTERFACE_VERSION);
    NUMBER(XEN_DOMCTL_INTERFACE_VERSION);
    NUMBER(__HYPERVISOR_sysctl);
    NUMBER(__HYPERVISOR_domctl);
    NUMBER(__HYPERVISOR_xen_version);
    NUMBER(XEN_SYSCTL_physinfo);
    NUMBER(XEN_SYSCTL_getdomaininfolist);
    NUMBER(XEN_SYSCTL_getcpuinfo);
    NUMBER(XEN_SYSCTL_numainfo);
    NUMBER(XEN_DOMCTL_getvcpuinfo);

    SIZE(xen_sysctl);
    AT(xen_sysctl, interface_version);
    AT(xen_sysctl, u);
    SIZE(xen_domctl);
    AT(xen_domctl, domain);
    AT(xen_domctl, u);

    SIZE(xen_sysctl_getdomaininfolist);
    AT(xen_sysctl_getdomaininfolist, first_domain);
    AT(xen_sysctl_getdomaininfolist, max_domains);
    AT(xen_sysctl_getdomaininfolist, buffer);
    AT(xen_sysctl_getdomaininfolist, num_domains);

    SIZE(xen_domctl_getdomaininfo);
    AT(xen_domctl_getdomaininfo, domain);
    AT(xen_domctl_getdomaininfo, flags);
    AT(xen_domctl_getdomaininfo, tot_pages);
    AT(xen_domctl_getdomaininfo, max_pages);
    AT(xen_domctl_getdomaininfo, outstanding_pages);
    AT(xen_domctl_getdomaininfo, shr_pages);
    AT(xen_domctl_getdomaininfo, paged_pages);
    AT(xen_domctl_getdomaininfo, cpu_time);
    AT(xen_domctl_getdomaininfo, nr_online_vcpus);
    AT(xen_domctl_getdomaininfo, max_vcpu_id);
    AT(xen_domctl_getdomaininfo, handle);
    AT(xen_domctl_getdomaininfo, cpupool);

    SIZE(xen_sysctl_physinfo);
    AT(xen_sysctl_physinfo, nr_cpus);
    AT(xen_sysctl_physinfo, max_cpu_id);
    AT(xen_sysctl_physinfo, max_node_id);
    AT(xen_sysctl_physinfo, total_pages);
    AT(xen_sysctl_physinfo, free_pages);
    AT(xen_sysctl_physinfo, scrub_pages);
    AT(xen_sysctl_physinfo, outstanding_pages);

    SIZE(xen_domctl_getvcpuinfo);
    AT(xen_domctl_getvcpuinfo, online);
    AT(xen_domctl_getvcpuinfo, blocked);
    AT(xen_domctl_getvcpuinfo, running);
    AT(xen_domctl_getvcpuinfo, cpu_time);
    AT(xen_domctl_getvcpuinfo, cpu);

    SIZE(xen_sysctl_cpuinfo);
    AT(xen_sysctl_getcpuinfo, max_cpus);
    AT(xen_sysctl_getcpuinfo, info);
    AT(xen_sysctl_getcpuinfo, nr_cpus);
    SIZE(xen_sysctl_meminfo);
    AT(xen_sysctl_meminfo, memsize);
    AT(xen_sysctl_meminfo, memfree);
    AT(xen_sysctl_numainfo, num_nodes);
    AT(xen_sysctl_numainfo, meminfo);
    return 0;
}
