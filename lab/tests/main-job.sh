#!/bin/bash
# Runs in the lab's dom0, in its share, with the guests of lab-guests: virtmon, xl, xentop and virsh, each
# with its own output file.
set -eu
source /mnt/lab/guest.sh

release=$(</sys/hypervisor/version/major).$(</sys/hypervisor/version/minor)
echo "$release" >release

# No domain is created or destroyed.
xl list >xl-before
xl vm-list >xl-uuids
xentop -b -f -d 1 -i 12 >xentop &
xentop=$!
./virtmon --backend xen --csv steady.csv --count 12
wait "$xentop"
xl list >xl-after
./virtmon --count 2 >table
for path in privcmd libxenctrl; do
    ./virtmon --xen-path $path --csv $path.csv --count 3 --interval 100ms
done
cat table

# Every table, and the vCPUs of xl.
xl vcpu-list >vcpus-before
./virtmon --csv all.csv --detail vcpu,nic,disk,host,event,self --count 6 --record all.vmrec
xl vcpu-list >vcpus-after

./virtmon check >check
cat check

# As the user nobody, with real-time priority. The status of all threads is read during the run, and a guest
# is paused meanwhile.
install -d -o nobody /tmp/nobody
./virtmon --realtime --user nobody --interval 50ms --csv /tmp/nobody/nobody.csv --append --rotate 10KiB \
    --detail vcpu,nic,disk,host,event,self 2>nobody.err &
nobody=$!
finished_files() {
    for _ in {1..600}; do
        (($(find /tmp/nobody -name 'nobody-*.csv.zst' | wc -l) < $1)) || return 0
        sleep 0.1
    done
    return 1
}
finished_files 1
xl pause idle1
xl unpause idle1
finished_files 3
for task in /proc/$nobody/task/*; do
    grep -E '^(Name|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' "$task/status"
done >nobody.status
chrt -p $nobody >nobody.chrt
grep VmLck /proc/$nobody/status >>nobody.chrt
kill "$nobody"
wait "$nobody"
ls /tmp/nobody >nobody.files
cp /tmp/nobody/*.csv .

# The wall clock is set forward and back.
./virtmon --backend xen --interval 100ms --csv clock.csv --detail event &
clock=$!
more_lines clock.csv 40
date -s '+1 hour' >/dev/null
more_lines clock.csv 40
date -s '-2 hours' >/dev/null
more_lines clock.csv 40
kill -TERM "$clock"
wait "$clock"
date -s '+1 hour' >/dev/null

# A guest is renamed, one is destroyed, and one is created.
./virtmon --backend xen --interval 100ms --csv churn.csv --detail event --record churn.vmrec &
churn=$!
more_lines churn.csv 40
xl rename idle1 renamed
more_lines churn.csv 8
xl list busy >/dev/null
xl destroy idle2
more_lines churn.csv 20
create_guest newcomer -p "${bare[@]}"
more_lines churn.csv 20
kill -TERM "$churn"
wait "$churn"
xl list >xl-churned

# Refusals: an ordinary user, and a host without the library.
refuse() {
    local name=$1 status=0
    shift
    "$@" >"$name.out" 2>"$name.err" || status=$?
    echo "$status" >"$name.status"
}
chmod 755 virtmon
refuse user setpriv --reuid 65534 --clear-groups ./virtmon --backend xen --csv refused.csv
library=$(ldconfig -p | sed -n 's/.*libxenctrl.so.[0-9.]* .*=> //p')
refuse library unshare --mount sh -c "mount --bind /dev/null $library && exec ./virtmon --xen-path libxenctrl"
refuse path ./virtmon --backend xen --csv /nonexistent/out.csv

# libvirt's Xen driver, which has no bulk call.
command -v libvirtd >/dev/null || exit 0
lab-libvirtd
virsh -c xen:///system dominfo Domain-0 >virsh-before
./virtmon --backend libvirt --uri xen:///system --csv libvirt.csv --count 3 --interval 0.5
virsh -c xen:///system dominfo Domain-0 >virsh-after
