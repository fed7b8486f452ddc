# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Recordings, on the deterministic board: what is read back must be what the kernel counted,
# detail by detail, and what is lost must be told to the last exit, and where.

folder=/tmp/recording

# csv KIND: exits by `--by KIND`, as lines of "EXITS NAME".
csv() {
	trapline report "$folder" --format csv --by "$1" |
		tr -d '\r"' | sed -n 's/^[0-9]*,\(.*\),\([0-9]*\),[0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*$/\2 \1/p'
}

# fresh: no recording is there.
fresh() {
	rm -rf "$folder"
}

# field FILE KEY: a number of vm.json or a profile, the first of that name.
field() {
	sed -n "s/^ *\"$2\": \\(-\\{0,1\\}[0-9]*\\),\\{0,1\\}\$/\\1/p" "$1" | head -n 1
}

# recorded ARGUMENTS EXPECTED: one kind of exit; EXPECTED is a line of `csv detail`.
recorded() {
	begin "record: $1: $2"
	fresh
	guest "$TL_GUESTS/classes.elf" --record "$folder" --append "$1"
	status_is 0
	error_has "^trapline: recorded [0-9.]+ MiB to $folder; 'trapline report $folder' shows it\$"
	csv detail >"$WORK/details"
	grep -q "^$2\$" "$WORK/details" || problem "not '$2', but: $(head -n 4 "$WORK/details" | tr '\n' ';')"
	run trapline report "$folder"
	status_is 0
	output_has 'All three are equal: every exit is in this profile'
	output_has "So are KVM's own counts of each class"
	end
}

recorded 'hvc n=100' '100 PSCI VERSION'
recorded 'smc n=100' '100 PSCI VERSION'
recorded 'sysreg n=100' '100 ID_AA64PFR0_EL1 read'
recorded 'gic n=100' '100 gicd GICD_TYPER read'
recorded 'mmio n=50' '50 no device at 0xf000000, read'
recorded 'memory n=50' '50 RAM write: stage-2 translation, level [12]'
recorded 'wfi n=50' '50 WFI'

begin 'record: a guest of two vCPUs that starts the second one'
fresh
guest "$TL_GUESTS/smp.elf" --cpus 2 --record "$folder"
status_is 0
csv detail >"$WORK/details"
grep -q '^1 PSCI CPU_ON of CPU 1$' "$WORK/details" || problem "no CPU_ON with its target: $(tr '\n' ';' <"$WORK/details")"
csv vcpu >"$WORK/vcpus"
equal 'vCPUs' "$(wc -l <"$WORK/vcpus")" 2
end

# interrupts: without BPF, a profile does not know which host interrupt came.
interrupts() {
	if trapline caps --json | grep -q '"bpf": true'; then
		cat
	else
		sed 's/"what":"hostinterrupt[^"]*"/"what":""/'
	fi
}

# Read two ways at a time: what was counted in the kernel and what was recorded is the same.
begin 'record: a Linux guest has the same details as its profile'
fresh
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --record "$folder" --profile="$WORK/profile.json"
status_is 0
run trapline report "$folder" --format json
status_is 0
equal 'exits' "$(total "$WORK/out" exits)" "$(total "$WORK/profile.json" exits)"
equal 'exits to user space' "$(total "$WORK/out" userspace_exits)" "$(total "$WORK/profile.json" userspace_exits)"
equal 'lost' "$(total "$WORK/out" lost)" 0
for json in "$WORK/out" "$WORK/profile.json"; do
	tr -d '\n ' <"$json" | sed 's/.*"details":\[//; s/"vcpu":/@&/g' | tr '@' '\n' | interrupts |
		sed -n 's/.*"class":"\([^"]*\)","what":"\([^"]*\)","handler":"\([^"]*\)","exits":\([0-9]*\).*/\4 \1 \3 \2/p' |
		awk '{ n[$2 " " $3 " " $4] += $1 } END { for (k in n) print n[k], k }' |
		sort >"$json.details"
done
cmp -s "$WORK/out.details" "$WORK/profile.json.details" || problem 'the details differ'
[ "$(wc -l <"$WORK/out.details")" -gt 20 ] || problem 'there are hardly any details'
csv symbol >"$WORK/symbols"
grep -q ' pl011_' "$WORK/symbols" || problem 'no function of the guest has a name'
end

