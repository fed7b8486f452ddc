# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The board's half of the exporter's figures (bench/views-exporter.sh): 16 VMs with Linux that
# have booted and are idle, and 50 scrapes. $TL_OUT/FIGURE has each.

set -e
VMS=16 SCRAPES=50
url=http://127.0.0.1:9970/metrics

trapline exporter 2>/tmp/exporter &
exporter=$!
until grep -q metrics /tmp/exporter; do sleep 0.1; done
for number in $(seq $VMS); do
	trapline run --mem 40M --initrd "$TL_GUESTS/linux.cpio.gz" \
		--append 'quiet trapline.run="echo up; sleep 1000"' "$TL_GUESTS/Image" \
		>"/tmp/vm$number" 2>&1 </dev/null &
	# One after the other: they would only wait for each other.
	until grep -q '^up' "/tmp/vm$number"; do sleep 0.2; done
done

# cpu: ns that the exporter has used up to now.
cpu() {
	wget -q -O /tmp/metrics "$url"
	sed -n 's/^trapline_exporter_cpu_seconds_total //p' /tmp/metrics | tr -d . | sed 's/^0*//'
}

memory() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$exporter/status"
}

# What it keeps from one scrape to the next is there after a few.
for number in 1 2 3 4 5; do
	wget -q -O /tmp/metrics "$url"
done
before=$(cpu)
memory_before=$(memory)
for number in $(seq $SCRAPES); do
	wget -q -O /tmp/metrics "$url"
done
after=$(cpu)
echo $(((after - before) / (SCRAPES + 1) / 1000)) >"$TL_OUT/scrape_us"
echo $(($(memory) - memory_before)) >"$TL_OUT/growth"
memory >"$TL_OUT/memory"
grep -c '^trapline_vm_info' /tmp/metrics >"$TL_OUT/vms"
wc -c </tmp/metrics >"$TL_OUT/bytes"
grep -vc '^#' /tmp/metrics >"$TL_OUT/series"
kill "$exporter"
