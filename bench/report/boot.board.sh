# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The boot of the report of 2014: 32-bit Linux on a Versatile Express, with a disk for its root
# and user networking, from power-on to power-off. Twice under a profile, once with a line for
# each exit to user space.

set -e
# passt takes its addresses from the interface that has the default route.
tunctl -t out >/dev/null
ifconfig out 198.51.100.1 netmask 255.255.255.0 up
route add default gw 198.51.100.254 out

# boot NAME OPTION...: what the guest prints goes to NAME.log.
boot() {
	name=$1
	shift
	cp "$TL_GUESTS/linux32.img" /tmp/root.img
	trapline run --machine vexpress-a15 "$TL_GUESTS/zImage" --mem 512M --disk /tmp/root.img --net user \
		--append 'console=ttyAMA0 mem=512M root=/dev/vda ip=dhcp' "$@" </dev/null >"$TL_OUT/$name.log" 2>"$TL_OUT/$name.txt"
}

boot first --profile="$TL_OUT/first.json" --symbols "$TL_GUESTS/zImage.map"
boot second --profile="$TL_OUT/second.json"
boot lines --trace-exits
