#!/bin/bash
# Runs the script beside it, ./steps, in the lab's dom0. Where one of its commands fails, tells
# which, and what the toolstack and the guests had to say. Status 124: it was the toolstack's own,
# which under emulation now and then loses a guest or a hotplug script.
set -eE
command=''
ended() {
    local status=$?
    set +e
    trap - ERR
    ((status)) || return 0
    {
        echo "lab: status $status of: $command"
        xl list
        # A guest's panic stands far above its console's end.
        grep -E -m 3 'Kernel panic|oom-killer|Out of memory' /var/log/xen/console/guest-*.log
        tail -n 15 /var/log/xen/xl-*.log /var/log/xen/console/guest-*.log
        dmesg | tail -n 15
    } 2>&1
    case $command in
        'xl '* | lab-* | xenstore-* | 'return 1') exit 124 ;;
    esac
}
trap 'command=$BASH_COMMAND' ERR
trap ended EXIT
# shellcheck source=/dev/null
source ./steps
