# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The profile of a guest that does one thing, and of one that does nothing ("none"), whose
# difference is what the thing costs: the five programs, and loads that the report of 2014 had
# not. Then the loads without a profile, in a guest and, where they can be, on the board itself.

set -e
cd /report
tunctl -t tap0 >/dev/null
ifconfig tap0 10.0.9.1 netmask 255.255.255.0 up
sysctl -q -w net.ipv6.conf.tap0.disable_ipv6=1 2>/dev/null || :
dd if=/dev/zero of=/tmp/disk bs=1M count=16 2>/dev/null
bin/loads serve &

# guest NAME COMMAND OPTION...: what it prints goes to NAME.log.
guest() {
	name=$1 command=$2
	shift 2
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/programs.cpio" --mem 128M --pin 1 \
		--disk /tmp/disk,ro --net tap:tap0 --append "quiet trapline.run=\"cd /report; $command\"" "$@" \
		</dev/null >"$TL_OUT/$name.log" 2>"$TL_OUT/$name.txt"
}

for name in none syscall switch disk network idle; do
	guest "$name" "bin/rounds -o $name input/loads" --profile="$TL_OUT/$name.json"
done
for name in adpcm gsm CRC32 FFT jpeg; do
	guest "$name" "bin/rounds -o $name input/work" --profile="$TL_OUT/$name.json"
done
guest loads 'bin/rounds -n 5 input/loads'
for name in syscall switch; do
	bin/rounds -n 5 -c 1 -o $name input/loads
done >"$TL_OUT/loads-board.log"
kill $!