# What the guest measures by its own counter is what the vCPU was in it and away from it.
begin "times agree with the guest's own counter within 2 %"
fresh
guest "$TL_GUESTS/exitbench.bin" --append 'hvc n=20000' --record "$folder" --profile="$WORK/profile.json"
status_is 0
each=$(sed -n 's/^20000 hypercalls, \([0-9]*\) ns each.*/\1/p' "$WORK/out")
run trapline report "$folder" --format json
for json in "$WORK/out" "$WORK/profile.json"; do
	# All exits: an interrupt comes in the middle of the calls, and the rest is short.
	calls=$(tr -d ' \n' <"$json" | sed 's/.*"classes":\[//; s/\].*//' | grep -o '"total":[0-9]*' | awk -F: '{ n += $2 } END { print n }')
	inside=$(tr -d ' \n' <"$json" | sed -n 's/.*"guest_ns":\([0-9]*\).*/\1/p')
	off=$(((calls + inside - each * 20000) * 1000 / (each * 20000)))
	[ "${off#-}" -le 20 ] || problem "$calls ns for exits, $inside ns in the guest, $each ns each: off by $off / 1000"
done
end

begin 'report: parts of a recording add up to it'
fresh
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --record "$folder"
all=$(csv vcpu | awk '{ n += $1 } END { print n }')
first=$(trapline report "$folder" --format csv --by vcpu --to 0.05 | tr -d '\r' | awk -F, 'NR > 1 { n += $3 } END { print n + 0 }')
rest=$(trapline report "$folder" --format csv --by vcpu --from 0.050000001 | tr -d '\r' | awk -F, 'NR > 1 { n += $3 } END { print n + 0 }')
equal 'exits before and after' $((first + rest)) "$all"
[ "$first" -gt 0 ] || problem 'the first part is empty'
[ "$rest" -gt 0 ] || problem 'the rest is empty'
for by in class detail device symbol pc vcpu handler; do
	equal "exits by $by" "$(csv "$by" | awk '{ n += $1 } END { print n }')" "$all"
done
run trapline report "$folder" --vcpu 0 --by handler
status_is 0
output_has '^kernel '
end

begin 'report: a page, made where the recording was; it tells how that was made'
fresh
run trapline run "$TL_GUESTS/classes.elf" --append 'hvc n=100' --record "$folder" </dev/null
status_is 0
run trapline report --format html "$folder"
status_is 0
file_has "$WORK/out" '^<!DOCTYPE html>'
file_has "$WORK/out" '"name":"HVC64","count":10[0-9]'
file_has "$WORK/out" "\"recorded_by\":\"trapline run [^\"]*classes.elf --append 'hvc n=100' --record $folder\""
file_has "$WORK/out" '"recorder":"trapline '
file_has "$WORK/out" "\"command\":\"trapline report --format html $folder\""
file_has "$WORK/out" 'All three are equal: every exit is in this profile'
file_has "$WORK/out" '^</html>'
end

begin 'record: another program, from its start to its end, by a device tree'
fresh
trapline run "$TL_GUESTS/classes.elf" --dump-dtb "$WORK/dtb" </dev/null
run trapline record -o "$folder" --dtb "$WORK/dtb" --symbols "$TL_GUESTS/classes.elf" -- \
	trapline run "$TL_GUESTS/classes.elf" --append 'gic n=100' </dev/null
status_is 0
csv detail >"$WORK/details"
grep -q '^100 gicd GICD_TYPER read$' "$WORK/details" || problem 'no 100 reads of the GIC'
run trapline report "$folder"
output_has 'do_gic\+0x'
output_has 'No exit is missing up to the last event'
end

begin 'record: a process that runs already, until a time'
fresh
spin --timeout 20
pid=$!
run trapline record -o "$folder" --pid "$pid" --stop-after 1 --map qemu-virt
status_is 0
run trapline record -o "$folder" --pid "$pid" --stop-after 1 --map qemu-virt
refused 2 "cannot record: there is a recording in '$folder' already; remove it, or name another folder"
kill "$pid"
wait "$pid" 2>/dev/null
run trapline report "$folder"
status_is 0
output_has "^Trap profile of process $pid: 1 vCPU, "
end

begin 'record: up to a size, and the guest goes on'
fresh
run trapline record -o "$folder" --size 64K -- \
	trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=100000' </dev/null
status_is 0
output_has '^100000 hypercalls'
error_has '^trapline: recorded [0-9.]+ MiB to .*, up to its limit;'
size=$(wc -c <"$folder/trace.dat")
[ "$size" -lt 6000000 ] || problem "100000 exits have been recorded: $size bytes"
run trapline report "$folder"
status_is 0
end

begin 'record: only the last second'
fresh
trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=3000000' --timeout 60 </dev/null >"$WORK/bench" 2>&1 &
pid=$!
sleep 0.3
run trapline record -o "$folder" --pid "$pid" --last 1 --stop-after 2
status_is 0
kill "$pid"
wait "$pid" 2>/dev/null
run trapline report "$folder" --format json
status_is 0
ns=$(field "$WORK/out" duration_ns)
[ "$ns" -gt 900000000 ] || problem "it is of $ns ns"
[ "$ns" -lt 1300000000 ] || problem "it is of $ns ns"
equal 'lost' "$(total "$WORK/out" lost)" 0
equal 'pieces' "$(find "$folder" -name 'trace.dat.cpu*' | wc -l | tr -d ' ')" 0
end

