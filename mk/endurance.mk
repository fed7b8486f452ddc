# SPDX-License-Identifier: MIT
#
# What takes longer than anybody waits for before a change: every system call that can fail,
# a hundred kills, power cuts, and hours of guests.

.PHONY: faults soak

KILLS ?= 50
CUTS ?= 10
faults: board-files $(BOARD_TOOLS) $(PC_PROGRAM) ## each system call failing in turn, 2 x KILLS=50 times kill -9, CUTS=10 power cuts (an hour)
	$(Q)status=0; \
		scripts/board --timeout 20000 -- 'TL_FAULTS_STEP=1 sh $$TL_TESTS/run 55' || status=1; \
		scripts/board --io-tools --mem 2G --timeout 20000 -- 'TL_KILLS=$(KILLS) sh $$TL_TESTS/run 26' || status=1; \
		TL_CUTS=$(CUTS) scripts/test-pc 50 || status=1; \
		exit $$status

SOAK_GUESTS ?= 16
# TIME= is also that of fuzz, so it has no value here.
SOAK_TIME = $(or $(TIME),3600)
soak: board-files ## TIME=3600 seconds of SOAK_GUESTS=16 guests that boot, work, reset and power off: leaks, lost exits
	$(Q)scripts/board --mem 4G --timeout $$(($(SOAK_TIME) + 3600)) -- 'sh $$TL_TESTS/soak.sh $(SOAK_TIME) $(SOAK_GUESTS)'
