#!/bin/bash
# Runs the script ./steps in the lab's dom0. If a command of it fails, prints the command, and the logs of
# the toolstack and the guests. Exit status 124 means that a command of the toolstack failed: under
# emulation the toolstack sometimes loses a guest or a hotplug script.
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
        # A panic of a guest may be far above the end of its console log.
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
