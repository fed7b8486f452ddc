# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's, status that of run
#
# Many hosts (docs/fleet.md): the rules and the dashboard fit the metrics, and Debian's
# Prometheus, scraping three boards, answers a question whose answer is known.

fleet=$TL_TOP/docs/fleet

begin 'fleet: promtool takes the configuration, and the rules make of counters what they should'
run promtool check config "$fleet/prometheus.yml"
status_is 0
run promtool check rules "$fleet/rules.yml"
status_is 0
run promtool test rules "$fleet/rules.test.yml"
status_is 0
end

begin 'fleet: each query of the dashboard is PromQL, of metrics that there are'
# shellcheck disable=SC2016 # the dashboard's variables
jq -r '.panels[].targets[].expr' "$fleet/dashboard.json" |
	sed -e 's/\$instance/.*/g' -e 's/\$vm/.*/g' >"$WORK/queries"
awk 'BEGIN { print "groups:\n- name: dashboard\n  rules:" }
	{ gsub(/\047/, "\047\047"); print "  - record: query" NR "\n    expr: \047" $0 "\047" }' \
	"$WORK/queries" >"$WORK/queries.yml"
run promtool check rules "$WORK/queries.yml"
status_is 0
output_has 'SUCCESS: 1[0-9] rules found'
# What a recording has, and what only an exporter has besides.
recording "$WORK/small" 100
run trapline report --format openmetrics "$WORK/small"
{
	sed -n 's/^# HELP \([a-z_0-9]*\) .*/\1/p' "$WORK/out"
	sed -n 's/.*record: //p' "$fleet/rules.yml"
	printf '%s\n' up trapline_host_exits_total trapline_exporter_cpu_seconds_total
} | sort -u >"$WORK/known"
cat "$WORK/queries" "$fleet/rules.yml" | grep -Eo '[a-z_]*:?trapline_[a-z0-9_:]*' |
	sed -E 's/_(bucket|sum|count)$//' | sort -u >"$WORK/used"
equal 'metrics that nobody has' "$(comm -23 "$WORK/used" "$WORK/known")" ''
end

# board N: the Nth board serves metrics at port $base + N, and runs a guest that makes N
# thousand secure monitor calls; it ends when the file "end" is there.
board() {
	mkdir -p "$WORK/board$1"
	# shellcheck disable=SC2016 # the board's variables
	"$TL_TOP/scripts/board" --smp 1 --mem 512M --timeout 300 --out "$WORK/board$1" \
		--forward "$((base + $1)):9970" -- "
		trapline exporter --listen 10.0.2.15:9970 2>\$TL_OUT/exporter &
		until grep -q metrics \$TL_OUT/exporter; do sleep 0.2; done
		trapline run --append 'smc n=${1}000' \$TL_GUESTS/classes.elf && echo done >\$TL_OUT/guest
		until [ -e \$TL_OUT/end ]; do sleep 0.5; done
		kill -TERM %1; wait %1" >"$WORK/board$1.log" 2>&1 </dev/null &
}

# ask QUERY: what Prometheus says to it now.
ask() {
	promtool query instant "http://127.0.0.1:$base" "$1" 2>/dev/null | sed -n 's/^.*=> \([0-9.]*\) @.*/\1/p'
}

# ask_until QUERY ANSWER: at most two minutes long.
ask_until() {
	tries=240
	until [ "$(ask "$1")" = "$2" ]; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ]; then
			problem "'$1' is '$(ask "$1")', not '$2'"
			return
		fi
		sleep 0.5
	done
}

three_boards() {
	begin 'fleet: Prometheus scrapes three boards, and knows how many calls their guests made'
	base=$((20000 + $$ % 20000))
	boards=
	for number in 1 2 3; do
		board "$number"
		boards="$boards $!"
	done
	sed -e 's/host\([123]\):9970/127.0.0.1:PORT\1/g' -e 's/_interval: 15s/_interval: 2s/' \
		-e "s/PORT1/$((base + 1))/" -e "s/PORT2/$((base + 2))/" -e "s/PORT3/$((base + 3))/" \
		"$fleet/prometheus.yml" >"$WORK/prometheus.yml"
	cp "$fleet/rules.yml" "$WORK"
	prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" \
		--web.listen-address="127.0.0.1:$base" >"$WORK/prometheus.log" 2>&1 </dev/null &
	prometheus=$!
	ask_until 'sum(up{job="trapline"})' 3
	for number in 1 2 3; do
		wait_for "$WORK/board$number/guest" 'done'
		ask_until "sum(trapline_host_exits_total{class=\"SMC64\",instance=\"127.0.0.1:$((base + number))\"})" \
			"${number}000"
	done
	ask_until 'sum(trapline_host_exits_total{class="SMC64"})' 6000
	# They are gone, and so are their lines.
	ask_until 'count(trapline_vm_info) or vector(0)' 0
	for number in 1 2 3; do
		: >"$WORK/board$number/end"
	done
	for process in $boards; do
		wait "$process"
		equal "the status of a board" $? 0
	done
	kill -TERM "$prometheus"
	wait "$prometheus" || :
	[ -z "$test_problems" ] || tail -n 5 "$WORK"/board?.log "$WORK/prometheus.log" >"$WORK/err"
	end
}

if [ "$("$TL_TOP/scripts/board" --which)" = qemu ]; then
	three_boards
else
	skip 'fleet: Prometheus scrapes three boards' 'there is one, this machine'
fi