# The recorder is stopped while the guest goes on: its buffer runs over.
# exits_of PID: how many the kernel has counted for that VM.
exits_of() {
	cat /sys/kernel/debug/kvm/"$1"-*/exits
}

# robust: trace.slow-reader
begin 'loss: exact by the exit count, and where it was'
fresh
trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=500000' --timeout 60 </dev/null >"$WORK/bench" 2>&1 &
vmm=$!
trapline record -o "$folder" --buffer 256K --pid "$vmm" --map qemu-virt 2>"$WORK/err" &
recorder=$!
wait_for "$WORK/err" 'recording to'
sleep 0.1
kill -STOP "$recorder"
# Many more than the buffer has room for, however slow this board is.
before=$(exits_of "$vmm")
sleep 0.2
tries=200
until [ "$(exits_of "$vmm")" -gt $((before + 30000)) ] || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
kill -CONT "$recorder"
wait "$vmm"
wait "$recorder"
run trapline report "$folder" --format json
status_is 0
lost=$(total "$WORK/out" lost)
seen=$(total "$WORK/out" exits)
last=$(total "$WORK/out" last_count)
[ "${lost:-0}" -gt 0 ] || problem 'nothing was lost, so nothing was tried'
equal 'seen and lost' $((seen + lost)) "$last"
# Of its gaps, the longest is while the recorder stood still: a tenth of a second and more.
longest=$(tr -d ' \n' <"$WORK/out" | sed 's/.*"gaps":\[\([^]]*\)\].*/\1/; s/},{/\n/g' |
	sed -n 's/.*"from":\([0-9]*\),"to":\([0-9]*\),"exits":\([0-9]*\).*/\1 \2 \3/p' |
	awk '$2 - $1 > most { most = $2 - $1; exits = $3 } END { print int(most / 1000000), exits + 0 }')
[ "${longest% *}" -ge 100 ] || problem "the longest gap is of ${longest% *} ms"
[ "${longest#* }" -gt 5000 ] || problem "only ${longest#* } exits are missing there"
run trapline report "$folder"
output_has 'lost'
end

# robust: trace.gone-reader
begin 'a recorder that was killed: what it had written is there'
fresh
trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=3000000' --timeout 60 </dev/null >"$WORK/bench" 2>&1 &
vmm=$!
trapline record -o "$folder" --pid "$vmm" --map qemu-virt 2>"$WORK/err" &
recorder=$!
wait_for "$WORK/err" 'recording to'
tries=50
until [ -s "$folder/trace.dat.cpu0" ] || [ -s "$folder/trace.dat.cpu1" ] || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
sleep 0.2
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null
kill "$vmm"
wait "$vmm" 2>/dev/null
run trapline report "$folder" --format json
status_is 0
error_has "^trapline: warning: $folder: its recorder was stopped before the end; this is what it had written\$"
exits=$(total "$WORK/out" exits)
[ "${exits:-0}" -gt 1000 ] || problem "there is hardly anything: $exits exits"
equal 'lost' "$(total "$WORK/out" lost)" 0
# The next one removes what the killed one left in tracefs.
fresh
run trapline record -o "$folder" -- trapline run "$TL_GUESTS/hello.bin" </dev/null
equal 'instances' "$(find /sys/kernel/tracing/instances -name 'trapline-*' -maxdepth 1 | wc -l | tr -d ' ')" 0
end

# robust: trace.full-disk
begin 'a full disk: the guest goes on, and what was written can be read'
fresh
mkdir -p /tmp/small
mount -t tmpfs -o size=400k none /tmp/small
run trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=20000' --record /tmp/small/r </dev/null
status_is 1
output_has '^20000 hypercalls'
error_has '^trapline: recording to /tmp/small/r: writing: No space left on device; it ends here, and what was written stays$'
run trapline report /tmp/small/r --format json
status_is 0
[ "$(total "$WORK/out" exits)" -gt 500 ] || problem 'there is hardly anything'
umount /tmp/small
end

begin 'record: what cannot be'
run trapline record -o "$folder" --pid 999999
refused 4 '^trapline: process 999999: No such process$'
run trapline record -- true
refused 2 '^trapline: say where to: -o DIR$'
run trapline record -o /proc/x -- true
status_is 4
error_has '^trapline: cannot record: /proc/x: No such file or directory$'
run trapline report /nowhere
refused 3 '^trapline: /nowhere/vm.json: No such file or directory$'
run trapline report
refused 2 'which recording'
end

rm -rf "$folder"
