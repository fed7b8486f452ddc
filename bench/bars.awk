# SPDX-License-Identifier: MIT
#
# A picture (SVG) of bars: lines of GROUP, SERIES, VALUE and, if it is to be written in another
# way, LABEL, separated by tabs. Variables: title; unit; mark: a value that gets a line;
# log_from: bars go to both sides of this value, in a logarithmic scale, as ratios want it, and
# those that are below it have another colour. Light and dark, by what the reader prefers.

function escape(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function text_at(x, y, class, text) {
	printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, escape(text)
}

# A number as people read it: 1234567.8 as 1 234 568, 0.12345 as 0.123.
function number(value, text, out) {
	if (value < 100)
		return sprintf("%.3g", value)
	text = sprintf("%.0f", value)
	for (out = ""; length(text) > 3; text = substr(text, 1, length(text) - 3))
		out = " " substr(text, length(text) - 2) out
	return text out
}

# Where a value is, in pixels from the left.
function place(value) {
	if (log_base)
		return left + (value > 0 ? (log(value) - low) / (high - low) : 0) * width
	return left + value / high * width
}

function extend(value) {
	if (log_base)
		value = value > 0 ? log(value) : low
	if (value > high)
		high = value
	if (value < low)
		low = value
}

BEGIN {
	FS = "\t"
	log_base = log_from + 0
	if (log_base)
		low = high = log(log_base)
}

NF >= 3 {
	group[++rows] = $1
	series[rows] = $2
	value[rows] = $3
	label[rows] = NF > 3 ? $4 : number($3)
	if (!($2 in color)) {
		color[$2] = ++colors
		name[colors] = $2
	}
	if ($1 != group[rows - 1])
		groups++
	extend($3)
}

END {
	bar = 14
	left = 16
	width = 540
	if (mark != "")
		extend(mark)
	# A ratio below 1 has its label on the left.
	if (log_base && high - low < log(2))
		high = low + log(2)
	if (high <= low)
		high = low + 1
	height = 64 + rows * (bar + 3) + groups * 26 + (unit != "" ? 16 : 0)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 %d\" width=\"860\" height=\"%d\" role=\"img\" aria-label=\"%s\">\n", \
		height, height, escape(title)
	print "<style>text { font: 12px sans-serif; fill: #24292f } .head { font-weight: bold; font-size: 14px }"
	print "rect { fill: #fff } .c1 { fill: #2f6fb0 } .c2 { fill: #c9862b } .c3 { fill: #5b9a55 } .c4 { fill: #8a63b0 } .c5 { fill: #7a7f87 } .c6 { fill: #2a9d95 } .c7 { fill: #a8557f } .worse { fill: #c4443c }"
	print "line { stroke: #57606a; stroke-dasharray: 4 3 }"
	print "@media (prefers-color-scheme: dark) { text { fill: #d8dee4 } rect { fill: #0d1117 } .c1 { fill: #5b9bd9 } .c2 { fill: #d9a04d } .c3 { fill: #7dbb76 } .c4 { fill: #a985cc } .c5 { fill: #949aa3 } .c6 { fill: #4fc0b8 } .c7 { fill: #cf7fa8 } .worse { fill: #e0645c } line { stroke: #949aa3 } }</style>"
	printf "<rect width=\"860\" height=\"%d\"/>\n", height
	text_at(12, 22, "head", title)
	x = 12
	for (i = 1; i <= colors && name[i] != ""; i++) {
		printf "<rect class=\"c%d\" x=\"%d\" y=\"34\" width=\"10\" height=\"10\"/>\n", (i - 1) % 7 + 1, x
		text_at(x + 14, 43, "", name[i])
		x += 34 + 6.8 * length(name[i])
	}
	y = 52
	for (i = 1; i <= rows; i++) {
		if (group[i] != group[i - 1]) {
			y += 26
			text_at(left, y - 5, "", group[i])
		}
		class = "c" (color[series[i]] - 1) % 7 + 1
		if (log_base && value[i] < log_base)
			class = "worse"
		from = log_base ? place(log_base) : left
		to = place(value[i])
		printf "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n", class, \
			from < to ? from : to, y, (from < to ? to - from : from - to) + 1, bar
		text_at((from < to ? to : from) + 6, y + bar - 3, "", label[i])
		y += bar + 3
	}
	if (mark != "")
		printf "<line x1=\"%.1f\" y1=\"52\" x2=\"%.1f\" y2=\"%.1f\"/>\n", place(mark), place(mark), y + 4
	if (unit != "")
		text_at(left, y + 18, "", unit)
	print "</svg>"
}
