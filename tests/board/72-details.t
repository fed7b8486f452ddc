# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# What exits were for, on the deterministic board: a guest that causes one kind, as many
# as it is told to, must be seen with that kind, number, handler and place.

if ! trapline caps --json | grep -q '"bpf": true'; then
	skip 'details' 'this kernel does not take the BPF programs'
	return 0
fi

# details FILE: a line for each: exits, class, handler, what, most frequent symbol.
details() {
	tr -d '\n' <"$1" | sed 's/.*"details": \[//; s/"vcpu":/@&/g' | tr '@' '\n' |
		sed -n 's/.*"class": "\([^"]*\)", *"what": "\([^"]*\)", *"handler": "\([^"]*\)", *"exits": \([0-9]*\).*"from": \[ *{ *"pc": "[^"]*", *"symbol": \("\{0,1\}[^",]*\).*/\4 \1 \3 \2 [\5]/p' |
		tr -d '"'
}

# kind ARGUMENTS EXPECTED: one vCPU; EXPECTED is a line of `details`, a basic regular expression.
kind() {
	begin "details: $1: $2"
	guest "$TL_GUESTS/classes.elf" --profile="$WORK/kind.json" --append "$1"
	status_is 0
	details "$WORK/kind.json" >"$WORK/details"
	grep -q "^$2\$" "$WORK/details" || problem "not '$2', but: $(head -n 4 "$WORK/details" | tr '\n' ';')"
	end
}

kind 'hvc n=100' '100 HVC64 kernel PSCI VERSION \[tl_smccc_hvc\]'
kind 'smc n=100' '100 SMC64 kernel PSCI VERSION \[do_smc\]'
kind 'sysreg n=100' '100 SYS64 kernel ID_AA64PFR0_EL1 read \[do_sysreg\]'
kind 'gic n=100' '100 DABT_LOW kernel gicd GICD_TYPER read \[do_gic\]'
kind 'mmio n=50' '50 DABT_LOW user no device at 0xf000000, read \[do_mmio\]'
kind 'memory n=50' '50 DABT_LOW kernel RAM write: stage-2 translation, level [12] \[do_memory\]'
kind 'fetch n=50' '5[01] IABT_LOW kernel RAM fetch: stage-2 translation, level [12] \[.*\]'
kind 'wfi n=50' '50 WFx kernel WFI \[classes_wfi\]'

begin 'details: a serial port by its registers, and symbols out of a Linux Image'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --profile="$WORK/kind.json"
status_is 0
details "$WORK/kind.json" >"$WORK/details"
for line in '[0-9]* DABT_LOW user pl011 UARTDR write \[pl011_tx_chars\]' \
	'[0-9]* SYS64 kernel ID_AA64PFR0_EL1 read \[.*\]' '1 HVC64 user PSCI SYSTEM_OFF \[.*\]'; do
	grep -q "^$line\$" "$WORK/details" || problem "no '$line'"
done
error_has '^What they were for +by +exits'
error_has 'pl011 UARTDR write +VMM +[0-9]+ .*pl011_tx_chars\+0x'
end

begin 'details: they add up to the exits'
sum=$(awk '{ n += $1 } END { print n }' "$WORK/details")
equal 'their sum' "$sum" "$(total "$WORK/kind.json" exits)"
end

begin 'bursts: the longest run of one kind'
# A tick of the host may fall into the run, and is an exit of another kind.
for _ in 1 2 3 4 5; do
	guest "$TL_GUESTS/classes.elf" --profile="$WORK/kind.json" --append 'gic n=77'
	grep -q 'host interrupt' "$WORK/err" || break
done
status_is 0
error_has '^  vCPU 0, longest: 77 in a row, gicd GICD_TYPER read, [0-9.]+ us, from do_gic\+0x'
equal longest "$(tr -d ' \n' <"$WORK/kind.json" | grep -o '"longest_burst":{"class":"DABT_LOW","what":"gicdGICD_TYPERread","exits":77,' | wc -l | tr -d ' ')" 1
guest "$TL_GUESTS/classes.elf" --profile --append 'gic n=5'
status_is 0
! grep -q '^Bursts' "$WORK/err" || problem 'five in a row are a burst'
end

begin 'host interrupts: which, by name'
guest "$TL_GUESTS/spin.elf" --timeout 1 --profile
status_is 124
error_has '^  host interrupt [0-9]+, arch_timer +kernel +[0-9]+ '
end

# Two that never sleep, on one CPU.
begin 'waiting for a CPU is told from handling'
taskset 1 trapline run "$TL_GUESTS/spin.elf" --timeout 10 </dev/null >/dev/null 2>&1 &
other=$!
run taskset 1 trapline run "$TL_GUESTS/spin.elf" --timeout 1 --profile="$WORK/kind.json" </dev/null
kill "$other"
wait "$other" 2>/dev/null
status_is 124
error_has 'handling exits [0-9]\.[0-9] %, idle 0\.0 %, without a CPU [3-7][0-9]\.[0-9] %$'
end

begin 'idle time is sleep, or polling'
guest "$TL_GUESTS/classes.elf" --append 'wfi n=50' --profile="$WORK/kind.json"
status_is 0
error_has '^  While idle it slept [0-9.]+ [mun]s, and KVM polled for work for [0-9.]+ [mun]s$'
end

begin 'profile: another program, from its start to its end'
run trapline profile --json "$WORK/kind.json" --map qemu-virt --symbols "$TL_GUESTS/classes.elf" -- \
	trapline run "$TL_GUESTS/classes.elf" --append 'smc n=100' </dev/null
status_is 0
details "$WORK/kind.json" >"$WORK/details"
grep -q '^100 SMC64 kernel PSCI VERSION \[do_smc\]$' "$WORK/details" || problem 'no 100 SMC'
error_has 'No exit is missing up to the last event'
end

begin 'profile: a process that runs already, for some time'
spin --timeout 20
pid=$!
run trapline profile --pid "$pid" --seconds 1 --map qemu-virt
kill "$pid"
wait "$pid" 2>/dev/null
status_is 0
error_has '^  host interrupt +kernel +[0-9]+ '
end

begin 'profile: of nobody, of a process that is not there, of a command that is not there'
run trapline profile
refused 2 'say whose exits'
run trapline profile --pid 4000000
refused 4 'process 4000000: No such process'
run trapline profile -- /nonexistent/vmm
status_is 127
error_has "cannot run '/nonexistent/vmm': No such file"
run trapline profile --map nowhere -a
refused 2 "there are qemu-virt, kvmtool, firecracker"
end
