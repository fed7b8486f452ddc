# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The five benchmarks: on this PC, on the board, in 1, 2, 4, 8 guests. Part of bench/report-2014.

programs=(adpcm gsm CRC32 FFT jpeg)
# The report's seconds: real and user on its host, in one guest, and real of the slower of two.
declare -A then=([adpcm]='67.43 53.38 84.15 56.24 177.22' [gsm]='67.33 66.35 69.91 68.08 144.02'
	[CRC32]='80.53 79.73 87.90 81.93 171.26' [FFT]='24.83 24.46 26.65 25.19 54.91' [jpeg]='5.69 4.93 6.13 5.14 12.23')

BENCH_WORDS=once on_board once programs.board.sh --with "$TL_TOP/build/board/programs.cpio"
BENCH_WORDS=full on_board programs programs.board.sh --with "$TL_TOP/build/board/programs.cpio"
if [ "${BENCH_KEEP-0}" != 1 ] || [ ! -s "$BENCH_WORK/pc" ]; then
	(cd "$TL_TOP/build/report/pc" && bin/rounds -n 7 ../input/work) >"$BENCH_WORK/pc"
fi

# All of it in one form: PHASE NAME REAL USER SYSTEM CRC.
took=$BENCH_WORK/took
{
	for phase in board one two four eight; do
		sed -n "s/.*took /$phase /p" "$BENCH_WORK/programs/$phase"
	done
	sed -n 's/.*took /pc /p' "$BENCH_WORK/pc"
} >"$took"

# column PHASE NAME FIELD: all its values; field 3 is real time, 4 user, 5 system, in ns.
column() {
	awk -v phase="$1" -v name="$2" -v field="$3" '$1 == phase && $2 == name { print $field }' "$took"
}

# median PHASE NAME FIELD
median() {
	column "$@" | middle
}

# mean PHASE NAME FIELD: for user and system time, which the kernel tells in ticks of 4 ms: their
# median would jump by as much.
mean() {
	column "$@" | awk '{ sum += $1 } END { printf "%.0f\n", sum / NR }'
}

# spread PHASE NAME: how much real time differs, in percent of the median.
spread() {
	column "$1" "$2" 3 | sort -n |
		awk '{ x[NR] = $1 } END { printf "%.2f %%\n", (x[NR] - x[1]) / x[int((NR + 1) / 2)] * 100 }'
}

for name in "${programs[@]}"; do
	[ "$(awk -v name="$name" '$2 == name { print $NF }' "$took" | sort -u | wc -l)" -eq 1 ] ||
		die "$name did not make the same bytes everywhere: see build/bench/report-2014/took"
done
{ cmp -s "$BENCH_WORK/once/board-first" "$BENCH_WORK/programs/board-first" &&
	cmp -s "$BENCH_WORK/once/guest-first" "$BENCH_WORK/programs/guest-first"; } ||
	die "two deterministic boards did not come to the same figures: see build/bench/report-2014/once"

text <<END
## The five benchmarks

