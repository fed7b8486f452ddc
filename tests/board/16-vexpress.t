# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Machine vexpress-a15 and the 32-bit Linux guest: what it refuses, a boot from a disk with one and
# two CPUs, a command, the network by DHCP, and its power, which is behind the system registers.

begin 'vexpress: a 64-bit kernel is refused'
guest --machine vexpress-a15 "$TL_GUESTS/Image"
refused 3 "/Image' is 64-bit code, and the CPUs of machine vexpress-a15 are 32-bit$"
end

begin 'vexpress: so is more RAM than is below 4 GiB'
guest --machine vexpress-a15 --mem 2049M "$TL_GUESTS/hello32.bin"
refused 3 '^trapline: --mem 2049M: .* machine vexpress-a15 has room for 2048M of RAM below 4 GiB$'
end

begin 'vexpress: --show-layout has its map'
guest --machine vexpress-a15 --show-layout "$TL_GUESTS/hello32.bin"
status_is 0
output_has '^RAM +0x80000000 '
output_has '^GIC +0x2c001000$'
output_has '^vexpress-sysreg +0x1c010000 '
output_has '^sp804 +0x1c110000 +SPI 2$'
end

if [ ! -e "$TL_GUESTS/linux32.img" ]; then
	skip 'vexpress: the 32-bit Linux guest' 'it is not here (scripts/board --with build/board/linux32.cpio)'
	return
fi
if ! trapline run --timeout 20 "$TL_GUESTS/hello32.elf" </dev/null >/dev/null 2>&1; then
	skip 'vexpress: the 32-bit Linux guest' "this host's CPUs cannot run 32-bit guests"
	return
fi

# linux32 COMMAND OPTION...: it boots from its disk and runs the command, if there is one.
linux32() {
	append="quiet console=ttyAMA0 mem=512M root=/dev/vda $ip${1:+ trapline.run=\"$1\"}"
	shift
	guest --machine vexpress-a15 --mem 512M --timeout 100 --disk "$TL_GUESTS/linux32.img,ro" \
		"$TL_GUESTS/zImage" --append "$append" "$@"
}

ip=

# Whether the host has a GICv2 for guests; where it has none, the machine says what it has.
gic=2
trapline run --gic 2 --timeout 20 "$TL_GUESTS/hello.bin" </dev/null >/dev/null 2>&1 || gic=3

begin 'vexpress: Linux boots from a disk and powers off'
linux32 '' --trace-exits="$WORK/exits"
status_is 0
output_has '^Linux 6\.[0-9.]+-trapline32 up, 1 cpu'
if [ $gic = 2 ]; then
	error_lines 0
else
	error_lines 1
	error_has '^trapline: warning: this host has no GICv2 for guests: the machine gets a GICv3 at 0x2f000000'
fi
# The command to the microcontroller, and then the look at the status at which it is done.
tail -n 4 "$WORK/exits" >"$WORK/out"
output_has 'vexpress-sysreg SYS_CFGSTAT \(0x1c0100a8\), write of 4 bytes: 0x0'
output_has 'vexpress-sysreg SYS_CFGCTRL \(0x1c0100a4\), write of 4 bytes: 0xc0800000'
tail -n 1 "$WORK/exits" >"$WORK/out"
output_has 'vexpress-sysreg SYS_CFGSTAT \(0x1c0100a8\), read of 4 bytes'
end

if [ $gic = 3 ]; then
	begin 'vexpress: --gic 3 says nothing, --gic 2 refuses'
	linux32 '' --gic 3
	status_is 0
	error_lines 0
	linux32 '' --gic 2
	refused 4 'this host cannot give guests a GICv2: '
	end
fi

begin 'vexpress: two CPUs, a command and its status; the profile names devices and 32-bit registers'
linux32 'uname; cat /proc/cpuinfo /proc/iomem; exit 3' --cpus 2 --profile="$WORK/p.json" --symbols "$TL_GUESTS/zImage.map"
status_is 0
output_has '^Linux .* armv[78]l'
equal 'CPUs' "$(count "$WORK/out" '^processor')" 2
output_has '^1c010008-1c01000b : basic-mmio-gpio'
output_has '^1c110000-1c110fff : sp804@1c110000'
output_has '^80000000-9fffffff : System RAM'
output_has '^trapline.run: status 3'
for what in 'vexpress-sysreg' 'SYS_CFGSTAT' 'sp804' 'Timer2Load' 'CTR read' 'CP15_32' 'virtio-mmio'; do
	grep -q "$what" "$WORK/p.json" || problem "the profile has no '$what'"
done
error_has '^  All three are equal'
end

begin 'vexpress: a reboot comes up again, with its LED as it was'
led='/sys/class/leds/v2m:green:user1/brightness'
boots_twice "$TL_GUESTS/zImage" --machine vexpress-a15 --initrd "$TL_GUESTS/linux32.cpio.gz" \
	--append "quiet console=ttyAMA0 trapline.run=\"cat $led; echo 1 >$led; cat $led; echo up; reboot\""
tr -d '\r' <"$WORK/out" | grep -E '^(0|1|up)$' | head -n 6 | tr '\n' ' ' >"$WORK/said"
equal 'what it said' "$(cat "$WORK/said")" '0 1 up 0 1 up '
end

begin 'virt: the same kernel boots from an initramfs'
guest "$TL_GUESTS/zImage" --initrd "$TL_GUESTS/linux32.cpio.gz" --append 'quiet trapline.run="uname"' --timeout 100
status_is 0
error_lines 0
output_has '^Linux .* armv[78]l'
end

if ! command -v passt >/dev/null || [ ! -e /proc/self/ns/user ]; then
	skip 'vexpress: user networking' 'there is no passt (scripts/board --io-tools)'
	return
fi
need_default_route
mkdir -p "$WORK/www"
echo 'words of the host' >"$WORK/www/words"
httpd -f -p 127.0.0.1:8032 -h "$WORK/www" &
server=$!

begin 'vexpress: an address by DHCP, and the host over user networking'
ip=ip=dhcp
linux32 'addr; tcp gateway 8032 GET /words HTTP/1.0' --net user
kill "$server"
status_is 0
output_has '^eth0 address [0-9.]+'
output_has '^words of the host'
end
