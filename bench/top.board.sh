# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The board's half of bench/views-top.sh: `trapline top` on its console, beside a guest that
# does nothing but exit. The files have instructions in user space by perf, the exits of a second
# by KVM, and KiB of memory.

set -e
export TERM=linux

trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=1000000000' </dev/null >/dev/null 2>&1 &
vm=$!
tty=/dev/$(sed 's/.* //' /sys/class/tty/console/active)
# Of no session, so that the console lets it be.
# shellcheck disable=SC2094 # a terminal is read and written
setsid trapline top <"$tty" >"$tty" 2>"$TL_OUT/top.err" &
top=$!
# It has begun when its table is there, and has looked once.
sleep 2
mount -t debugfs none /sys/kernel/debug 2>/dev/null || :
before=$(cat /sys/kernel/debug/kvm/exits)
perf stat -x , -o "$TL_OUT/screen" -e instructions:u -p "$top" sleep 4
echo $((($(cat /sys/kernel/debug/kvm/exits) - before) / 4)) >"$TL_OUT/rate"
sed -n 's/^Pss: *\([0-9]*\) kB$/\1/p' "/proc/$top/smaps_rollup" >"$TL_OUT/memory"
# SIGTERM would press a power key that the guest does not heed.
kill -KILL "$vm"
kill "$top"
