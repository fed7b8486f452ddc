# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Two profiles beside each other, on the deterministic board: what was changed is what is
# shown, whether it was recorded, profiled or only counted; and budgets.

classes=$TL_GUESTS/classes.elf
dir=/tmp/diff
rm -rf "$dir"
mkdir "$dir"

# profiled NAME ARGUMENT...: a run of it, saved as $dir/NAME.json.
profiled() {
	name=$1
	shift
	guest "$classes" "--profile=$dir/$name.json" "$@"
	status_is 0
}

# changes: the kinds whose number differs, of a JSON comparison, as lines of "WHAT A B", without
# interrupts of the host, of which there are as many as the run takes ticks.
changes() {
	tr -d '\n' <"$WORK/out" | sed 's/"class": /\n&/g' | sed -n \
		's/.*"what": "\([^"]*\)".*"a": \({[^}]*}\|null\).*"b": \({[^}]*}\|null\).*/\1|\2|\3/p' |
		sed 's/{ *"exits": \([0-9]*\)[^}]*}/\1/g' | grep -v '^host interrupt' |
		awk -F'|' '$2 != $3 { print $1, $2, $3 }'
}

begin 'diff: two runs of one guest have the same exits'
profiled one --append 'hvc n=100'
profiled two --append 'hvc n=100'
run trapline diff "$dir/one.json" "$dir/two.json" --format json
status_is 0
output_has '"schema": "trapline-diff-1"'
output_has '"what": "PSCI VERSION"'
equal 'what differs' "$(changes)" ''
run trapline diff "$dir/one.json" "$dir/one.json"
status_is 0
output_has '^No difference: [0-9]+ kinds of exits, the same counts and times\.$'
end

begin 'diff: what is more, what is new and what is gone'
profiled more --append 'hvc n=120'
run trapline diff --format json "$dir/one.json" "$dir/more.json"
equal 'what differs' "$(changes)" 'PSCI VERSION 100 120'
run trapline diff "$dir/one.json" "$dir/more.json"
output_has '^  PSCI VERSION  +kernel  +100  +120  +\+20 '
profiled other --append 'sysreg n=100'
run trapline diff --format json "$dir/one.json" "$dir/other.json"
equal 'what differs' "$(changes | sort | tr '\n' ';')" \
	'ID_AA64PFR0_EL1 read null 100;PSCI VERSION 100 null;'
run trapline diff "$dir/one.json" "$dir/other.json"
output_has '^  PSCI VERSION  +kernel  +100  +-  +-100 .*  gone$'
output_has '^  ID_AA64PFR0_EL1 read  +kernel  +-  +100  +\+100 .*  new$'
run trapline diff --by class --per total "$dir/one.json" "$dir/other.json"
status_is 0
output_has '^  system register .*  new$'
end

begin 'diff: a recording, and the profile that is saved of it'
guest "$classes" --record "$dir/recording" --append 'hvc n=100'
status_is 0
trapline report --format json "$dir/recording" >"$dir/saved.json"
run trapline diff "$dir/recording" "$dir/saved.json"
status_is 0
output_has '^No difference: '
run trapline diff --format json "$dir/recording" "$dir/one.json"
equal 'what differs' "$(changes)" ''
end

begin 'diff: a profile of counts alone, and one of events'
guest "$classes" "--count=$dir/count.json" --append 'hvc n=100'
run trapline diff "$dir/one.json" "$dir/count.json"
status_is 0
error_has '^trapline: warning: one of them has no details: by class, then$'
output_has '^  run time .* -$'
output_lacks '^  hypervisor call'
end

# budget LINE...: into a file, and B against it.
budget() {
	printf '%s\n' "$@" >"$dir/budget"
	run trapline diff --budget "$dir/budget" "$dir/more.json"
}

begin 'diff --budget: kept and not kept'
budget '# limits' 'detail PSCI VERSION <= 120' 'user * <= 1000' 'lost <= 0' 'class HVC64 <= 130'
status_is 0
output_is "Budget $dir/budget: $dir/more.json keeps all 4 limits."
budget 'detail PSCI VERSION <= 120' '' 'detail PSCI * <= 119' 'lost <= 0'
status_is 1
error_lines 0
output_has "^Budget $dir/budget: $dir/more.json does not keep 1 of 3 limits\$"
output_has "^  $dir/budget:3: detail PSCI \\* <= 119: it is 12[0-9]; most: PSCI VERSION, 120\$"
# New may be the interrupt of a tick.
printf 'detail PSCI VERSION <= +19\nnew <= 1\n' >"$dir/budget"
run trapline diff --budget "$dir/budget" "$dir/one.json" "$dir/more.json"
status_is 1
output_has "budget:1: detail PSCI VERSION <= \\+19: it is 120, allowed are 119; most: PSCI VERSION, 120\$"
output_lacks 'budget:2'
end

begin "diff --budget: a Linux boot keeps docs/budgets.md's"
guest --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet "--profile=$dir/boot.json" "$TL_GUESTS/Image"
status_is 0
run trapline diff --budget "$TL_TESTS/boot.budget" "$dir/boot.json"
status_is 0
end

begin 'diff: what cannot be compared'
run trapline diff "$dir/one.json" "$dir/none"
refused 3 "^trapline: '$dir/none': No such file or directory\$"
trapline caps --json >"$dir/caps.json"
run trapline diff "$dir/caps.json" "$dir/one.json"
refused 3 "its schema is 'trapline-caps-1', and a profile's is 'trapline-profile-1'"
run trapline diff "$dir/recording/trace.dat" "$dir/one.json"
refused 3 'is neither a recording.s folder nor a profile as JSON: line 1'
head -c 3000 "$dir/one.json" >"$dir/cut.json"
run trapline diff "$dir/one.json" "$dir/cut.json"
refused 3 "cut.json' is neither a recording"
mkdir "$dir/empty"
run trapline diff "$dir/empty" "$dir/one.json"
status_is 3
error_has "$dir/empty"
cp -a "$dir/recording" "$dir/damaged"
head -c 300 "$dir/recording/trace.dat" >"$dir/damaged/trace.dat"
run trapline diff "$dir/damaged" "$dir/one.json"
status_is 3
error_has "$dir/damaged"
run trapline diff /dev/zero "$dir/one.json"
refused 3 "'/dev/zero' is neither"
budget 'exits <= 5' 'exit <= 5'
refused 2 "^trapline: $dir/budget:2: 'exit <= 5': there are class"
budget 'exits <= +5'
refused 2 "^trapline: $dir/budget:1: 'exits <= \\+5' is beside another profile"
run trapline diff --budget "$dir/none" "$dir/one.json"
refused 2 "^trapline: budget '$dir/none': No such file or directory\$"
run trapline diff "$dir/one.json"
refused 2 'only one profile, and no --budget'
end
