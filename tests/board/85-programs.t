# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's, status that of run
#
# The five programs of the report of 2014, small, on the board and in a guest: what they make has
# to be what this PC made of it. And the burst of that report: a loop over sets and ways, as it
# was and as KVM has it now. The programs come with scripts/board --with build/board/programs.cpio.

# shellcheck disable=SC2034 # for run
TEST_LIMIT=240
expected=/report/input/small.expected

# same_bytes TIMES: each of the five has ended so often, with what is expected.
same_bytes() {
	equal 'what the programs made' \
		"$(tr -d '\r' <"$WORK/out" | awk '$1 == "took" { print $2, $NF }' | sort)" \
		"$(for _ in $(seq "$1"); do cat $expected; done | sort)"
	output_lacks '^failed'
}

if [ -e $expected ] && [ -e /proc/sysvipc ]; then
	begin 'the five programs make on the board what they make on a PC'
	cd /report || exit
	run bin/rounds input/small
	status_is 0
	same_bytes 1
	end

	begin 'and in two guests at once, which begin each program together'
	run bin/conduct -k 2 -p 0,1 -o "$WORK/lines" trapline run "$TL_GUESTS/Image" \
		--initrd "$TL_GUESTS/programs.cpio" --mem 128M --pin % \
		--append 'quiet trapline.run="cd /report; bin/rounds -b input/small"'
	status_is 0
	cut -d ' ' -f 3- "$WORK/lines" >"$WORK/out"
	same_bytes 2
	equal 'who was waited for' "$(grep -c ' ready ' "$WORK/lines")" 10
	# The second of two begins when both are ready: no program ends before both have begun.
	equal 'programs that ended before both had begun' "$(awk '
		$3 == "ready" { ready[$4]++ }
		$3 == "took" && ready[$4] != 2 { print $4 }' "$WORK/lines")" ''
	cd - >/dev/null || exit
	end
else
	skip 'the five programs' 'their archive is not on this board (make test-board)'
fi

begin 'a loop over the sets and ways of a Cortex-A15 exits for each of them, and is named'
run trapline run "$TL_GUESTS/lab-setway.elf" --append a15 --profile </dev/null
status_is 0
output_has '^16896 operations'
error_has 'DC CISW +kernel +16896 '
error_has 'longest: [0-9]+ in a row, DC CISW,'
error_has 'set-way: 16896 exits'
end

begin 'with the geometry that KVM shows it is over at once'
run trapline run "$TL_GUESTS/lab-setway.elf" --profile </dev/null
status_is 0
output_has '^[0-9]{1,2} operations'
error_lacks 'set-way:'
end
