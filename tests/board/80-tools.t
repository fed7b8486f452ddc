# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Stock tools on the patched events: what they know is where it was, and they
# count what the profile counts.

events=/sys/kernel/tracing/events/kvm
cd /tmp || exit 1

# field_is EVENT FIELD OFFSET SIZE: as in the stock kernel.
field_is() {
	grep -Eq "field:.* $2;.*offset:$3;.*size:$4;" "$events/$1/format" ||
		problem "$1.$2 is not at $3 with $4 bytes: $(grep " $2;" "$events/$1/format")"
}

begin 'events: the old fields have kept name, offset and size'
field_is kvm_exit ret 8 4
field_is kvm_exit esr_ec 12 4
field_is kvm_exit vcpu_pc 16 8
field_is kvm_entry vcpu_pc 8 8
end

begin 'perf kvm stat: the same number of hypercalls as the profile'
run perf kvm stat record -o /tmp/perf.data trapline run "$TL_GUESTS/exitbench.bin" --append n=1000
status_is 0
run perf kvm -i /tmp/perf.data stat report
grep -E '^ +HVC64 +1002 ' "$WORK/out" "$WORK/err" >/dev/null || problem 'no line "HVC64 1002"'
end

begin 'perf stat, trapline profile and record on one QEMU guest: the same number of exits'
run perf stat -x, -e kvm:kvm_exit trapline record -o /tmp/qemu -- \
	trapline profile --map qemu-virt --json /tmp/qemu.json -- qemu-system-aarch64 \
	-M virt,gic-version=3 -accel kvm -cpu host -smp 2 -m 256M -nodefaults -no-user-config -display none \
	-nic none -no-reboot -serial stdio -kernel "$TL_GUESTS/Image" -initrd "$TL_GUESTS/linux.cpio.gz" \
	-append 'console=ttyAMA0 quiet'
status_is 0
seen=$(sed -n 's/^\([0-9]*\),,kvm:kvm_exit.*/\1/p' "$WORK/err")
equal 'what perf saw' "$seen" "$(total /tmp/qemu.json exits)"
trapline report --format json /tmp/qemu >/tmp/qemu.record.json
equal 'what was recorded' "$(total /tmp/qemu.record.json exits)" "$seen"
equal 'lost from the recording' "$(total /tmp/qemu.record.json lost)" 0
# Symbols out of what QEMU was given as its kernel.
error_has 'pl011 UARTDR write +VMM .*pl011_tx_chars\+0x'
end

begin 'perf stat: exits as KVM counts them'
run perf stat -x, -e kvm:kvm_exit trapline run "$TL_GUESTS/exitbench.bin" --append n=1000 --count
status_is 0
seen=$(sed -n 's/^\([0-9]*\),,kvm:kvm_exit.*/\1/p' "$WORK/err")
counted=$(sed -n 's/.*1 vCPU, \([0-9]*\) exits$/\1/p' "$WORK/err")
equal 'what perf saw' "$seen" "$counted"
end

begin 'trace-cmd reads a recording'
run trapline run "$TL_GUESTS/exitbench.bin" --append n=1000 --record /tmp/exits
status_is 0
run trace-cmd report -N -i /tmp/exits/trace.dat
status_is 0
equal 'hypercalls as text' "$(count "$WORK/out" 'kvm_exit: +TRAP: HSR_EC: 0x0016 \(HVC64\), PC: 0x[0-9a-f]+')" 1002
output_has '^ +vcpu 0-[0-9]+ '
output_has ' sched_switch: '
end

begin 'trace-cmd: raw fields and text'
run trace-cmd record -q -o /tmp/trace.dat -e kvm:kvm_exit -e kvm:kvm_entry \
	trapline run "$TL_GUESTS/exitbench.bin" --append n=1000
status_is 0
run trace-cmd report -N -R -i /tmp/trace.dat
equal 'hypercalls in raw form' "$(count "$WORK/out" 'kvm_exit:.* ret=2 esr_ec=0x0016 vcpu_pc=0x0*4008[0-9a-f]*')" 1002
run trace-cmd report -N -i /tmp/trace.dat
equal 'hypercalls as text' "$(count "$WORK/out" 'kvm_exit: +TRAP: HSR_EC: 0x0016 \(HVC64\), PC: 0x[0-9a-f]+')" 1002
end

if [ -x "$TL_TESTS/kvm_binary_stats_test" ]; then
	begin "the kernel's own test of binary statistics"
	run "$TL_TESTS/kvm_binary_stats_test"
	status_is 0
	output_has '^ok 1 '
	output_lacks '^not ok'
	end
fi