adpcm, CRC32 and FFT are programs of ours (\`bench/programs\`), gsm is Debian's \`toast\` and \`untoast\`, jpeg its \`cjpeg\`
and \`djpeg\`; their inputs are generated. Each program made the same bytes (by their CRC-32) in all of the
$(wc -l <"$took") runs that are told of here, on this PC, on the board and in every guest. Guests have 1 vCPU and 128 MiB, and in
each table below all of them are pinned to CPU 1 of the board and begin each program at the same moment.

**Deterministic:** the board counts instructions (2 ns each), so a second here is 5 * 10^8 instructions, whatever
this PC does meanwhile. The board was booted twice, and the first round, on the board and in a guest, took
the same to the nanosecond in both, in all $(grep -c took "$BENCH_WORK/once/guest-first") programs. What differs from round to round is where ticks of the clock
and of the page cache fall; medians are of 7 rounds on the PC, on the board and in one guest, of 6 in two guests
(2 times 3), of 8 in four and eight. User and system time are means of as many: Linux tells them apart by its ticks of
4 ms, so that a median would jump by two in a hundred.

### Seconds

The PC's own figures come from another processor and another compiler's code, at wall-clock speed and as busy as it was:
they are here because the report had them. The board's and the guests' are virtual seconds.
END
table 'real / user / system' 'this PC' 'board' 'one guest' 'two guests at once' 'spread of real time: board, one, two'
for name in "${programs[@]}"; do
	cells=()
	for phase in pc board one two; do
		cells+=("$(seconds "$(median $phase "$name" 3)") / $(seconds "$(mean $phase "$name" 4)") / $(seconds "$(mean $phase "$name" 5)")")
	done
	row "$name" "${cells[@]}" "$(spread board "$name"), $(spread one "$name"), $(spread two "$name")"
done
end_table

text <<END
### What a guest costs, beside 2014

Ratios, each of medians of one run. 2014 had Linux 3.x on a simulated Cortex-A15, with timer, console and disk in user space.
END
table 'guest ÷ board' 'real' '2014' 'user' '2014' 'two at once ÷ one, real' '2014'
for name in "${programs[@]}"; do
	read -r host_real host_user guest_real guest_user two_real <<<"${then[$name]}"
	user=$(divide "$(mean one "$name" 4)" "$(mean board "$name" 4)")
	real=$(divide "$(median one "$name" 3)" "$(median board "$name" 3)")
	two=$(divide "$(median two "$name" 3)" "$(median one "$name" 3)")
	row "$name" "$real" "$(divide "$guest_real" "$host_real")" "$user" "$(divide "$guest_user" "$host_user")" \
		"$two" "$(divide "$two_real" "$guest_real")"
	figure "$name: user time in a guest, of the board's" times "$user" lower 1.02 \
		'report of 2014' "$(divide "$guest_user" "$host_user")"
	figure "$name: real time in a guest, of the board's" times "$real" lower null \
		'report of 2014' "$(divide "$guest_real" "$host_real")"
	figure "$name: two guests at once on one CPU, of one" times "$two" lower 2.05
	for series in "2014:$(divide "$guest_real" "$host_real")" "trapline:$real"; do
		awk -v name="$name" -v series="${series%:*}" -v ratio="${series#*:}" \
			'BEGIN { more = (ratio - 1) * 100; printf "%s\t%s\t%.1f\t%.1f %%\n", name, series, more, more }'
	done
done >"$BENCH_WORK/bars"
end_table
picture programs 'What one guest costs: real time beyond that of the host alone' -v mark=2 \
	-v unit='percent; the line is the goal for user time, 2' <"$BENCH_WORK/bars"

text <<END
What is left of the cost is the host's and the guest's own ticks, 250 a second each, with an exit for both (below, exits
by program): the programs' own instructions run on the CPU as they do without a VM.

### More guests than one: 1, 2, 4, 8 on one CPU

Real time of a program (the median over all guests), in times of one guest alone. A CPU that is shared without
loss takes just as many times as there are guests.
END
table 'guests' 1 2 4 8 '8 guests: loss'
for name in "${programs[@]}"; do
	one=$(median one "$name" 3)
	eight=$(divide "$(median eight "$name" 3)" "$one")
	row "$name" 1 "$(divide "$(median two "$name" 3)" "$one")" "$(divide "$(median four "$name" 3)" "$one")" "$eight" \
		"$(awk -v x="$eight" 'BEGIN { printf "%.2f %%", (x / 8 - 1) * 100 }')"
	for phase in two four eight; do
		printf '%s\t%s\t%s\n' "$name" "$phase guests" "$(divide "$(median $phase "$name" 3)" "$one")"
	done
done >"$BENCH_WORK/bars.rows"
end_table
picture guests 'Real time of each program in 2, 4 and 8 guests on one CPU, of one guest' \
	-v unit='times of one guest alone' <"$BENCH_WORK/bars.rows"
