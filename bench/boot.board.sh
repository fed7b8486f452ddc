# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The board's half of `make bench-boot`: the same Linux guest, one CPU and 256 MiB,
# under each VMM; then 10,000 hypercalls under each way to trace them. Each run
# leaves a file in $TL_OUT.

set -e
kernel=$TL_GUESTS/Image initrd=$TL_GUESTS/linux.cpio.gz

# run NAME [OPTION...] -- COMMAND...: under `measure`; what it printed is NAME.log.
run() {
	name=$1
	shift
	measure -o "$TL_OUT/$name" "$@" >"$TL_OUT/$name.log" 2>&1 ||
		{ echo "$name: status $?"; cat "$TL_OUT/$name.log"; exit 1; }
}

# boot NAME APPEND OPTION...: a boot to the init's line and off again, under each VMM.
boot() {
	boot=$1 append=$2
	shift 2
	run "$boot.trapline" -m 'Linux 6' "$@" -- \
		trapline run "$kernel" --initrd "$initrd" --cpus 1 --mem 256M --append "$append"
	run "$boot.plain" -m 'Linux 6' "$@" -- \
		trapline run "$kernel" --initrd "$initrd" --cpus 1 --mem 256M --append "$append" --uart plain
	run "$boot.qemu" -m 'Linux 6' "$@" -- \
		qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 256M -nodefaults \
		-no-user-config -display none -nic none -no-reboot -serial stdio \
		-kernel "$kernel" -initrd "$initrd" -append "console=ttyAMA0 $append"
}

# Counters for the counts, none for the times: each alone, so that neither
# disturbs the other. 262144: the guest's RAM in KiB, to tell it from the rest.
boot quiet-events quiet -e
boot quiet-time quiet
boot quiet-memory quiet -r 262144
boot verbose-events 'earlycon=pl011,0x9000000' -e
boot verbose-time 'earlycon=pl011,0x9000000'

for uart in fast plain; do
	run "late.$uart" -l -- trapline run "$TL_GUESTS/uart.bin" --append 'late ms=300' --uart "$uart"
done

hvc=$TL_GUESTS/exitbench.bin
cd /tmp
run hvc.untraced -- trapline run "$hvc"
run hvc.trapline -- trapline run "$hvc" --profile
run hvc.perf-stat -- perf stat -e kvm:kvm_exit trapline run "$hvc"
run hvc.trace-cmd -- trace-cmd record -o /tmp/trace.dat -e kvm:kvm_entry -e kvm:kvm_exit trapline run "$hvc"
run hvc.perf-kvm -- perf kvm stat record -o /tmp/perf.data trapline run "$hvc"
qemu-system-aarch64 --version | head -n 1 >"$TL_OUT/qemu.version"
