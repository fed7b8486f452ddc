# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The board's half of `make bench-count`, once a kernel and CPU: three kinds of exit
# under each way to count them that this kernel has. $TL_OUT/MODE.KIND has ns.

set -e
times=/sys/module/kvm/parameters/handling_time
events=/sys/kernel/tracing/events/kvm

# measure MODE: what the best of many batches took, so that no host tick is in it.
measure() {
	for kind in hvc gic mmio; do
		trapline run "$TL_GUESTS/exitbench.bin" --append "$kind n=5000" </dev/null 2>/dev/null |
			sed -n 's/.*, \([0-9]*\) at best.*/\1/p' >"$TL_OUT/$1.$kind"
	done
}

measure plain
if [ -e "$times" ]; then
	echo Y >"$times"
	measure times
	echo N >"$times"
fi
echo 1 >"$events/kvm_exit/enable"
measure event
echo 0 >"$events/kvm_exit/enable"
