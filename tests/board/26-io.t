# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Disks under load: fio finds in them what it wrote, several guests have one each, the
# host finds a sound file system, and what a guest was told is on the disk is there
# after the VMM has been killed. The programs come with scripts/board --io-tools.

# shellcheck disable=SC2034 # for run
TEST_LIMIT=240
io=$TL_GUESTS/io.img
disk=$WORK/io-disk

# linux COMMAND OPTION...: a Linux guest that runs the command.
linux() {
	command=$1
	shift
	run trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --mem 256M \
		--append "quiet trapline.run=\"$command\"" "$@" </dev/null
}

# start OUTPUT COMMAND OPTION...: the same in the background; the VMM is $pid.
start() {
	output=$1 command=$2
	shift 2
	: >"$output"
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --mem 256M --timeout "$TEST_LIMIT" \
		--append "quiet trapline.run=\"$command\"" "$@" </dev/null >"$output" 2>"$WORK/err" &
	pid=$!
}

# What a guest does first that has io.img as its first disk: fio is in its PATH.
with_fio='mkdir /io /d; mount -t ext4 -o ro /dev/vda /io; . /io/use;'

# job NAME OPTION...: fio's command line; what is read back has to be what was written.
job() {
	name=$1
	shift
	echo "fio --name=$name --thread --direct=1 --verify=crc32c --verify_fatal=1 $* >/$name 2>&1 && echo $name verified || cat /$name;"
}

# sound FILE: the host finds nothing wrong with the file system.
sound() {
	e2fsck -fn "$1" >"$WORK/fsck" 2>&1 && return
	problem "e2fsck finds the file system damaged: $(head -n 5 "$WORK/fsck" | tr '\n' ' ')"
}

# verified NAME...: these jobs have ended well.
verified() {
	for name; do
		output_has "^$name verified"
	done
}

# The guest has the kernel of the board.
if [ -e "$io" ] && [ -e /proc/sysvipc ]; then
	mixed='--filename=/dev/vdb --rw=randwrite --bsrange=512-64k --size=8M --ioengine=libaio --iodepth=16'
	deep='--filename=/dev/vdb --offset=16M --rw=randwrite --bs=4k --size=4M --ioengine=io_uring --iodepth=32'
	synced='--filename=/dev/vdb --offset=32M --rw=randrw --bs=4k --size=2M --ioengine=psync --fsync=8'

	begin 'fio: random writes are read back as they were; the file has what the guest sees'
	truncate -s 64M "$disk"
	linux "$with_fio $(job mixed "$mixed") $(job deep "$deep") $(job synced "$synced") md5sum /dev/vdb" \
		--disk "$io,ro" --disk "$disk"
	status_is 0
	verified mixed deep synced
	output_has "^$(md5sum "$disk" | cut -d ' ' -f 1)  /dev/vdb"
	end

	begin 'fio: the next guest finds it all, on a disk that it may only read'
	linux "$with_fio $(job mixed "$mixed --verify_only") $(job deep "$deep --verify_only")" \
		--disk "$io,ro" --disk "$disk,ro"
	status_is 0
	verified mixed deep
	end

	begin 'fio: in files, with fsync, and with discard: the file system is sound on the host'
	mkfs.ext4 -q -F "$disk"
	linux "$with_fio mount -t ext4 -o discard /dev/vdb /d; $(job files --directory=/d --nrfiles=4 --numjobs=2 \
		--rw=randrw --bs=4k --size=2M --ioengine=psync --fsync=8)
		rm /d/files.0.*; umount /d; echo unmounted" --disk "$io,ro" --disk "$disk"
	status_is 0
	verified files
	output_has '^unmounted'
	sound "$disk"
	debugfs -R 'ls -p /' "$disk" >"$WORK/ls" 2>/dev/null
	equal 'files that are left' "$(grep -c '/files[.]1[.]' "$WORK/ls")" 4
	end

	begin 'fio: three guests at once, each with its disk'
	guests=
	for n in 1 2 3; do
		truncate -s 16M "$disk.$n"
		start "$WORK/out$n" "$with_fio $(job "guest$n" --filename=/dev/vdb --rw=randwrite --bsrange=4k-32k --size=4M \
			--ioengine=libaio --iodepth=8) md5sum /dev/vdb" \
			--disk "$io,ro" --disk "$disk.$n"
		guests="$guests $pid"
	done
	for pid in $guests; do
		wait "$pid" || problem "one of them ended with status $?"
	done
	for n in 1 2 3; do
		grep -q "^guest$n verified" "$WORK/out$n" || problem "guest $n: $(tail -n 3 "$WORK/out$n")"
		grep -q "^$(md5sum "$disk.$n" | cut -d ' ' -f 1)  /dev/vdb" "$WORK/out$n" ||
			problem "what is in the file of guest $n is not what it saw"
	done
	rm -f "$disk".*
	end
