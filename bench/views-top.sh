# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# `trapline top` beside a vCPU that does nothing but exit: what it costs a CPU of the board. Part
# of bench/views.

bench_board top.board.sh --tools

# Instructions in user space in 4 seconds, of a CPU that has 5 * 10^8 a second.
percent=$(awk -F, '/instructions/ { printf "%.2f\n", $1 / 4 / 5e8 * 100 }' "$BENCH_WORK/out/screen")

figure "top: exits a second meanwhile" exits "$(cat "$BENCH_WORK/out/rate")" higher 50000
figure "top: user space, of a CPU of the board" % "$percent" lower 2
figure "top: memory" KiB "$(cat "$BENCH_WORK/out/memory")" lower null
note "top: \`trapline top\` with an interval of a second on the board's console, its instructions in user" \
	"space by perf in 4 seconds. The kernel's table is read as a whole, so it costs the same however many" \
	"exits there are."
