# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The profile: the three counts agree, nothing is lost, nothing stays behind.

# reconciles FILE: all three counts are equal and the classes add up to them.
reconciles() {
	totals=$(json_object "$1" totals)
	exits=$(number "$totals" exits)
	[ "${exits:-0}" -gt 0 ] || problem "no exits in '$totals'"
	equal kernel_exits "$(number "$totals" kernel_exits)" "$exits"
	equal last_count "$(number "$totals" last_count)" "$exits"
	equal lost "$(number "$totals" lost)" 0
	sum=$(tr -d ' \n' <"$1" | grep -o '"count":[0-9]*' | awk -F: '{ n += $2 } END { print n }')
	equal 'the sum of the classes' "$sum" "$exits"
}

for n in 1 2 4; do
	begin "profile: a Linux guest with $n vCPUs reconciles"
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --cpus "$n" \
		--profile="$WORK/linux.json"
	status_is 0
	reconciles "$WORK/linux.json"
	end
done

begin 'profile: a table for people'
guest "$TL_GUESTS/exitbench.bin" --profile
status_is 0
cat "$WORK/out" "$WORK/err" >"$WORK/both"
for what in HVC64 'vCPU 0' lost; do
	grep -Eiq -e "$what" "$WORK/both" || problem "no '$what' in it"
done
end

begin 'profile: 10,000 hypercalls are 10,000 exits of their class'
guest "$TL_GUESTS/exitbench.bin" --profile="$WORK/exitbench.json"
status_is 0
reconciles "$WORK/exitbench.json"
hvc=$(tr -d ' \n' <"$WORK/exitbench.json" | grep -o '"name":"HVC64","count":[0-9]*' | sed 's/.*://')
# And the warm-up call, and SYSTEM_OFF.
equal 'HVC64 exits' "$hvc" 10002
end

begin 'profile: survives a reset in place'
guest "$TL_GUESTS/reset.bin" --profile="$WORK/reset.json"
status_is 0
reconciles "$WORK/reset.json"
end

begin 'profile: also when the VM is stopped from outside'
guest "$TL_GUESTS/idle.bin" --timeout 2 --profile="$WORK/idle.json"
status_is 124
reconciles "$WORK/idle.json"
end

begin 'profile: a file that cannot be written: status 1'
guest "$TL_GUESTS/hello.bin" --profile=/nonexistent/profile.json
status_is 1
error_has '/nonexistent/profile.json'
end

begin 'profile: no tracefs instance is left'
left=$(ls /sys/kernel/tracing/instances 2>/dev/null)
equal 'what is left' "$left" ''
end

# Only the emulated board may have its permissions changed.
if [ "$(hostname)" = board ]; then
	grep -q nobody /etc/passwd 2>/dev/null || {
		mkdir -p /etc
		echo 'nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
		echo 'nogroup:x:65534:' >/etc/group
	}
	chmod 666 /dev/kvm

	begin 'profile: without root, what the kernel counts, and one line on the rest'
	run start-stop-daemon -S -c 65534:65534 -x /bin/trapline -- \
		run "$TL_GUESTS/classes.bin" --append 'smc n=50' --profile </dev/null
	status_is 0
	equal 'lines on it' "$(count "$WORK/err" 'not seen on this host: ')" 1
	error_has 'not seen on this host: single exits and their times \(.*run as root\)'
	error_has '^  SMC64 +secure monitor call +50 '
	error_has "The classes add up to KVM's count of all exits"
	end

	# robust: kvm.no-tracefs
	begin 'profile: without tracefs the same'
	# debugfs mounts it once more, as soon as anybody looks.
	umount /sys/kernel/tracing /sys/kernel/debug/tracing 2>/dev/null
	umount /sys/kernel/debug
	run start-stop-daemon -S -c 65534:65534 -x /bin/trapline -- \
		run "$TL_GUESTS/classes.bin" --append 'smc n=50' --profile </dev/null
	status_is 0
	error_has 'not seen on this host: single exits and their times \(no tracefs'
	error_has '^  SMC64 +secure monitor call +50 '
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing
	end

	begin 'caps: without root as well'
	run start-stop-daemon -S -c 65534:65534 -x /bin/trapline -- caps
	status_is 0
	output_has 'events can be traced +no '
	output_has 'exits by class +yes'
	end
	chmod 600 /dev/kvm
fi

begin 'caps: text'
run trapline caps
status_is 0
output_has '^Linux .*, KVM in (VHE|nVHE|protected nVHE) mode$'
for what in 'GICv3 +yes' 'events can be traced +yes' 'events with vCPU and count +yes' \
	'events with syndrome and clean time +yes' 'exits by class +yes' 'exits handled at EL2 +yes'; do
	output_has "^  $what"
done
end

begin 'caps: JSON'
run trapline caps --json
status_is 0
output_has '"schema": "trapline-caps-1"'
output_has '"classes": true'
output_has '"ipa_bits": [0-9]+'
end

begin 'caps: wrong usage, a full disk, no KVM'
run trapline caps --bogus
refused 2 "unknown option '--bogus'"
run trapline caps more
refused 2 "'more': caps takes no argument"
if [ -c /dev/full ]; then
	trapline caps >/dev/full 2>"$WORK/err"
	# shellcheck disable=SC2034 # status_is reads it
	status=$?
	status_is 1
fi
end
