# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the report did not measure: loads of the kernel and of devices, and none. Part of
# bench/report-2014.

# load_median FILE NAME
load_median() {
	awk -v name="$2" '$1 == "took" && $2 == name { print $3 }' "$BENCH_WORK/loads/$1" | middle
}

text <<'END'
## What the report did not measure

One guest each, with `--profile`, as above: 200 000 calls of getppid(2); 10 000 times a byte to another process and back
through pipes; 2000 reads of 4 KiB from a disk (virtio-blk), past the page cache; 2000 datagrams of 64 bytes to the host and
back (virtio-net, TAP); 5 seconds of sleep.
END
kinds_table syscall switch disk network idle
for name in syscall switch; do
	ratio=$(divide "$(load_median loads.log $name)" "$(load_median loads-board.log $name)")
	what='system calls'
	[ "$name" = syscall ] || what='switches between processes'
	figure "$what: real time in a guest, of the board's" times "$ratio" lower null
done
figure 'an idle guest: exits a second' exits \
	"$(awk -v e="$(exits idle)" -v ns="$(real idle)" 'BEGIN { printf "%.1f", e / ns * 1e9 }')" lower null

table 'without a profile, median of 5' board guest 'guest ÷ board'
for name in syscall:200000:'a system call' switch:20000:'a switch between processes' disk:2000:'a read of 4 KiB' \
	network:2000:'a datagram there and back'; do
	IFS=: read -r name count what <<<"$name"
	guest=$(load_median loads.log "$name")
	if [ "$name" = syscall ] || [ "$name" = switch ]; then
		board=$(load_median loads-board.log "$name")
		row "$what" "$(divide "$board" "$count" 0) ns" "$(divide "$guest" "$count" 0) ns" "$(divide "$guest" "$board")"
	else
		row "$what" '' "$(divide "$guest" "$count" 0) ns" ''
	fi
done
end_table
text <<'END'
System calls and switches between a guest's own processes do not exit: what they cost more is the ticks, as above. Each
request to a device is a write to its QueueNotify, which the kernel hands to the VMM's thread without a return to user
space, a wait (WFI), and an interrupt, whose status the guest reads and acknowledges: these two go to the VMM. An idle
guest exits for its timer, and to wait again.
END
