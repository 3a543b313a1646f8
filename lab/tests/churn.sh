# shellcheck shell=bash disable=SC2154
# Runs in the lab's dom0, in its share, as bash, with $seconds set: about a thousand domains that are
# made and destroyed at random while virtmon samples at 10 ms.
set -eu
source /mnt/lab/guest.sh
guest_images
create_guest busy "${bare[@]}" "extra='console=hvc0 busy'"
xl domid busy >busy-domid
xl vm-list >xl-uuids
# It takes a CPU away from the others: not while these set out.
xl pause busy

# What virtmon writes must not wait for the share.
scratch=/dev/shm
mkfifo $scratch/begin $scratch/churn.csv
exec 8<>$scratch/begin
./churn "$seconds" log <$scratch/begin >churn.out &
churn=$!
until [[ -s churn.out ]]; do
    kill -0 $churn
    sleep 0.2
done
cat churn.out

./churn-rows <$scratch/churn.csv &
rows=$!
exec 9>$scratch/churn.csv
# Where the machine is too slow for 10 ms virtmon says so, and what would do.
tables=tick,mono_ns,late_ns,sample_ns,missed,id,uuid,name,state,cpu_time_ns,cpu_pct,vcpus_online,reset
for interval in 10ms 20ms 50ms 200ms; do
    ./virtmon --backend xen --interval $interval --csv $scratch/churn.csv --detail event \
        --columns $tables,event,device,old,new,cause 9>&- &
    virtmon=$!
    while kill -0 $virtmon 2>/dev/null && [[ ! -s $scratch/churn.event.csv ]]; do sleep 0.1; done
    if kill -0 $virtmon 2>/dev/null; then break; fi
    wait $virtmon || (($? == 2))
done
echo "every $interval"
xl unpause busy
exec 9>&-
echo >&8

# Its memory and its descriptors, and halfway a real guest dies, whose domid comes again.
halfway=$((SECONDS + seconds / 2))
while kill -0 $churn 2>/dev/null; do
    descriptors=("/proc/$virtmon/fd"/*)
    while read -r key value _; do
        [[ $key != VmRSS: ]] || echo "$value ${#descriptors[@]}" >>growth
    done <"/proc/$virtmon/status"
    if ((SECONDS >= halfway)) && [[ ! -e destroyed ]]; then
        xl destroy busy
        touch destroyed
    fi
    sleep 0.5
done
wait "$churn"
sleep 1
kill -TERM "$virtmon"
wait "$virtmon"
wait "$rows"
cp $scratch/churn.event.csv events.csv
