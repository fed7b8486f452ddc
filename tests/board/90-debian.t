# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Debian's own kernel, initrd and system, as its packages bring them (scripts/guest-debian):
# to a login on the console, a file from this host through user networking, off again, and its
# file system is sound. The emulated board has the disk as /dev/vda, and whatever is written to
# it is thrown away.

# shellcheck disable=SC2034 # status is for status_is
disk=/dev/vda
console=$WORK/console

# await PATTERN: until the console shows it. Booting takes a minute, and much longer
# where the PC has other things to do.
await() {
	tries=800
	until grep -Eq -e "$1" "$WORK/out"; do
		# It tells where a boot has come to.
		cp "$WORK/out" "$TL_OUT/debian.console"
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ] || ! kill -0 "$pid" 2>/dev/null; then
			problem "the console never showed '$1'"
			return 1
		fi
		sleep 1
	done
}

# type LINE: on the console.
type_line() {
	printf '%s\n' "$1" >&3
}

# copy_out PATTERN FILE: a file of the disk's /boot.
copy_out() {
	name=$(debugfs -R 'ls -p /boot' "$disk" 2>/dev/null | cut -d / -f 6 | grep -e "$1")
	debugfs -R "dump /boot/$name $2" "$disk" 2>/dev/null
	[ -s "$2" ] || problem "there is no $1 in /boot of $disk"
}

# On a machine that is its own board /dev/vda may be its own disk.
if [ -e /board/command ] && [ -b "$disk" ]; then
	begin 'debian: its kernel and its initrd boot its system; login, a file from the host, and off again'
	copy_out '^vmlinuz-' "$WORK/vmlinuz"
	copy_out '^initrd.img-' "$WORK/initrd.img"
	mkfifo "$console"
	# What the guest's router stands for is this host.
	need_default_route
	router=$(ip route | sed -n 's/^default via \([0-9.]*\) .*/\1/p')
	mkdir "$WORK/www"
	head -c 8000000 /dev/urandom >"$WORK/www/file"
	httpd -f -p 127.0.0.1:8000 -h "$WORK/www" &
	server=$!
	# A job that takes 90 s is not stuck on an emulated CPU, and pictures of progress cost exits.
	trapline run "$WORK/vmlinuz" --initrd "$WORK/initrd.img" \
		--append 'root=/dev/vda console=ttyAMA0 quiet systemd.default_timeout_start_sec=900 systemd.show_status=no' \
		--disk "$disk" --net user --mem 512M --cpus 2 <"$console" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	exec 3>"$console"
	if await '^trapline login: '; then
		type_line root
		await 'root@trapline:'
		# shellcheck disable=SC2016 # the guest's shell expands it
		type_line 'uname -r; cat /etc/debian_version; echo "$(nproc) cpus"; findmnt -n -o SOURCE,FSTYPE /'
		await '2 cpus'
		await '/dev/vda +ext4'
		# systemd-networkd may still be asking for its address.
		type_line 'until grep -h ^ROUTER= /run/systemd/netif/leases/*; do sleep 2; done 2>/dev/null'
		await "ROUTER=$router"
		type_line "wget -nv -O /srv/file http://$router:8000/file && md5sum /srv/file"
		await "$(md5sum <"$WORK/www/file" | cut -d ' ' -f 1)  /srv/file"
		type_line 'systemctl poweroff'
	else
		kill "$pid"
	fi
	wait "$pid"
	status=$?
	exec 3>&-
	kill "$server"
	status_is 0
	output_has '[0-9]-arm64'
	e2fsck -fn "$disk" >"$WORK/fsck" 2>&1 || problem "e2fsck: $(head -n 5 "$WORK/fsck" | tr '\n' ' ')"
	debugfs -R "dump /srv/file $WORK/file" "$disk" 2>/dev/null
	cmp "$WORK/www/file" "$WORK/file" || problem 'the file that it fetched is not on the disk'
	equal 'passt afterwards' "$(pidof passt)" ''
	end
else
	skip 'debian: boots' 'the board has no disk with it: scripts/test-board --only debian'
fi
