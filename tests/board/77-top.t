# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154,SC2034 # WORK is the runner's, status that of run
#
# `trapline top` without a terminal: the rates of VMs whose exits are known, and VMs that come
# and go while it runs. Its screen is tested on the PC (tests/pc/40-top.t).

if ! trapline caps --json | grep -q '"bpf": true'; then
	skip 'top' 'this kernel does not take the BPF programs'
else

# exits FILE PID WHAT: how many of them the lines of exits add up to, with the intervals.
exits() {
	awk -v pid="$2" -v what="$3" '
		/^# / { seconds = $2 }
		/^exit/ && $2 == pid && index($0, what) { sum += $4 * seconds }
		END { printf "%.0f\n", sum }' "$1"
}

begin 'top: 20,000 hypercalls are seen, and so is the end of their VM'
trapline top --interval 0.5 >"$WORK/top" 2>"$WORK/err" &
top=$!
wait_for "$WORK/top" '^# .* 0 VMs'
trapline run "$TL_GUESTS/exitbench.bin" --append n=20000 </dev/null >"$WORK/out" 2>&1 &
vm=$!
wait "$vm"
status=$?
status_is 0
# Its last exits are in the interval in which it ends.
wait_for "$WORK/top" "^vcpu +$vm +0 .* trapline +"
lines=$(wc -l <"$WORK/top")
tries=100
until tail -n "+$((lines + 1))" "$WORK/top" | grep -q '^# .* 0 VMs' || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.2
done
kill -TERM "$top"
wait "$top"
status=$?
status_is 0
error_lines 0
# The lines have one decimal, so the sum is not exact.
seen=$(exits "$WORK/top" "$vm" 'PSCI VERSION')
off=$((seen - 20000))
[ "${off#-}" -le 200 ] || problem "not 20000 PSCI VERSION, but '$seen'"
[ "$(tail -n 1 "$WORK/top" | cut -c 1)" = '#' ] || problem 'the VM is still there'
end

begin 'top: a vCPU that sleeps is idle, one that spins is in the guest'
trapline run "$TL_GUESTS/spin.elf" --timeout 100 </dev/null >"$WORK/spin" 2>&1 &
spin=$!
wait_for "$WORK/spin" 'for ever'
trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --timeout 100 \
	--append 'quiet trapline.run="echo asleep; sleep 1000"' </dev/null >"$WORK/idle" 2>&1 &
idle=$!
wait_for "$WORK/idle" 'asleep'
run trapline top --interval 3 --count 2
status_is 0
# Of the second interval: more than a third of the time, whatever else the host does.
awk '/^# / { n++ } n == 2' "$WORK/out" >"$WORK/second"
awk -v pid="$spin" '/^vcpu/ && $2 == pid && $6 + $9 > 33 { ok = 1 } END { exit !ok }' "$WORK/second" ||
	problem "the one that spins: $(grep "^vcpu *$spin" "$WORK/second")"
awk -v pid="$idle" '/^vcpu/ && $2 == pid && $8 > 33 { ok = 1 } END { exit !ok }' "$WORK/second" ||
	problem "the one that sleeps: $(grep "^vcpu *$idle" "$WORK/second")"
grep -Eq "^vcpu +$idle .* trapline +(KVM_RUN|CPU)" "$WORK/second" || problem 'what its thread does is missing'
end

begin 'top: only the VM of one process, until it ends'
{ sleep 8; kill "$spin"; } &
run trapline top --pid "$spin" --interval 0.5
status_is 0
output_has "^vcpu +$spin "
output_lacks "^vcpu +$idle "
kill "$idle"
wait 2>/dev/null
end

begin 'top: nobody that one could ask'
run trapline top --pid 4000000
refused 4 'process 4000000: No such process'
run trapline top --map nowhere
refused 2 'there are qemu-virt, kvmtool, firecracker'
end

fi
