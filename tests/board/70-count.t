# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The kernel's counters, on the deterministic board: a guest causes exits of one
# class, as many as it is told to, and the counters must say just that number.
# What is expected is the difference to a guest that does nothing.

# Host interrupts come as they come: so many may be in it, and not more. One that
# takes the CPU from the vCPU also takes its FP registers.
TICKS=40

# flatten FILE VCPU: the kernel's counts of a vCPU, a line each: "returned.HVC64 3".
flatten() {
	tr -d ' \n' <"$1" | sed 's/{"id":/#&/g' | tr '#' '\n' | grep "^{\"id\":$2," >"$WORK/vcpu"
	for object in returned fixups; do
		sed -n "s/.*\"$object\":{\\([^}]*\\)}.*/\\1/p" "$WORK/vcpu" | tr ',' '\n' |
			sed -n "s/^\"\\(.*\\)\":\\([0-9]*\\)\$/$object.\\1 \\2/p"
	done
	sed -n 's/.*"kernel":{"exits":\([0-9]*\),.*/exits \1/p' "$WORK/vcpu"
	sed -n 's/.*"entries_not_run":\([0-9]*\).*/not_run \1/p' "$WORK/vcpu"
}

# differs VCPU EXPECTED: what $WORK/section.json has beyond $WORK/none.json must be
# EXPECTED ("returned.HVC64=100 ..."), all else equal; host interrupts within bounds.
differs() {
	flatten "$WORK/none.json" "$1" >"$WORK/before"
	flatten "$WORK/section.json" "$1" >"$WORK/after"
	[ -s "$WORK/after" ] || problem 'there are no counts by class'
	differences=$(awk -v expected="$2" -v ticks="$TICKS" '
		BEGIN {
			n = split(expected, list, " ")
			for (i = 1; i <= n; i++) { split(list[i], pair, "="); want[pair[1]] = pair[2]; all[pair[1]] }
		}
		FILENAME ~ /before$/ { before[$1] = $2; all[$1] }
		FILENAME ~ /after$/ { after[$1] = $2; all[$1]; if ($1 ~ /^returned/) sum += $2 }
		END {
			for (name in all) {
				d = after[name] - before[name]
				if (name == "exits") continue
				if (name == "not_run" || name == "returned.IRQ" || (name == "fixups.FP_ASIMD" && want[name])) {
					if (d < want[name] + 0 - (want[name] ? 0 : ticks) || d > want[name] + ticks)
						print name " is " d ", not " want[name] + 0 " and at most " ticks " more"
				} else if (d != want[name] + 0)
					print name " is " d ", not " want[name] + 0
			}
			if (sum != after["exits"])
				print "the classes add up to " sum ", the exits are " after["exits"]
		}' "$WORK/before" "$WORK/after")
	[ -z "$differences" ] || problem "vCPU $1: $differences"
}

# section NAME ARGUMENTS EXPECTED: one vCPU.
section() {
	begin "count: $1"
	guest "$TL_GUESTS/classes.bin" --count="$WORK/section.json" --append "$2"
	status_is 0
	[ ! -s "$WORK/out" ] || problem "the guest says: $(cat "$WORK/out")"
	differs 0 "$3"
	end
}

begin 'count: a guest that does nothing: its first page, and power off'
guest "$TL_GUESTS/classes.bin" --count="$WORK/none.json" --append none
status_is 0
flatten "$WORK/none.json" 0 >"$WORK/before"
for what in 'returned.HVC64 1' 'returned.IABT_LOW 1'; do
	grep -q "^$what\$" "$WORK/before" || problem "not '$what', but: $(cat "$WORK/before")"
done
end

section 'hypercalls that KVM answers' 'hvc n=1000' 'returned.HVC64=1000'
section 'SMCCC workaround calls, which EL2 answers' 'workaround n=1000' 'fixups.HVC64=1000'
section 'secure monitor calls' 'smc n=1000' 'returned.SMC64=1000'
section 'ID registers' 'sysreg n=1000' 'returned.SYS64=1000'
section 'registers of the GIC' 'gic n=1000' 'returned.DABT_LOW=1000'
section 'registers in user space' 'mmio n=200' 'returned.DABT_LOW=200'
section 'the same from EL0' 'el0 n=200' 'returned.DABT_LOW=200'
section 'stage-2 faults by data' 'memory n=100' 'returned.DABT_LOW=100'
section 'stage-2 faults by instructions' 'fetch n=100' 'returned.IABT_LOW=100'
section 'first use of FP after user space, which EL2 handles' 'fp n=200' \
	'returned.DABT_LOW=200 fixups.FP_ASIMD=200'
section 'timer interrupts' 'timer n=100' 'returned.IRQ=100 returned.DABT_LOW=4'
section 'waiting for interrupts' 'wfi n=100' 'returned.WFx=100 returned.DABT_LOW=4'
# QEMU's CPUs never trap WFE, so there is nothing to count; a machine may.
section 'waiting for events, which this board does not trap' 'wfe n=100' ''

begin 'count: interrupts between two vCPUs'
guest "$TL_GUESTS/classes.bin" --cpus 2 --count="$WORK/none.json" --append none
status_is 0
guest "$TL_GUESTS/classes.bin" --cpus 2 --count="$WORK/section.json" --append 'ipi n=100'
status_is 0
# The sender: one write a piece, and CPU_ON. The receiver waits for each, turned on and off.
differs 0 'returned.SYS64=100 returned.HVC64=1'
differs 1 'returned.WFx=100 returned.HVC64=1 returned.DABT_LOW=4'
end

begin 'count: with a profile, events and counters agree on each class'
guest "$TL_GUESTS/classes.bin" --profile="$WORK/profile.json" --append 'fp n=100'
status_is 0
error_has "So are KVM's own counts of each class"
error_has 'EL2 handled 100 by itself: FP_ASIMD 100'
end

# Events as text, in an instance of our own. traced ARGUMENTS: into $WORK/events.
traced() {
	instance=/sys/kernel/tracing/instances/count
	mkdir "$instance"
	echo 1 >"$instance/events/kvm/kvm_exit/enable"
	echo 1 >"$instance/events/kvm/kvm_entry/enable"
	guest "$TL_GUESTS/classes.bin" --append "$1"
	status_is 0
	grep -v '^#' "$instance/trace" >"$WORK/events"
	rmdir "$instance"
}

# lines_are N PATTERN: so many events have it.
lines_are() {
	equal "the number of '$2'" "$(count "$WORK/events" "$2")" "$1"
}

begin 'events: whole syndrome, addresses and exception level of aborts'
traced 'mmio n=20'
# An aligned 32-bit read into w-register, stage-2 translation fault.
lines_are 20 'kvm_exit: TRAP: .*DABT_LOW.* esr 0x9[23][0-9a-f]{6} far 0xf000000 ipa 0xf000000 mode 0x5 '
traced 'el0 n=20'
lines_are 20 'kvm_exit: TRAP: .*DABT_LOW.* far 0xf000000 ipa 0xf000000 mode 0x0 '
end

begin 'events: no address where the exit is no abort, no syndrome of interrupts'
traced 'hvc n=20'
lines_are 21 'kvm_exit: TRAP: .*HVC64.* esr 0x5a000000 far 0x0 ipa 0x0 mode 0x5 '
traced 'timer n=20'
[ "$(count "$WORK/events" 'kvm_exit: IRQ: .* esr 0x0 far 0x0 ipa 0x0 ')" -ge 20 ] ||
	problem 'interrupts have a syndrome'
lines_are 0 'kvm_exit: IRQ: .* esr 0x[1-9a-f]'
end

begin 'events: the system counter never goes back, and is there in each'
traced 'sysreg n=100'
awk '{ for (i = 1; i < NF; i++) if ($i == "counter") { n++; if ($(i + 1) + 0 < last + 0) bad++; last = $(i + 1) } }
	END { print n - NR, bad + 0, (last > 0) }' "$WORK/events" >"$WORK/counter"
equal 'missing, backward, nonzero' "$(cat "$WORK/counter")" '0 0 1'
end

times=/sys/module/kvm/parameters/handling_time

begin 'handling times: off at first, and then nothing is timed'
equal 'the parameter' "$(cat $times)" N
guest "$TL_GUESTS/classes.bin" --count="$WORK/off.json" --append 'hvc n=100'
equal 'histograms' "$(tr -d ' \n' <"$WORK/off.json" | grep -c '"handling_ns":{}')" 1
end

begin 'handling times: each exit but the last is in the histogram of its kind'
echo Y >$times
guest "$TL_GUESTS/classes.bin" --count="$WORK/on.json" --append 'hvc n=100'
status_is 0
error_has '^  hvc +100 +[0-9.]+ us +[0-9.]+ us'
guest "$TL_GUESTS/classes.bin" --count="$WORK/on.json" --append 'memory n=100'
error_has '^  dabt +100 '
echo N >$times
end
