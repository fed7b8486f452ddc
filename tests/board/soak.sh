#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Guests that boot, work, reset and power off, side by side and again and again, on
# the board: soak.sh [SECONDS [GUESTS]]. Each round of a guest has a disk to write
# and read, a profile whose three counts must agree, and a reset in the middle; one
# guest beside them only resets, for the whole time. What the host has of each
# thing is looked at before, on the way and after. Prints a line a look, and a
# summary; status 1 when a round failed or something was not given back.

seconds=${1:-3600}
guests=${2:-16}
: "${TL_GUESTS:?is not set: run this by scripts/board}"
# shellcheck source=tests/board/lib.sh
. "${TL_LIB:-$(dirname "$0")/lib.sh}"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

now() {
	cut -d . -f 1 /proc/uptime
}

end=$(($(now) + seconds))

# shellcheck disable=SC2016 # for the guest's shell
work='if [ x$(head -c 4 /dev/vda | tr -d \\000) != xdone ]; then dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null; dd if=/tmp/a of=/dev/vda bs=64k seek=1 conv=fsync 2>/dev/null; dd if=/dev/vda bs=64k skip=1 count=16 2>/dev/null | cmp - /tmp/a || { echo different; exit; }; printf done | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null; reboot -f; fi; echo worked'

# round NUMBER: a guest from start to end. Prints why it failed, if it did.
round() {
	base=$WORK/guest.$1
	rm -f "$base".*
	truncate -s 4M "$base.disk"
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --mem 128M --disk "$base.disk" \
		--profile="$base.json" --timeout 900 --append "quiet trapline.run=\"$work\"" \
		</dev/null >"$base.out" 2>"$base.err"
	status=$?
	[ "$status" -eq 0 ] || echo "status $status: $(tail -n 1 "$base.err")"
	grep -q '^worked' "$base.out" || echo "it did not say that it had worked: $(tail -n 1 "$base.out")"
	totals=$(json_object "$base.json" totals)
	for key in kernel_exits last_count; do
		[ "$(number "$totals" "$key")" = "$(number "$totals" exits)" ] || echo "$key is not the number of exits: $totals"
	done
	[ "$(number "$totals" lost)" = 0 ] || echo "exits were lost: $totals"
}

# guest NUMBER: rounds, until the time is over.
guest_rounds() {
	while [ "$(now)" -lt "$end" ]; do
		round "$1" >"$WORK/$1.problems"
		sed "s/^/guest $1: /" "$WORK/$1.problems" >>"$WORK/failures"
		echo "$1" >>"$WORK/rounds"
	done
}

# The threads, descriptors and KiB of its own (written, without the guest's memory) of a VMM.
of_process() {
	echo "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l) threads," \
		"$(find "/proc/$1/fd" -mindepth 1 -maxdepth 1 | wc -l) descriptors," \
		"$(awk '/^Size:/ { guest = $2 >= 100000 } /^Private_Dirty:/ && !guest { n += $2 } END { print n }' "/proc/$1/smaps") KiB"
}

# What the host has, when no guest runs.
of_host() {
	echo "$(find /sys/kernel/tracing/instances -mindepth 1 -maxdepth 1 | wc -l) tracefs instances," \
		"$(pidof trapline passt | wc -w) processes," \
		"$(find /sys/kernel/debug/kvm -mindepth 1 -maxdepth 1 -type d | wc -l) VMs," \
		"$(cat /proc/[0-9]*/fdinfo/* 2>/dev/null | grep -c '^map_id') BPF maps"
}

# In KiB. What the kernel caches is given back first.
free_memory() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

# kib TEXT: the last number in it.
kib() {
	number=${1##*, }
	echo "${number% KiB}"
}

# One round first, so that what is made once is there. The time begins after it.
: >"$WORK/failures"
: >"$WORK/rounds"
round first >"$WORK/first.problems"
sed 's/^/first: /' "$WORK/first.problems" >>"$WORK/failures"
rm -f "$WORK"/guest.*
free=$(free_memory)
host=$(of_host)
end=$(($(now) + seconds))
echo "before: $host, $free KiB free"

trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --mem 128M \
	--append 'quiet trapline.run="echo again; reboot -f"' </dev/null >"$WORK/resets" 2>&1 &
resetting=$!
for number in $(seq "$guests"); do
	guest_rounds "$number" &
	rounds="${rounds-} $!"
done
sleep $((seconds / 20 + 2))
first=$(of_process "$resetting")
while [ "$(now)" -lt "$end" ]; do
	echo "$((end - $(now))) s to go: $(wc -l <"$WORK/rounds") rounds, $(wc -l <"$WORK/failures") failures; resetting: $(of_process "$resetting")"
	sleep $((seconds / 20 + 1))
done
last=$(of_process "$resetting")
# shellcheck disable=SC2086 # numbers
wait $rounds
kill -TERM "$resetting"
wait "$resetting"

resets=$(count "$WORK/resets" '^again')
cp "$WORK/rounds" "$WORK/failures" /tmp
rm -rf "${WORK:?}"/*
sleep 1
memory=$(free_memory)
echo "after:  $(of_host), $memory KiB free"
echo "the guest that resets, early: $first"
echo "the guest that resets, late:  $last, after $resets resets"
cat /tmp/failures
failed=$(wc -l </tmp/failures)
echo "$(wc -l </tmp/rounds) rounds of $guests guests in $seconds s, $failed failures"
after=$(of_host)
if [ "$after" != "$host" ]; then
	echo "the host has something that it had not: $host before, $after after"
	failed=1
fi
# A page that each round kept would show in an hour.
if [ "$memory" -lt $((free - 4096)) ]; then
	echo "memory is gone: $free KiB before, $memory after"
	failed=1
fi
if [ "${first%,*}" != "${last%,*}" ] || [ "$(kib "$last")" -gt $(($(kib "$first") + 64)) ]; then
	echo "the guest that resets has grown: $first, then $last"
	failed=1
fi
[ "$failed" -eq 0 ]
