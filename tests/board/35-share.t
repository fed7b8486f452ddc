# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Folders of the host in a Linux guest (virtio-9p): files are the same on both sides, with all
# that Linux does to them; a guest does not get out of its folder; what is no folder is refused.

share=$WORK/share
secret='the secret beside the folder'
mkdir "$share"
echo "$secret" >"$WORK/secret"

# in_share OPTIONS RUN-OPTION...: what is on standard input is a script for the guest, in the
# folder, which is /m there.
in_share() {
	options=$1
	shift
	cat >"$share/script"
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" "$@" \
		--append "quiet trapline.run=\"mkdir /m; mount -t 9p -o trans=virtio,version=9p2000.L$options host /m && sh /m/script; echo guest done\""
	status_is 0
	output_has '^guest done'
	error_lines 0
}

sum() {
	md5sum "$1" | cut -d ' ' -f 1
}

# The guest's cache modes: none, and the two that write later and map files.
for cache in '' ,cache=mmap,msize=262144 ,cache=loose,msize=512000; do
	begin "share: what one side writes the other reads${cache:+ ($cache)}"
	rm -rf "${share:?}"/*
	head -c 100003 /dev/urandom >"$share/of-host"
	of_host=$(sum "$share/of-host")
	cp "$TL_TESTS/mapped" "$share/mapped"
	in_share "$cache" --share "$share:host" <<'END'
		cd /m
		dd if=of-host bs=65536 2>/dev/null | md5sum
		head -c 300017 /dev/urandom >/new
		dd if=/new of=of-guest bs=70000 conv=fsync 2>/dev/null
		dd if=of-guest bs=65536 2>/dev/null | cmp /new - && echo same
		dd if=/new of=of-guest bs=1000 seek=290 skip=7 count=9 conv=notrunc 2>/dev/null
		echo more >>of-guest
		echo more >>of-guest
		sync
		tail -c 10 of-guest
		truncate -s 12345 of-host; stat -c 'size %s' of-host
		mkdir -p a/b; echo text >a/b/c; mv a/b/c a/d; mv a e; cat e/d
		ln e/d hard; stat -c 'links %h' hard; ln -s e/d soft; readlink soft; cat soft
		chmod 751 hard; stat -c 'mode %a' e/d; touch -d '2001-02-03 04:05:06' e/d
		rmdir e/b; rmdir e 2>/dev/null || echo 'not empty'
		echo gone >gone; exec 3<gone; rm gone; cat <&3; exec 3<&-; ls gone 2>&1
		umask 0; mkdir open; touch open/file; stat -c 'open %a' open open/file
		mkfifo fifo && echo a fifo; mknod null c 1 3 2>&1
		df . | grep -c '^host'
		./mapped by-map 300017 && echo mapped
		dd if=/bin/busybox of=busybox bs=256k 2>/dev/null; chmod 755 busybox; ./busybox echo it runs
END
	output_has "^$of_host"
	output_has '^size 12345'
	equal 'the size of what was cut' "$(stat -c %s "$share/of-host")" 12345
	output_has '^same'
	equal 'lines that were added' "$(tail -c 10 "$share/of-guest" | tr '\n' ' ')" 'more more '
	equal 'the size of the file' "$(stat -c %s "$share/of-guest")" 300027
	output_has '^text'
	output_has '^links 2'
	output_has '^e/d'
	output_has '^mode 751'
	output_has '^not empty'
	output_has '^gone'
	output_has 'ls: gone: No such file or directory'
	equal 'modes without a umask' "$(tr -d '\r' <"$WORK/out" | sed -n 's/^open //p' | tr '\n' ' ')" '777 666 '
	output_has '^a fifo'
	output_has 'mknod: null: Operation not permitted'
	output_has '^it runs'
	# Without a cache Linux has no mappings that are written to.
	if [ -n "$cache" ]; then
		output_has '^mapped'
		"$TL_TESTS/mapped" "$WORK/by-map" 300017
		equal 'what was written by a mapping' "$(sum "$share/by-map")" "$(sum "$WORK/by-map")"
	fi
	equal 'the content of e/d' "$(cat "$share/e/d")" text
	equal 'its time' "$(stat -c %y "$share/e/d" | cut -c 1-19)" '2001-02-03 04:05:06'
	equal 'its mode' "$(stat -c %a "$share/e/d")" 751
	equal 'the link' "$(readlink "$share/soft")" e/d
	[ -p "$share/fifo" ] || problem 'there is no FIFO'
	[ ! -e "$share/gone" ] || problem 'what was removed is there'
	[ ! -e "$share/null" ] || problem 'there is a device'
	end
done

begin 'share: big folders are listed whole'
rm -rf "${share:?}"/*
mkdir "$share/many"
seq 1 400 | while read -r n; do : >"$share/many/a-file-with-quite-a-long-name-$n"; done
in_share ,msize=4096 --share "$share:host" <<'END'
	cd /m/many
	echo * | wc -w; echo * | tr ' ' '\n' | sort -u | wc -l
	for n in 1 2 3 4 5 6 7 8 9; do : >n$n; done
	rm a-*55
	echo * | wc -w
	mkdir -p /m/few/of/them; : >/m/few/of/file; rm -r /m/few
END
equal 'counts' "$(tr -d '\r' <"$WORK/out" | sed -n '/^[0-9]*$/p' | tr '\n' ' ')" '400 400 405 '
[ ! -e "$share/few" ] || problem 'the folder is still there'
end

begin 'share: only to be read'
rm -rf "${share:?}"/*
echo text >"$share/file"
in_share '' --share "$share:host,ro" <<'END'
	cat /m/file
	{ echo x >/m/file; echo x >>/m/file; echo x >/m/new; } 2>&1
	mkdir /m/d 2>&1; rm -f /m/file 2>&1; mv /m/file /m/g 2>&1; chmod 777 /m/file 2>&1
	ln -s x /m/l 2>&1; truncate -s 0 /m/file 2>&1; touch /m/file 2>&1
END
output_has '^text'
equal 'refusals' "$(count "$WORK/out" 'Read-only file system')" 10
equal 'what is there' "$(cd "$share" && echo *)" 'file script'
equal 'what is in it' "$(cat "$share/file")" text
end

begin 'share: two folders, and both again after a reset in place'
rm -rf "${share:?}"/*
mkdir -p "$WORK/other"
echo of the other >"$WORK/other/file"
in_share '' --share "$share:host" --share "$WORK/other:second,ro" <<'END'
	mkdir /n; mount -t 9p -o trans=virtio,version=9p2000.L second /n; cat /n/file
	[ -e /m/been ] || { touch /m/been; exec 3</m/been 4</n/file; reboot -f; }
	ls /m
END
equal 'reads' "$(count "$WORK/out" '^of the other')" 2
output_has '^been'
end

# What the guest tries, and the host does meanwhile.
begin 'share: no link, no name and no move leads out of it'
rm -rf "${share:?}"/*
mkdir "$share/dir"
ln -s "$WORK/secret" "$share/host-absolute"
ln -s ../secret "$share/host-up"
ln -s "$WORK" "$share/host-dir"
ln -s /proc/self/root "$share/host-magic"
echo "$secret" >"$WORK/before"
in_share '' --share "$share:host" <<END
	cd /m
	ln -s $WORK/secret absolute; ln -s ../secret up; ln -s ../../../../../..$WORK/secret far
	ln -s ../ dir/parent
	for f in host-absolute host-up host-dir/secret host-magic$WORK/secret absolute up far dir/parent/secret \
		dir/../../secret ../secret dir/../../../../..$WORK/secret; do
		cat \$f; echo x >\$f; ln \$f stolen; mv \$f stolen; chmod 777 \$f; truncate -s 0 \$f
	done 2>/dev/null
	# In the place of a folder that is in use, a link.
	mkdir -p deep/er/est; cd deep/er/est
	mv /m/deep /m/away; ln -s $WORK /m/deep
	cat secret ../secret ../../secret ../../../secret ../../../../secret 2>/dev/null
	cat /m/deep/secret /m/deep/er/secret 2>/dev/null
	ln /m/host-up /m/hard; cat /m/hard 2>/dev/null
	echo still here
END
output_has '^still here'
output_lacks "$secret"
equal 'the secret' "$(cat "$WORK/secret")" "$secret"
equal 'its mode and links' "$(stat -c '%a %h' "$WORK/secret")" "$(stat -c '%a' "$WORK/before") 1"
end

begin 'share: a folder that the host moves and replaces while the guest goes through it'
rm -rf "${share:?}"/*
mkdir -p "$share/dir/sub" "$WORK/outside/sub"
echo inside >"$share/dir/sub/file"
echo "$secret" >"$WORK/outside/sub/file"
(
	# Until the guest is done: the folder, a link to another one, the folder.
	while [ ! -e "$WORK/stop" ]; do
		mv "$share/dir" "$share/kept" && ln -s ../outside "$share/dir"
		sleep 0.05
		# Long enough for a slow guest to get at the file.
		rm "$share/dir" && mv "$share/kept" "$share/dir"
		sleep 0.7
	done
) &
swapper=$!
limit=$TEST_LIMIT
TEST_LIMIT=150
in_share '' --share "$share:host" <<'END'
	n=0; good=0
	while [ $n -lt 6 ] || { [ $good -eq 0 ] && [ $n -lt 100 ]; }; do
		n=$((n + 1))
		cat /m/dir/sub/file >/out 2>/dev/null && { grep -q inside /out && good=$((good + 1)); cat /out >>/all; }
		echo x 2>/dev/null >/m/dir/sub/new
		# Without -f it asks, and waits, where the file goes between two looks at it.
		rm -f /m/dir/sub/new 2>/dev/null
	done
	sort -u /all; [ $good -gt 0 ] && echo some were read
END
: >"$WORK/stop"
wait "$swapper"
TEST_LIMIT=$limit
output_has '^inside'
output_has '^some were read'
output_lacks "$secret"
equal 'what is outside' "$(cd "$WORK/outside/sub" && echo *)" file
equal 'its content' "$(cat "$WORK/outside/sub/file")" "$secret"
end

# no_share NAME STATUS OPTION PATTERN
no_share() {
	begin "share: refused: $1"
	guest "$TL_GUESTS/hello.elf" --share "$3"
	refused "$2" "^trapline: --share '$4\$"
	end
}

no_share 'no tag' 2 "$share" "$share': wants DIR:TAG or DIR:TAG,ro"
no_share 'no folder' 2 ":tag" ":tag': wants DIR:TAG or DIR:TAG,ro"
no_share 'nothing' 2 '' "': wants DIR:TAG or DIR:TAG,ro"
no_share 'an unknown word' 2 "$share:tag,rw" "$share:tag,rw': wants DIR:TAG or DIR:TAG,ro"
no_share 'an empty tag' 2 "$share:,ro" "$share:,ro': wants a tag of 1 to 32 bytes"
no_share 'a long tag' 2 "$share:a-tag-that-is-longer-than-32-bytes" \
	"$share:a-tag-that-is-longer-than-32-bytes': wants a tag of 1 to 32 bytes"
no_share 'not there' 3 "$WORK/nothing:tag" "$WORK/nothing': No such file or directory"
no_share 'a file' 3 "$WORK/secret:tag" "$WORK/secret': is not a folder"

begin 'share: refused: the same tag twice'
guest "$TL_GUESTS/hello.elf" --share "$share:tag" --share "$WORK/other:tag,ro"
refused 2 "^trapline: --share '$WORK/other:tag,ro': another folder has this tag\$"
end
