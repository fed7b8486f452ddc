# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154,SC2034 # WORK is the runner's, status that of run
#
# `trapline top` in a terminal: keys and screens, sizes, signals. tmux is the terminal, and
# top-table has a table whose figures are known (tests/pc/top_table.c).

top_tmux() {
	tmux -L "top-$$-$terminals" -f /dev/null "$@"
}
terminals=0

# start COLUMNS ROWS [ENVIRONMENT...]: top-table in a terminal of that size; behind it a line
# that tells its exit status and whether the terminal is as it was.
start() {
	columns=$1
	rows=$2
	shift 2
	# A server that is just ending would refuse another session.
	terminals=$((terminals + 1))
	cat >"$WORK/top.sh" <<-END
		stty -g >'$WORK/stty.before'
		env $* top-table --interval 0.1 --symbols '$WORK/System.map' 2>'$WORK/top.err'
		echo "status \$?"
		stty -g >'$WORK/stty.after'
		cmp '$WORK/stty.before' '$WORK/stty.after' && echo as it was
		exec sleep 1000
	END
	top_tmux new-session -d -x "$columns" -y "$rows" "sh '$WORK/top.sh'"
}

# sees PATTERN: the screen has it, within a while.
sees() {
	tries=300
	until top_tmux capture-pane -p >"$WORK/out" 2>/dev/null && grep -Eq -e "$1" "$WORK/out"; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ]; then
			problem "the screen has no '$1'"
			return
		fi
		sleep 0.1
	done
}

press() {
	top_tmux send-keys "$@"
}

finish() {
	top_tmux kill-server 2>/dev/null
	end
}

cat >"$WORK/System.map" <<END
ffff800080010000 T do_first
ffff800080020000 T do_second
ffff800080030000 T do_idle
ffff800080040000 T _end
END

begin 'top: VMs, vCPUs and their exits on a screen of 80x24'
start 80 24 "TOP_TABLE_ALONE=$WORK/alone"
sees '^trapline top: 2 VMs, 3 vCPUs, 13\.0k exits/s, every 0\.1 s'
sees '^all VMs +13\.0k +400 +50\.0% +'
sees '^[0-9]+ top-table +12\.5k +400 +50\.0%'
sees '^  vCPU 1 +500 +400 +50\.0% +2\.0% +90\.0% '
sees '^  12\.0k +92\.3% +2\.8% 2\.33 us kernel +[0-9]+ PSCI VERSION$'
sees '^    400 +3\.1% +2\.0% 50\.0 us VMM '
sees '^q quit  \? help .* sort: exits'

press s
sees 'sort: time'
equal 'the costliest' "$(sed -n 9,10p "$WORK/out" | grep -c WFI)" 1
press s s

# A VM that vanishes, and comes again.
: >"$WORK/alone"
sees '^trapline top: 1 VM, 2 vCPUs, 12\.5k exits/s'
rm "$WORK/alone"
sees '^trapline top: 2 VMs, 3 vCPUs'

press Space
sees ', PAUSED'
press Space +
sees 'every 0\.2 s'
press -- -
press q
sees '^status 0$'
sees '^as it was$'
finish

begin 'top: PCs of a row by their symbols, threads, help'
start 100 30
sees 'PSCI VERSION'
press Enter Enter
sees 'PC OF: PSCI VERSION'
sees ' do_first\+0x10$'
sees ' do_second\+0x4$'
press Escape
sees ' EXIT *$'
press Tab Down Down v
sees '^ THREAD +CPU S NAME +DOES'
sees ' S|R top-table +'
press '?'
sees 'share of the time in the guest'
press x
sees '^ THREAD'
press q
sees '^status 0$'
finish

begin 'top: a window that changes its size, small and large'
start 40 10
sees '^trapline top: 2 VMs, 3 vCPUs, 13\.0k e\.\.\.$'
sees '^  12\.0k  92\.3% PSCI VERSION'
top_tmux resize-window -x 200 -y 50
sees '^trapline top: 2 VMs, 3 vCPUs, 13\.0k exits/s, every 0\.1 s; stock kernel'
sees '^  vCPU 0 +12\.0k'
equal 'the last line' "$(sed -n '50{/^q quit/p}' "$WORK/out" | wc -l)" 1
top_tmux resize-window -x 20 -y 4
sees '^too small'
top_tmux resize-window -x 80 -y 24
sees '^  vCPU 1 '
press q
sees '^status 0$'
finish

for signal in TERM INT HUP; do
	begin "top: the terminal is as it was after SIG$signal"
	start 80 24
	sees 'PSCI VERSION'
	pkill -"$signal" -P "$(top_tmux list-panes -F '#{pane_pid}')"
	sees '^status 0$'
	sees '^as it was$'
	finish
done

begin 'top: colours, and none with NO_COLOR'
start 80 24
sees 'PSCI VERSION'
top_tmux capture-pane -pe >"$WORK/out"
grep -q "$(printf '\033\\[[0-9;]*32m')" "$WORK/out" || problem 'no colour'
top_tmux kill-server
start 80 24 NO_COLOR=1
sees 'PSCI VERSION'
top_tmux capture-pane -pe >"$WORK/out"
! grep -q "$(printf '\033\\[[0-9;]*3[0-7]m')" "$WORK/out" || problem 'colours'
finish

begin 'top: a terminal that the host does not know but the program does, and one that nobody knows'
start 80 24 TERM=xterm-of-nobody
sees '^trapline top: 2 VMs'
press Down Down q
sees '^status 0$'
top_tmux kill-server
start 200 40 TERM=nonsense
sees '^#vcpu '
equal 'messages' "$(wc -l <"$WORK/top.err" | tr -d ' ')" 1
grep -q "TERM is 'nonsense', which is no terminal that a screen can be drawn on" "$WORK/top.err" ||
	problem "it says: $(cat "$WORK/top.err")"
press C-c
finish

begin 'top: lines where there is no terminal'
run top-table --count 2 --interval 0.1
status_is 0
equal 'intervals' "$(count "$WORK/out" '^# 1\.000 s: 2 VMs, 3 vCPUs, 13000\.0 exits/s$')" 2
output_has '^vcpu +[0-9]+ +0 +12000\.0 +0\.0 +50\.0 +2\.8 +0\.0 +0\.0 top-table '
output_has '^exit +[0-9]+ +0 +12000\.0 +100\.0 +2\.8 +2333 kernel PSCI VERSION$'
end

begin 'top: a reader that goes away is no error; a full disk is one'
top-table --interval 0.1 2>"$WORK/err" | head -n 3 >"$WORK/out"
error_lines 0
output_has '^#vcpu'
top-table --count 1 --interval 0.1 >/dev/full 2>"$WORK/err"
status=$?
status_is 1
error_has 'No space left'
end

begin 'top: wrong usage'
run top-table --interval 0
refused 2 'wants seconds from 0.1 to 3600'
run top-table --interval 1x
refused 2 'wants seconds'
run top-table --interval nan
refused 2 'wants seconds'
run top-table --count 0
refused 2 'count'
run top-table 5
refused 2 "'5' is no option; see trapline top --help"
run top-table --pid 4194300
refused 4 'process 4194300: No such process'
end
