# Reads libvirtd's log of messages and prints the cost of a tick of one client, separated by tabs: guests,
# client, calls, ms from the first call to the last reply, ms of libvirtd's CPU time.
# A line begins with its time, `2026-11-23 06:27:19.123+0000:`. RX is a received message, TX a sent one.
# Type 0 is a call.
/RPC_SERVER_CLIENT_MSG_(RX|TX)/ {
    split($2, clock, /[:+]/)
    now = (clock[1] * 60 + clock[2]) * 60 + clock[3]
    if (!count || now - last > 0.4) { count++; first[count] = now }
    last = end[count] = now
    if (/MSG_RX/ && /type=0/) calls[count]++
}
function median(of, from, to,    sorted, n, i, j, swap) {
    for (i = from; i <= to; i++) sorted[++n] = of[i]
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && sorted[j - 1] > sorted[j]; j--) {
            swap = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = swap
        }
    return sorted[int((n + 1) / 2)]
}
END {
    if (count < 5) { print "too few ticks: " count >"/dev/stderr"; exit 1 }
    for (i = 1; i <= count; i++) took[i] = (end[i] - first[i]) * 1000
    printf "%s\t%s\t%d\t%.0f\t%.1f\n", guests, client, median(calls, 2, count - 1), median(took, 2, count - 1), cpu / count
}
