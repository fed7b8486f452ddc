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

# robust: disk.read-only
begin 'disk: two of them, one only to be read'
truncate -s 1M "$WORK/second"
linux 'cat /sys/block/vdb/serial; echo; cat /sys/block/vd*/ro; echo x | dd of=/dev/vdb 2>&1; echo done' --disk "$disk" --disk "$WORK/second,ro"
status_is 0
output_has '^trapline-disk1'
output_has 'not permitted|Read-only|read-only|Permission denied'
equal 'which are read-only' "$(tr -d '\r' <"$WORK/out" | sed -n '/^[01]$/p' | tr '\n' ' ')" '0 1 '
equal 'what is in it' "$(tr -d '\000' <"$WORK/second" | wc -c | tr -d ' ')" 0
end

# A block device whose sectors are larger than virtio's.
if [ -e /dev/loop-control ]; then
	begin 'disk: a block device of 4 KiB sectors'
	truncate -s 4M "$WORK/large"
	run "$TL_TESTS/loop4k" "$WORK/large" trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk % \
		--append 'quiet trapline.run="cat /sys/block/vda/queue/logical_block_size /sys/block/vda/size; head -c 400000 /dev/urandom >/t; dd if=/t of=/dev/vda bs=4096 seek=10 conv=fsync 2>/dev/null; md5sum /t; dd if=/dev/vda of=/u bs=4096 count=1 skip=10 iflag=direct 2>/dev/null; head -c 4096 /t | cmp - /u && echo direct"'
	status_is 0
	output_has '^4096'
	output_has '^8192'
	output_has '^direct'
	sum=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' "$WORK/out")
	equal 'what is in the file' "$(dd if="$WORK/large" bs=4096 skip=10 2>/dev/null | head -c 400000 | md5sum | cut -d ' ' -f 1)" "$sum"
	end
fi

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
	# robust: disk.twice
	begin 'disk: a file of another one is locked'
	spin --disk "$disk" --timeout 20
	pid=$!
	for how in "$disk" "$disk,ro"; do
		guest "$TL_GUESTS/hello.elf" --disk "$how"
		refused 3 "^trapline: --disk '$disk': is in use by another program\$"
	done
	kill "$pid"
	wait "$pid" 2>/dev/null
	guest "$TL_GUESTS/hello.elf" --disk "$disk" --disk "$disk"
	refused 3 "^trapline: --disk '$disk': is in use by another program\$"
	guest "$TL_GUESTS/hello.elf" --disk "$disk,ro" --disk "$disk,ro"
	status_is 0
	end
else
	skip 'disk: a file of another one is locked' 'this kernel has no file locks'
fi

# Two boots.
limit=$TEST_LIMIT
TEST_LIMIT=110
begin 'disk: after a reset in place it is there again'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/second" --timeout 100 \
	--append 'quiet trapline.run="if cmp -s /dev/vda /dev/zero -n 4; then echo 1234 >/dev/vda; sync; reboot -f; fi; head -c 4 /dev/vda"'
status_is 0
output_has '^1234'
end
TEST_LIMIT=$limit

# Four programs write at once, each its own part, from two vCPUs; the file has it all, and the
# guest reads it again after it has forgotten what it knew.
# shellcheck disable=SC2016 # the guest's
parallel='ls /sys/block/vda/mq | wc -l; head -c 500000 /dev/urandom >/t
for i in 0 1 2 3; do dd if=/t of=/dev/vda bs=4096 seek=$((i * 500)) conv=fsync 2>/dev/null & done; wait
echo 3 >/proc/sys/vm/drop_caches
for i in 0 1 2 3; do dd if=/dev/vda bs=4096 skip=$((i * 500)) count=123 2>/dev/null | head -c 500000 | md5sum & done
wait; md5sum /t'
for how in auto sync uring; do
	begin "disk: two queues, written and read by four programs at once (io=$how)"
	linux "$parallel" --cpus 2 --disk "$disk,io=$how" -v
	status_is 0
	equal 'how many queues it has' "$(tr -d '\r' <"$WORK/out" | grep -c -x 2)" 1
	error_lacks 'no io_uring'
	sum=$(sed -n 's/^\([0-9a-f]\{32\}\)  \/t.*/\1/p' "$WORK/out")
	equal 'what was read' "$(count "$WORK/out" "^$sum")" 5
	for i in 0 1 2 3; do
		equal "part $i of the file" \
			"$(dd if="$disk" bs=4096 skip=$((i * 500)) 2>/dev/null | head -c 500000 | md5sum | cut -d ' ' -f 1)" "$sum"
	done
	end
done

