# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Firmware in flash: Debian's U-Boot for QEMU's arm64 board reaches its prompt, and
# starts Linux from a disk, told to and by itself. What is no firmware is refused.

firmware=$TL_GUESTS/u-boot.bin
TEST_LIMIT_BEFORE=$TEST_LIMIT
TEST_LIMIT=150

# On the emulated board the disk is only in the PC's build folder.
for disk in "$TL_GUESTS/u-boot.img" /mnt/build/guest/u-boot.img; do
	[ ! -e "$disk" ] || cp "$disk" "$WORK/u-boot.img"
done
disk=$WORK/u-boot.img

mkfifo "$WORK/keys"

# u_boot COMMANDS OPTION...: at its prompt; a key that waits ends the countdown to a boot. U-Boot
# throws away what has come before it looks after its UART.
u_boot() {
	printf '\n%s\n' "$1" >"$WORK/commands"
	shift
	: >"$WORK/out"
	{
		wait_for "$WORK/out" 'any key to stop'
		cat "$WORK/commands"
	} >"$WORK/keys" &
	# Input that ends is no reason to stop, and here it ends at once.
	run trapline run --firmware "$firmware" --timeout 140 "$@" <"$WORK/keys"
	wait $!
}

begin 'firmware: U-Boot reaches its prompt'
# shellcheck disable=SC2016 # U-Boot's variables
u_boot 'echo one$arch; version; poweroff'
status_is 0
output_has '^U-Boot 20'
output_has 'DRAM: +256 MiB'
output_has '^=> echo one'
output_has '^onearm'
end

begin 'firmware: from its prompt it loads a kernel and an initrd by name, and starts them'
# shellcheck disable=SC2016 # U-Boot's variables
u_boot 'virtio scan
ls virtio 0:1 /extlinux
load virtio 0:1 $ramdisk_addr_r /initrd
setenv size $filesize
load virtio 0:1 $kernel_addr_r /Image
setenv bootargs quiet
booti $kernel_addr_r $ramdisk_addr_r:$size $fdt_addr' --disk "$disk" --cpus 2
status_is 0
output_has 'extlinux.conf'
output_has '^[0-9]+ bytes read'
output_has '^Starting kernel'
output_has '^Linux 6.* up, 2 cpus'
end

begin 'firmware: by itself it boots a disk with a menu'
guest --firmware "$firmware" --disk "$disk,ro" --timeout 140 --append 'not for U-Boot'
status_is 0
output_has 'Found /extlinux/extlinux.conf'
output_has '^Linux 6.* up, 1 cpu'
end

begin 'firmware: what is written to flash is ignored, with one warning'
u_boot 'nm.l 1000
12345678
q
poweroff'
status_is 0
equal 'how often the same was read' "$(count "$WORK/out" '^00001000: [0-9a-f]+ \?')" 2
equal 'different values' "$(sed -n 's/^00001000: \([0-9a-f]*\).*/\1/p' "$WORK/out" | sort -u | wc -l | tr -d ' ')" 1
error_has 'write of 4 bytes at 0x1000, where no device answers; ignored'
end

begin 'firmware: so is a write to flash that KVM cannot describe'
# mw stores with write-back.
u_boot 'mw.l 1000 12345678
poweroff'
status_is 0
output_lacks 'Synchronous Abort'
error_has 'write of 4 bytes at 0x1000, where no device answers; ignored'
end

begin 'firmware: a reset starts it again'
u_boot 'setenv x y; reset' --disk "$disk"
status_is 0
equal 'how often it began' "$(count "$WORK/out" '^U-Boot 20')" 2
output_has '^Linux 6.* up, 1 cpu'
end
TEST_LIMIT=$TEST_LIMIT_BEFORE

begin 'firmware: where things are'
guest --firmware "$firmware" --show-layout
status_is 0
output_has '^flash +0 - +0x7ffffff '
output_has '^device tree +0x40000000 '
output_has '^entry +0 +\(firmware\)'
end

# bad_firmware NAME FILE
bad_firmware() {
	begin "firmware: $1"
	guest --firmware "$2"
	refused 3 "firmware '$2'"
	end
}
bad_firmware 'missing' "$WORK/nonexistent"
: >"$WORK/bad"
bad_firmware 'empty' "$WORK/bad"
bytes 0 0 0 >"$WORK/bad"
bad_firmware 'less than an instruction' "$WORK/bad"
bad_firmware 'a folder' "$WORK"
bad_firmware 'a device' /dev/zero
mkfifo "$WORK/fifo"
bad_firmware 'a FIFO' "$WORK/fifo"
bad_firmware 'an ELF file' "$TL_GUESTS/hello.elf"
truncate -s 67108865 "$WORK/bad"
bad_firmware 'larger than a bank of flash' "$WORK/bad"

begin 'firmware: not with a kernel or an initrd'
guest --firmware "$firmware" "$TL_GUESTS/hello.bin"
refused 2 "^trapline: --firmware '$firmware' and kernel '$TL_GUESTS/hello.bin': "
guest --firmware "$firmware" --initrd "$TL_GUESTS/linux.cpio.gz"
refused 2 "^trapline: --initrd '$TL_GUESTS/linux.cpio.gz': "
end
