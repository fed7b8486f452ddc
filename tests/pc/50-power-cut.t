# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154,SC2016 # WORK is the runner's, status that of run; the board's shell expands
#
# The board's power goes while it records on a disk: QEMU is killed, and with it goes all
# that the board's kernel had not written. TL_CUTS=N: so many cuts in the middle.

disk=$WORK/disk

# board_until PATTERN COMMAND: the board runs it with the disk as /d, until its output has the
# pattern, then the power goes. What was on the disk is in $WORK/cut.
board_until() {
	rm -rf "$disk" "$WORK/cut"
	truncate -s 256M "$disk"
	mke2fs -q -F -t ext4 "$disk"
	"$TL_TOP/scripts/board" --timeout 300 --disk "$disk" -- "mkdir /d && mount -t ext4 /dev/vda /d && $2" \
		</dev/null >"$WORK/out" 2>"$WORK/err" &
	board=$!
	tries=2400
	until grep -Eq -e "$1" "$WORK/out"; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ] || ! kill -0 "$board" 2>/dev/null; then
			problem "the board never said '$1'"
			break
		fi
		sleep 0.1
	done
	# It takes QEMU along, which has the disk open until then.
	kill -KILL "$board" 2>/dev/null
	wait "$board" 2>/dev/null
	while pgrep -f "file=$disk" >/dev/null; do
		sleep 0.1
	done
	e2fsck -p "$disk" >"$WORK/fsck" 2>&1
	[ $? -le 1 ] || problem "e2fsck cannot recover the disk: $(head -n 3 "$WORK/fsck" | tr '\n' ' ')"
	mkdir "$WORK/cut"
	debugfs -R "rdump /recording $WORK/cut" "$disk" >/dev/null 2>&1
}

if [ "$("$TL_TOP/scripts/board" --which)" != qemu ]; then
	skip 'power cut' 'this machine is the board'
else
	cuts=${TL_CUTS:-1}
	for cut in $(seq "$cuts"); do
		begin "power cut $cut of $cuts in the middle of a recording: it is there but for the last seconds"
		# Sizes as they are seen; those of eight seconds before the cut must be on the disk.
		board_until "^at $((12 + cut % 5)):" 'trapline run $TL_GUESTS/exitbench.bin --append n=2000000000 --record /d/recording >/dev/null &
			i=0; while [ $i -lt 100 ]; do i=$((i+1)); sleep 1; echo "at $i: $(cat /d/recording/trace.dat.cpu* | wc -c)"; done'
		early=$(sed -n "s/^at $((4 + cut % 5)): \([0-9]*\).*/\1/p" "$WORK/out" | tr -d '\r')
		kept=$(cat "$WORK/cut/recording"/trace.dat.cpu* 2>/dev/null | wc -c)
		[ "${kept:-0}" -ge "${early:-1}" ] || problem "$kept bytes are there, and there were $early 8 s before the cut"
		run trapline report --format json "$WORK/cut/recording"
		status_is 0
		seen=$(total "$WORK/out" exits)
		[ "${seen:-0}" -gt 0 ] || problem 'no exits in what is left'
		run trapline report "$WORK/cut/recording"
		error_has 'its recorder was stopped before the end'
		end
	done

	begin 'power cut as soon as the recorder has said that it is done: all of it is there'
	board_until '^trapline: recorded ' 'trapline run $TL_GUESTS/exitbench.bin --append n=20000 --record /d/recording 2>&1; sleep 100'
	run trapline report "$WORK/cut/recording"
	status_is 0
	output_has 'All three are equal: every exit is in this profile'
	end
fi
