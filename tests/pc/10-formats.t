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
