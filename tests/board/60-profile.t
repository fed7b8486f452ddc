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
