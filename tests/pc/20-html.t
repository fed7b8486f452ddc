# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's, status that of run
#
# The page of `trapline report --format html`, looked at and used in a headless Chromium
# (tests/views/report.mjs has the checks).

# shellcheck source=tests/pc/page.sh
. "$TL_TESTS/page.sh"

begin 'html: a page of each recording'
recording "$WORK/recording" 20000
run trapline report --format html "$WORK/recording"
status_is 0
cp "$WORK/out" "$WORK/page.html"
# The same with a device and symbols of somebody who means no good.
sed -i 's|"pl011"|"</script><script>evil=1"|' "$WORK/recording/vm.json"
cat >"$WORK/recording/symbols" <<-'END'
	ffff800080000000 T </script><script>window.evil=1</script>
	ffff800080020000 T <img src=x onerror=window.evil=1>
	ffff800080040000 T "onload='window.evil=1'
	ffff800080060000 T plain
END
run trapline report --format html "$WORK/recording"
status_is 0
cp "$WORK/out" "$WORK/hostile.html"
end

page_checks html report "$WORK/page.html" "$WORK/hostile.html"
