# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The guest's clock beside the host's. Part of bench/report-2014.

# clock PHASE: of guest 0, the ns between its first "ready" and its last by its own clock and by
# the host's, and what had passed on the host at its clock's 0.
clock() {
	awk '$3 == "ready" && $2 == 0 {
		if (!count++) { host = $1; guest = $5 }
		lasthost = $1; lastguest = $5
	} END { printf "%.0f %.0f %.0f\n", lastguest - guest, lasthost - host, host - guest }' "$BENCH_WORK/programs/$1"
}

text <<'END'
## Guest clock against host clock

In 2014 the guest's log ended at 42.99 s when 60.67 s had passed on the host. Here each guest says what its clock
(CLOCK_MONOTONIC) is when it is ready for a program, and the host's clock is read when that line arrives. Between
the first and the last such line:
END
table 'guests on one CPU' "guest's clock, s" "host's clock, s" 'difference, ms' 'parts in a million' "host's clock at the guest's 0, s"
for phase in one two four eight; do
	read -r guest host offset <<<"$(clock "$phase")"
	ppm=$(awk -v g="$guest" -v h="$host" 'BEGIN { d = (h - g) / h * 1e6; printf "%.1f", d < 0 ? -d : d }')
	row "$phase" "$(seconds "$guest")" "$(seconds "$host")" "$(divide $((host - guest)) 1000000 3)" "$ppm" "$(seconds "$offset")"
	[ "$phase" != one ] || figure "one guest's clock, beside the host's: away by" "parts in a million" "$ppm" lower null \
		'report of 2014' "$(awk 'BEGIN { printf "%.0f", (60.67 - 42.99) / 60.67 * 1e6 }')"
done
end_table
text <<'END'
The two run alike, also where a guest has an eighth of a CPU: the guest reads the counter itself (CNTVCT_EL0), which
goes on while others run. What differs is when a line gets from the guest to the host's reader, in the worst case one
tick of the ring that the UART's characters wait in (10 ms). The column at the right is what the report's figures had
between them: the host's clock had begun when the VMM was started, the guest's at its kernel's start. In 2014 that and
the simulated board, which gave the guest's timer less than its time, were 17.68 s of 60.67.
END
