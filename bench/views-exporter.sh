# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A scrape of `trapline exporter` with 16 VMs that run Linux, on the deterministic board. Part of
# bench/views.

bench_board exporter.board.sh --mem 2G
result() {
	cat "$BENCH_WORK/out/$1"
}

[ "$(result vms)" = 16 ] || die "the exporter has told of $(result vms) VMs"
figure "exporter: a scrape of 16 VMs, CPU time" ms "$(awk '{ print $1 / 1000 }' "$BENCH_WORK/out/scrape_us")" lower 20
figure "exporter: memory" KiB "$(result memory)" lower null
figure "exporter: memory that 50 scrapes add" KiB "$(result growth)" lower 64
note "Exporter: 16 VMs with Linux, booted and idle, in all $(result series) series and" \
	"$(($(result bytes) / 1024)) KiB a scrape. CPU time is the exporter's own, from one scrape to the next, mean of 50."