# robust: transport.reset
begin 'disk: reset while requests are in flight'
truncate -s 1M "$WORK/state"
# shellcheck disable=SC2016
again='if [ x$(head -c 1 /dev/vdb) = x1 ]; then dd if=/dev/zero of=/dev/vda bs=64k conv=fsync 2>/dev/null; md5sum /dev/vda; poweroff -f; fi
echo 1 | dd of=/dev/vdb conv=fsync 2>/dev/null
for i in 0 1; do dd if=/dev/zero of=/dev/vda bs=64k oflag=direct 2>/dev/null & dd if=/dev/vda of=/dev/null bs=64k iflag=direct 2>/dev/null & done
reboot -f'
linux "$again" --cpus 2 --disk "$disk,io=uring" --disk "$WORK/state"
status_is 0
output_has "^$(head -c 8388608 /dev/zero | md5sum | cut -d ' ' -f 1)  /dev/vda"
error_lacks 'warning'
end

# robust: disk.enospc
begin 'disk: no space left for what the guest writes: an error to the guest, said a few times'
mkdir "$WORK/small"
mount -t tmpfs -o size=1M none "$WORK/small"
truncate -s 8M "$WORK/small/disk"
linux 'dd if=/dev/zero of=/dev/vda bs=64k oflag=direct 2>&1; for i in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/zero of=/dev/vda bs=64k seek=100 count=1 oflag=direct 2>/dev/null; done; dd if=/dev/zero of=/dev/vda bs=4k count=1 conv=fsync 2>/dev/null && echo alive' \
	--disk "$WORK/small/disk"
status_is 0
output_has 'Input/output error|No space left'
output_has '^alive'
error_has "^trapline: warning: disk '$WORK/small/disk': writing: No space left on device"
[ "$(count "$WORK/err" warning)" -le 10 ] || problem 'it is said again and again'
umount "$WORK/small"
end

# robust: disk.huge
begin 'disk: sparse and huge'
truncate -s 4096G "$WORK/huge"
linux 'cat /sys/block/vda/size; echo end | dd of=/dev/vda bs=512 seek=8589934591 conv=fsync 2>/dev/null; dd if=/dev/vda bs=512 skip=8589934591 2>/dev/null | head -c 3' --disk "$WORK/huge"
status_is 0
output_has '^8589934592'
output_has '^end'
[ "$(du -k "$WORK/huge" | cut -f 1)" -lt 1000 ] || problem 'it is sparse no more'
rm "$WORK/huge"
end

if losetup /dev/loop7 "$disk" 2>/dev/null; then
	begin 'disk: a block device'
	linux 'cat /sys/block/vda/size; head -c 100000 /dev/urandom >/t; dd if=/t of=/dev/vda bs=4096 conv=fsync 2>/dev/null; md5sum /t; blkdiscard -o 1048576 -l 1048576 /dev/vda && echo gone' \
		--disk /dev/loop7
	status_is 0
	output_has '^16384'
	output_has '^gone'
	sum=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' "$WORK/out")
	equal 'what is on it' "$(head -c 100000 "$disk" | md5sum | cut -d ' ' -f 1)" "$sum"
	losetup -d /dev/loop7
	end
else
	skip 'disk: a block device' 'this host has no loop devices'
fi

# no_disk NAME FILE PATTERN
no_disk() {
	begin "disk: $1"
	guest "$TL_GUESTS/hello.elf" --disk "$2"
	refused 3 "^trapline: --disk '$2': $3"
	end
}

: >"$WORK/empty"
# robust: disk.empty
no_disk 'empty' "$WORK/empty" 'is empty'
head -c 1000 /dev/zero >"$WORK/odd"
# robust: disk.odd
no_disk 'not a multiple of the sector' "$WORK/odd" 'its size is not a multiple of 512 bytes'
no_disk 'missing' "$WORK/nothing" 'No such file or directory'
no_disk 'a folder' "$WORK" '.*[Dd]irectory'
mkfifo "$WORK/fifo"
no_disk 'a FIFO' "$WORK/fifo" 'is neither a file nor a block device'
no_disk 'a character device' /dev/zero 'is neither a file nor a block device'

begin 'disk: wrong options'
guest "$TL_GUESTS/hello.elf" --disk "$disk,rw"
wants="wants FILE, FILE,ro or FILE,io=auto\|sync\|uring\$"
refused 2 "^trapline: --disk '$disk,rw': $wants"
guest "$TL_GUESTS/hello.elf" --disk "$disk,ro,io=fast"
refused 2 "^trapline: --disk '$disk,ro,io=fast': $wants"
guest "$TL_GUESTS/hello.elf" --disk ''
refused 2 "^trapline: --disk '': wants a file\$"
end

# robust: disk.shrinks
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
