# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Disks: what the guest writes is in the file, what it reads was there, and a disk that
# cannot be one is refused.

# linux COMMAND OPTION...: a Linux guest that runs the command.
linux() {
	command=$1
	shift
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append "quiet trapline.run=\"$command\"" "$@"
}

disk=$WORK/disk.img
truncate -s 8M "$disk"
yes 'a line of the first disk' | head -c 1000000 | dd of="$disk" conv=notrunc 2>/dev/null

begin 'disk: its size, its serial number, its bytes'
linux 'cat /sys/block/vda/size /sys/block/vda/serial; echo; md5sum /dev/vda' --disk "$disk"
status_is 0
output_has '^16384'
output_has '^trapline-disk0'
output_has "^$(md5sum "$disk" | cut -d ' ' -f 1)  /dev/vda"
end

begin 'disk: what the guest wrote and flushed is in the file, and nothing else has changed'
cp "$disk" "$WORK/before"
linux 'head -c 100000 /dev/urandom >/t; dd if=/t of=/dev/vda bs=4096 seek=10 conv=fsync 2>/dev/null; md5sum /t' --disk "$disk"
status_is 0
sum=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' "$WORK/out")
equal 'what is in the file' "$(dd if="$disk" bs=4096 skip=10 2>/dev/null | head -c 100000 | md5sum | cut -d ' ' -f 1)" "$sum"
equal 'its beginning' "$(head -c 40960 "$disk" | md5sum)" "$(head -c 40960 "$WORK/before" | md5sum)"
equal 'its end' "$(tail -c 8000000 "$disk" | md5sum)" "$(tail -c 8000000 "$WORK/before" | md5sum)"
end

begin 'disk: two of them, one only to be read'
truncate -s 1M "$WORK/second"
linux 'cat /sys/block/vdb/serial; echo; cat /sys/block/vd*/ro; echo x | dd of=/dev/vdb 2>&1; echo done' --disk "$disk" --disk "$WORK/second,ro"
status_is 0
output_has '^trapline-disk1'
output_has 'not permitted|Read-only|read-only|Permission denied'
equal 'which are read-only' "$(tr -d '\r' <"$WORK/out" | sed -n '/^[01]$/p' | tr '\n' ' ')" '0 1 '
equal 'what is in it' "$(tr -d '\000' <"$WORK/second" | wc -c | tr -d ' ')" 0
end

begin 'disk: discarding makes holes'
before=$(du -k "$disk" | cut -f 1)
linux 'blkdiscard /dev/vda && echo gone' --disk "$disk"
if grep -q '^gone' "$WORK/out"; then
	equal 'what is left' "$(tr -d '\000' <"$disk" | wc -c | tr -d ' ')" 0
	[ "$(du -k "$disk" | cut -f 1)" -lt "$before" ] || problem 'no hole has been made'
else
	problem 'blkdiscard failed'
fi
end

if [ -e /proc/locks ]; then
	begin 'disk: a file of another one is locked'
	trapline run "$TL_GUESTS/spin.elf" --disk "$disk" --timeout 20 </dev/null >"$WORK/spin" 2>&1 &
	pid=$!
	wait_for "$WORK/spin" 'for ever'
	guest "$TL_GUESTS/hello.elf" --disk "$disk"
	refused 3 "^trapline: --disk '$disk': is in use by another program\$"
	kill "$pid"
	wait "$pid" 2>/dev/null
	end
else
	skip 'disk: a file of another one is locked' 'this kernel has no file locks'
fi

begin 'disk: after a reset in place it is there again'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/second" --timeout 40 \
	--append 'quiet trapline.run="if cmp -s /dev/vda /dev/zero -n 4; then echo 1234 >/dev/vda; sync; reboot -f; fi; head -c 4 /dev/vda"'
status_is 0
output_has '^1234'
end

# no_disk NAME FILE PATTERN
no_disk() {
	begin "disk: $1"
	guest "$TL_GUESTS/hello.elf" --disk "$2"
	refused 3 "^trapline: --disk '$2': $3"
	end
}

: >"$WORK/empty"
no_disk 'empty' "$WORK/empty" 'is empty'
head -c 1000 /dev/zero >"$WORK/odd"
no_disk 'not a multiple of the sector' "$WORK/odd" 'its size is not a multiple of 512 bytes'
no_disk 'missing' "$WORK/nothing" 'No such file or directory'
no_disk 'a folder' "$WORK" '.*[Dd]irectory'
mkfifo "$WORK/fifo"
no_disk 'a FIFO' "$WORK/fifo" 'is neither a file nor a block device'
no_disk 'a character device' /dev/zero 'is neither a file nor a block device'

begin 'disk: wrong options'
guest "$TL_GUESTS/hello.elf" --disk "$disk,rw"
refused 2 "^trapline: --disk '$disk,rw': wants FILE or FILE,ro\$"
guest "$TL_GUESTS/hello.elf" --disk ''
refused 2 "^trapline: --disk '': wants a file\$"
end

begin 'disk: a file that shrinks while it is used is an error to the guest, and only that'
truncate -s 4M "$WORK/shrinks"
trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/shrinks" \
	--append 'quiet trapline.run="echo up; sleep 2; dd if=/dev/vda of=/dev/null bs=4096 skip=900 2>&1; echo alive"' \
	</dev/null >"$WORK/out" 2>"$WORK/err" &
pid=$!
wait_for "$WORK/out" '^up'
truncate -s 1M "$WORK/shrinks"
wait "$pid" || problem "its status is $?"
output_has 'Input/output error'
output_has '^alive'
error_has "^trapline: warning: disk '$WORK/shrinks': reading: "
end
