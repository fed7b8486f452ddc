# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A hostile guest has one CPU of the host for all that its VMM does. Another guest, on the other
# CPU, keeps its speed: what it does in the same virtual time is compared with what it does beside
# a guest that only computes. This kernel has no cgroups; the quota is a CPU.

# beside GUEST ARGUMENT...: $each is the ns that each of 20,000 exits of a guest takes meanwhile.
beside() {
	truncate -s 4M "$WORK/a"
	head -c 4194304 /dev/zero | tr '\0' b >"$WORK/b"
	taskset 2 trapline run "$@" </dev/null >"$WORK/other" 2>&1 &
	other=$!
	wait_for "$WORK/other" 'for ever|^ok '
	taskset 1 trapline run "$TL_GUESTS/exitbench.bin" --append 'mmio n=20000' </dev/null >"$WORK/bench" 2>"$WORK/err" ||
		problem "exitbench: status $?"
	kill -0 "$other" || problem 'the other one has ended too early'
	kill -KILL "$other"
	wait "$other" 2>/dev/null
	each=$(sed -n 's/^20000 [a-z ]*, \([0-9]*\) .*/\1/p' "$WORK/bench")
}

if command -v taskset >/dev/null && [ "$(grep -c ^processor /proc/cpuinfo)" -ge 2 ]; then
	begin 'neighbour: a guest beside a hostile one keeps nine tenths of its speed'
	beside "$TL_GUESTS/spin.bin"
	quiet=$each
	beside "$TL_GUESTS/hostile.bin" --cpus 2 --disk "$WORK/a" --disk "$WORK/b,ro" --rng --append 'cases=100000 seed=3'
	loud=$each
	echo "# an exit takes ${quiet:-?} ns beside a guest that computes, ${loud:-?} ns beside a hostile one"
	[ "${quiet:-0}" -gt 0 ] || problem "it has said: $(cat "$WORK/bench")"
	[ $((${loud:-0} * 9)) -le $((${quiet:-0} * 10)) ] || problem 'it is slower'
	[ "${loud:-0}" -gt 0 ] || problem 'there is no number'
	end
else
	skip 'neighbour: a guest beside a hostile one' 'no taskset, or one CPU'
fi