else
	skip 'fio: reads back what it wrote' 'no io.img, or no System V shared memory in the kernel'
fi

# Four writers, each record with a flush of its own, each acknowledged on the console.
# $R is the round; TARGET is where record $i of writer $1 goes.
# shellcheck disable=SC2016 # the guest's shell expands it
writers='w() { i=0; while :; do i=$((i+1));
	echo round $R writer $1 record $i | dd bs=4096 conv=sync,notrunc,fsync TARGET 2>/dev/null && echo ack $1 $i.;
	done; }; for n in 0 1 2 3; do w $n & done; wait'

# random N: from 0 to N - 1. What it begins with is printed, to repeat a failure.
seed=${TL_SEED:-$(od -A n -N 4 -t u4 /dev/urandom | tr -d ' ')}
echo "# TL_SEED=$seed"
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	echo $((seed / 65536 % $1))
}

# kill_under_load COMMAND: a guest that writes; killed after some acknowledgements, at
# no particular point. Those that were complete are then in $WORK/acks.
kill_under_load() {
	enough=$((20 + $(random 60)))
	start "$WORK/out" "$1" --disk "$disk"
	while [ "$(count "$WORK/out" '^ack ')" -lt "$enough" ] && kill -0 "$pid" 2>/dev/null; do
		usleep "$(random 100000)"
	done
	kill -9 "$pid" 2>/dev/null || problem 'it ended by itself'
	wait "$pid" 2>/dev/null
	tr -d '\r' <"$WORK/out" | sed -n 's/^ack \([0-9]*\) \([0-9]*\)\.$/\1 \2/p' >"$WORK/acks"
	[ -s "$WORK/acks" ] || problem 'nothing was acknowledged'
}

# expect RECORD FOUND: the record was acknowledged, so it must be what is found.
expect() {
	total=$((total + 1))
	[ "$2" != "$1" ] || return
	lost=$((lost + 1))
	[ "$lost" -gt 3 ] || problem "lost: '$1'; in its place is '$2'"
}

# robust: durable.kill
begin 'kill -9 under a load of flushes: every record that was acknowledged is on the disk'
truncate -s 64M "$disk"
total=0 lost=0
for round in $(seq "${TL_KILLS:-4}"); do
	# shellcheck disable=SC2016 # as above
	kill_under_load "R=$round; $(echo "$writers" | sed 's|TARGET|of=/dev/vda seek=$(($1*4000+i))|')"
	while read -r writer record; do
		found=$(dd if="$disk" bs=4096 skip=$((writer * 4000 + record)) count=1 2>/dev/null | head -n 1)
		expect "round $round writer $writer record $record" "$found"
	done <"$WORK/acks"
done
echo "# $total acknowledged records in ${TL_KILLS:-4} rounds, $lost lost"
end

if [ -x /bin/debugfs ] || command -v debugfs >/dev/null; then
	begin 'kill -9 under a load of fsync: every file that was acknowledged is in the file system'
	mkfs.ext4 -q -F "$disk"
	total=0 lost=0
	for round in $(seq "${TL_KILLS:-3}"); do
		# shellcheck disable=SC2016 # as above
		kill_under_load "R=$round; mkdir /d; mount -t ext4 /dev/vda /d; $(echo "$writers" |
			sed 's|TARGET|of=/d/$R.$1.$i|')"
		# What is in the journal goes to its place; nothing else may be wrong.
		e2fsck -p "$disk" >"$WORK/fsck" 2>&1
		[ $? -le 1 ] || problem "e2fsck cannot recover it: $(head -n 5 "$WORK/fsck" | tr '\n' ' ')"
		sound "$disk"
		rm -rf "$WORK/files"
		mkdir "$WORK/files"
		debugfs -R "rdump / $WORK/files" "$disk" >/dev/null 2>&1
		while read -r writer record; do
			found=$(head -n 1 "$WORK/files/$round.$writer.$record" 2>&1)
			expect "round $round writer $writer record $record" "$found"
		done <"$WORK/acks"
	done
	echo "# $total acknowledged files in ${TL_KILLS:-3} rounds, $lost lost"
	end
else
	skip 'kill -9 under a load of fsync' 'e2fsprogs are not here'
fi
rm -f "$disk"
