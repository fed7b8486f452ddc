# SPDX-License-Identifier: MIT
#
# The laboratories: the commands in docs/lab, run on the board that counts instructions.

LAB_TAP := $(BUILD)/test/lab.tap

.PHONY: lab
lab: board-files ## the laboratories: each page's commands, and whether they print what it shows
	@mkdir -p $(dir $(LAB_TAP))
	$(Q)scripts/lab | tee $(LAB_TAP)
