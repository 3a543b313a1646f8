#!/bin/bash
# Runs under systemd/boot, with the unit as shipped: starts, reloads, stops it, hangs its disk and
# upgrades it, and leaves what was seen in files. libvirt's test driver is the host.
set -Eeuo pipefail
trap 'journalctl --unit virtmon --no-pager' ERR

until_true() {
    local what=$1
    shift
    for _ in {1..300}; do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "never: $what"
    systemctl status virtmon --no-pager || true
    return 1
}

rows() { wc -l <"$1"; }
has_rows() { [[ -f $1 && $(rows "$1") -gt 1 ]]; }

log=/var/log/virtmon
rm -rf "$log"
install virtmon /usr/local/bin/virtmon
install -m 644 virtmon.service /etc/systemd/system/virtmon.service
echo 'LIBVIRT_DEFAULT_URI=test:///default' >/etc/default/virtmon
systemctl daemon-reload

# Up is when rows are there.
systemctl start virtmon
rows "$log/virtmon.csv" >started.rows
pid=$(systemctl show --property MainPID --value virtmon)
for task in /proc/"$pid"/task/*; do
    grep -E '^(Name|Cap|NoNewPrivs|Seccomp:)' "$task/status"
done >started.status
grep 'core file' /proc/"$pid"/limits >started.limits
[[ $(stat -c %a "$log/virtmon.csv") == 640 ]]

# As logrotate does.
mv "$log/virtmon.csv" "$log/moved.csv"
systemctl reload virtmon
until_true "rows come into the new file" has_rows "$log/virtmon.csv"
systemctl is-active virtmon >reloaded

systemctl stop virtmon
systemctl show --property Result,ExecMainStatus,NRestarts virtmon >stopped

# An upgrade: the file is of a version that had a column less.
cut -d, -f1-40 "$log/virtmon.csv" >old.csv
cat old.csv >"$log/virtmon.csv"
systemctl start virtmon
cp "$log/virtmon.csv" new.csv
systemctl stop virtmon
systemctl show --property Result,ExecMainStatus,NRestarts virtmon >upgraded
zstd -qdc "$log"/virtmon-2*.csv.zst >finished.csv || cp "$log"/virtmon-2*.csv finished.csv

# A disk that hangs, here a pipe that nobody reads: the watchdog's time alone is shortened.
mkdir -p /run/systemd/system/virtmon.service.d
printf '[Service]\nWatchdogSec=2\nRestartSec=1\n' >/run/systemd/system/virtmon.service.d/short.conf
mkfifo "$log/pipe"
sleep infinity <>"$log/pipe" &
holder=$!
echo "VIRTMON_OPTIONS=--csv $log/pipe --interval 2ms" >>/etc/default/virtmon
systemctl daemon-reload
systemctl start virtmon
restarted() { [[ $(systemctl show --property NRestarts --value virtmon) -ge 1 ]]; }
until_true "the watchdog restarts it" restarted
journalctl --sync
journalctl --unit virtmon --no-pager >hung.journal
systemctl kill --signal=KILL virtmon
systemctl stop virtmon
kill "$holder"
rm -r "$log/pipe" /run/systemd/system/virtmon.service.d

# Wrong usage is not tried again.
echo 'VIRTMON_OPTIONS=--interval 0' >>/etc/default/virtmon
systemctl daemon-reload
systemctl reset-failed virtmon || true
systemctl start virtmon && exit 1
systemctl show --property Result,ExecMainStatus,NRestarts,ActiveState virtmon >usage
