# shellcheck shell=bash disable=SC2154
# Runs in the lab's dom0, in its share, as bash, with $seconds set: creates and destroys about a thousand
# domains at random while virtmon samples every 10 ms.
set -eu
source /mnt/lab/guest.sh
guest_images
create_guest busy "${bare[@]}" "extra='console=hvc0 busy'"
xl domid busy >busy-domid
xl vm-list >xl-uuids
# The guest is paused while the other programs start, because it uses a whole CPU.
xl pause busy

# virtmon writes to memory, because the share is slow.
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
# virtmon refuses an interval that is too short for the machine; then the next one is tried.
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

# Logs memory and descriptors of virtmon. Halfway, a real guest is destroyed, and its domid is used again.
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
