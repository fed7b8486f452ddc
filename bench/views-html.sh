# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # bench/lib.sh reads some
#
# The HTML page of a recording of 10^7 events, on this PC: what it costs to make, and when a
# browser shows it. Part of bench/views.

EVENTS=10000000
folder=$BENCH_WORK/recording page=$BENCH_WORK/report.html

"$TL_TOP/build/pc/recording" "$folder" "$EVENTS"
BENCH_TIMED_OUT=$page
read -r cpu memory <<<"$(bench_timed "$TL_TOP/build/pc/trapline" report --format html "$folder")"
unset BENCH_TIMED_OUT
# The best of three, as what else this PC does is not ours.
paint=$(for _ in 1 2 3; do node "$TL_TOP/tests/views/paint.mjs" "$page"; done | sort -n | head -n 1)

BENCH_BOARD="this PC (HTML)"
figure "HTML of 10^7 events: CPU time" s "$cpu" lower 10
figure "HTML of 10^7 events: memory" KiB "$memory" lower 65536
figure "HTML of 10^7 events: size of the page" KiB $(($(stat -c %s "$page") / 1024)) lower 5120
figure "HTML of 10^7 events: first paint in headless Chromium" ms "$paint" lower 2000
note "HTML: CPU seconds and memory of \`trapline report --format html\` on a recording that bench/recording" \
	"makes: two vCPUs, eight kinds of exits. First paint is from the beginning of the navigation to" \
	"first-contentful-paint, which comes after the page's scripts have drawn it, best of three."
rm -rf "$folder"
