# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's, status that of run
#
# What `trapline report` writes for other programs, read by them.

recording "$WORK/recording" 20000

begin 'openmetrics: promtool finds nothing to say, and the sums are those of the recording'
run trapline report --format openmetrics "$WORK/recording"
status_is 0
equal 'its last line' "$(tail -n 1 "$WORK/out")" '# EOF'
cp "$WORK/out" "$WORK/metrics"
equal 'exits in all' "$(awk '/^trapline_exits_total/ { sum += $2 } END { print sum }' "$WORK/metrics")" 20000
equal 'exits by detail' \
	"$(awk '/^trapline_detail_exits_total/ { sum += $NF } END { print sum }' "$WORK/metrics")" 20000
# The last exit of each vCPU has no end.
equal 'timed' \
	"$(awk '/^trapline_handling_seconds_count/ { sum += $2 } END { print sum }' "$WORK/metrics")" 19998
run promtool check metrics <"$WORK/metrics"
status_is 0
equal 'what promtool says' "$(cat "$WORK/out" "$WORK/err")" ''
end

begin 'folded: every line is frames and a number, which add up to all exits'
run trapline report --format folded "$WORK/recording"
status_is 0
equal 'lines of another form' "$(count "$WORK/out" '^vCPU [01];[^;]+;[^;]+;[^;]+ [0-9]+$')" \
	"$(wc -l <"$WORK/out")"
equal 'exits in all' "$(awk '{ sum += $NF } END { print sum }' "$WORK/out")" 20000
end

begin 'folded by time: adds up to what the table says'
run trapline report --by vcpu --format csv "$WORK/recording"
time=$(awk -F, 'NR > 1 { sum += $5 } END { printf "%d", sum }' "$WORK/out")
run trapline report --format folded --weight time "$WORK/recording"
status_is 0
equal 'ns in all' "$(awk '{ sum += $NF } END { printf "%d", sum }' "$WORK/out")" "$time"
end

begin 'what does not go together is refused'
run trapline report --format csv --weight time "$WORK/recording"
refused 2 '--weight is of --format folded'
run trapline report --format openmetrics --by pc "$WORK/recording"
refused 2 '--by is of the formats text and csv'
end

# What protoc prints of it, as lines "time type track", a packet each; flows as "flow ID"
# where one begins, and "end ID".
trace_events() {
	protoc --decode_raw <"$1" | awk '
		/^1 \{/ { time = type = track = ""; in_event = 0 }
		/^  8: / { time = $2 }
		/^  11 \{/ { in_event = 1 }
		/^  \}/ { in_event = 0 }
		in_event && /^    9: / { type = $2 }
		in_event && /^    11: / { track = $2 }
		in_event && /^    47: / { print "flow", $2 }
		in_event && /^    48: / { print "end", $2 }
		/^\}/ && type != "" { print time, type, track }'
}

begin 'perfetto: slices of each track follow each other, and are as many as there were exits'
run trapline report --format perfetto "$WORK/recording"
status_is 0
trace_events "$WORK/out" >"$WORK/events"
# Every exit has a slice but the last two, which have no end; every time in the guest.
equal 'slices' "$(count "$WORK/events" ' 1 ')" 39998
equal 'ends' "$(count "$WORK/events" ' 2 ')" 39998
equal 'instants' "$(count "$WORK/events" ' 3 ')" 2
equal 'what is wrong with the order' "$(awk '
	NF == 3 && $2 <= 3 {
		if ($1 < last[$3]) print "back in time: " $0
		if (($2 == 2) != open[$3] + 0) print "overlaps: " $0
		last[$3] = $1
		open[$3] = $2 == 1
	}' "$WORK/events" | head -n 3)" ''
[ "$(count "$WORK/events" ' 4 ')" -gt 5 ] || problem 'there are no counters'
end

begin 'perfetto: a part of the recording, one vCPU'
run trapline report --format perfetto --vcpu 1 --to 0.01 "$WORK/recording"
status_is 0
trace_events "$WORK/out" >"$WORK/part"
part=$(count "$WORK/part" ' 1 ')
[ "$part" -gt 1000 ] || problem "only $part slices"
[ "$part" -lt 20000 ] || problem "$part slices"
equal 'tracks' "$(awk 'NF == 3 && $2 == 1 { print $3 }' "$WORK/part" | sort -u | wc -l)" 1
end
