# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The board's half of `make bench-trace`, once a CPU: one kind of exit under each way
# to trace it. $TL_OUT/WAY.KIND has the ns of one exit in the best of many batches.

set -e
cd /tmp
bench=$TL_GUESTS/exitbench.bin
n=3000

# measure WAY KIND COMMAND...: a program and the VM that it watches.
measure() {
	way=$1 kind=$2
	shift 2
	"$@" </dev/null 2>"$TL_OUT/$way.$kind.err" | tee "$TL_OUT/$way.$kind.out" |
		sed -n 's/.*, \([0-9]*\) at best.*/\1/p' >"$TL_OUT/$way.$kind"
}

for kind in hvc gic mmio; do
	measure untraced "$kind" trapline run "$bench" --append "$kind n=$n"
	measure count "$kind" trapline run "$bench" --append "$kind n=$n" --count
	measure profile "$kind" trapline run "$bench" --append "$kind n=$n" --profile
	measure profile-other "$kind" trapline profile --map qemu-virt -- trapline run "$bench" --append "$kind n=$n"
	rm -rf /tmp/recording
	measure record "$kind" trapline run "$bench" --append "$kind n=$n" --record /tmp/recording
	rm -rf /tmp/recording
	measure record-other "$kind" trapline record --map qemu-virt -o /tmp/recording -- \
		trapline run "$bench" --append "$kind n=$n"
done
measure perf-stat hvc perf stat -e kvm:kvm_exit trapline run "$bench" --append "hvc n=$n"
measure trace-cmd hvc trace-cmd record -q -o /tmp/trace.dat -e kvm:kvm_entry -e kvm:kvm_exit \
	trapline run "$bench" --append "hvc n=$n"
measure perf-kvm hvc perf kvm stat record -o /tmp/perf.data trapline run "$bench" --append "hvc n=$n"
