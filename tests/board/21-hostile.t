# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A guest that breaks the rules of virtio, one a case: the device is down until its reset, the
# other one answers all the time, and the VMM says little and changes no other byte of a disk.

head -c 4194304 /dev/zero | tr '\0' a >"$WORK/a.before"
head -c 4194304 /dev/zero | tr '\0' b >"$WORK/b.before"
mkdir "$WORK/shared" "$WORK/shared/folder"
echo 'what no guest may know' >"$WORK/outside"
echo words >"$WORK/shared/file"
ln -s ../outside "$WORK/shared/out"
ln -s .. "$WORK/shared/up"
ln -s / "$WORK/shared/root"
find "$WORK/shared" | sort >"$WORK/shared.before"
# A network of nobody, where TAP devices can be made.
unset network
if command -v tunctl >/dev/null && tunctl -t tlhostile0 >/dev/null 2>&1; then
	network=tap:tlhostile0
fi

# few DEVICE: it complains, but not as often as the guest likes.
few() {
	lines=$(count "$WORK/err" "^trapline: warning: $1 at .*; the device is down until it is reset")
	[ "$lines" -le 16 ] || problem "$lines lines about devices $1"
	[ "$lines" -ge 1 ] || problem "no line about device $1"
}

# hostile CPUS SKIPPED: all cases, of which some cannot be tried.
hostile() {
	cp "$WORK/a.before" "$WORK/a"
	cp "$WORK/b.before" "$WORK/b"
	guest "$TL_GUESTS/hostile.bin" --cpus "$1" --disk "$WORK/a" --disk "$WORK/b,ro" --rng --balloon \
		--port "$WORK/port:hostile" --share "$WORK/shared:hostile" --vsock "42,$WORK/vsock" ${network:+--net "$network"} --timeout 280
	status_is 0
	tr -d '\r' <"$WORK/out" >"$WORK/lines"
	bad=$(grep -Ev '^(ok|skip|done) ' "$WORK/lines")
	[ -z "$bad" ] || problem "not as it must be: $bad"
	equal 'cases that were not tried' "$(grep '^skip' "$WORK/lines" | grep -vc "^skip ${network-net-}")" "$2"
	[ "$(count "$WORK/lines" '^ok ')" -ge 170 ] || problem 'too few cases'
	equal 'the last line' "$(tail -n 1 "$WORK/lines")" "done $(count "$WORK/lines" '^(ok|skip|not ok) ') cases"

	few virtio-blk
	few virtio-console
	few virtio-rng
	few virtio-balloon
	few virtio-9p
	few virtio-vsock
	[ -z "${network-}" ] || few virtio-net
	[ "$(wc -l <"$WORK/err")" -le 120 ] || problem "$(wc -l <"$WORK/err") lines on standard error"
	error_lacks '^trapline: [^w]'

	# Good requests write to one sector.
	dd if="$WORK/a.before" of="$WORK/a" bs=512 skip=1 seek=1 count=1 conv=notrunc 2>/dev/null
	cmp -s "$WORK/a" "$WORK/a.before" || problem 'the first disk has other bytes'
	equal 'what is in the folder' "$(find "$WORK/shared" | sort)" "$(cat "$WORK/shared.before")"
	equal 'what is in the file' "$(cat "$WORK/shared/file")" words
	equal 'what is outside' "$(cat "$WORK/outside")" 'what no guest may know'
	cmp -s "$WORK/b" "$WORK/b.before" || problem 'the second disk has other bytes'
}

limit=$TEST_LIMIT
TEST_LIMIT=300
# robust: vq.needs-reset vq.others
begin 'hostile: requests that are none, one CPU'
hostile 1 3
end
begin 'hostile: requests that are none, and another CPU that changes them'
hostile 2 0
end
TEST_LIMIT=$limit
[ -z "${network-}" ] || tunctl -d tlhostile0 >/dev/null
