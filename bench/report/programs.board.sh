# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The five programs of the report of 2014, on the board and in 1, 2, 4 and 8 guests on one CPU of
# it. With the word "once" it ends after a first, short part: two boards have to come to the same
# figures there. Each run leaves a file in $TL_OUT.

set -e
cd /report

# guests NAME COUNT TIMES: so many guests at once, which begin each program together.
guests() {
	bin/conduct -k "$2" -p 1 -o "$TL_OUT/$1" trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/programs.cpio" \
		--mem 128M --pin % --append "quiet trapline.run=\"cd /report; bin/rounds -b -n $3 input/work\""
}

bin/rounds -c 1 input/work >"$TL_OUT/board-first"
guests guest-first 1 1
[ "$1" != once ] || exit 0
bin/rounds -n 7 -c 1 input/work >"$TL_OUT/board"
guests one 1 7
guests two 2 3
guests four 4 2
guests eight 8 1
