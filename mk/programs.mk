# SPDX-License-Identifier: MIT
#
# The five programs of the report of 2014 and what runs and loads beside them
# (bench/programs), for this PC and for the board and its guests, with what they
# work on. On the board and in a guest all of it is in /report.

REPORT := $(BUILD)/report
# How much work: so many times 10^8 instructions for each program.
REPORT_SCALE ?= 1
REPORT_PROGRAMS := adpcm crc32 fft input loads rounds conduct
# -ffp-contract=off: with fused multiply-add a result would depend on the machine.
REPORT_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -ffp-contract=off $(C_WARNINGS) -static -s
REPORT_ARM64 := $(REPORT_PROGRAMS:%=$(REPORT)/arm64/bin/%)
REPORT_PC := $(REPORT_PROGRAMS:%=$(REPORT)/pc/bin/%)
REPORT_CPIO := $(BUILD)/board/programs.cpio
REPORT_GUEST := $(BUILD)/guest/programs.cpio

$(REPORT)/arm64/bin/%: bench/programs/%.c bench/programs/crc.h bench/programs/file.h mk/programs.mk | deps-build
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) $(REPORT_CFLAGS) -o $@ $< -lm

$(REPORT)/pc/bin/%: bench/programs/%.c bench/programs/crc.h bench/programs/file.h mk/programs.mk | deps-build
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(REPORT_CFLAGS) -o $@ $< -lm

# What a run makes depends on its scale.
.PHONY: report-scale
$(REPORT)/scale: report-scale
	@mkdir -p $(@D)
	@[ "$(REPORT_SCALE)" = "$$(cat $@ 2>/dev/null)" ] || echo "$(REPORT_SCALE)" >$@

# small.expected is what this PC makes of it: machine, guest or not, the bytes are the same.
$(REPORT)/input/small.expected: bench/programs/work $(REPORT_PC) $(REPORT)/scale | deps-bench
	$(call say,GEN,$(@D))
	$(Q)bench/programs/work $(REPORT)/pc/bin/input $(@D) $(REPORT_SCALE)
	$(Q)mkdir -p $(REPORT)/pc/out
	$(Q)ln -sfn ../input $(REPORT)/pc/input
	$(Q)cd $(REPORT)/pc && bin/rounds input/small | awk '$$1 == "took" { print $$2, $$NF }' >../input/small.expected

$(BUILD)/board/programs-tools.cpio: scripts/board-tools | deps-bench
	$(Q)scripts/board-tools --set programs $@

# Archives may follow each other; the kernel unpacks them in turn.
$(REPORT_GUEST): $(REPORT_ARM64) $(REPORT)/input/small.expected $(BUILD)/board/programs-tools.cpio $(GUEST_DIR)/linux.cpio.gz
	$(call say,CPIO,$@)
	$(Q)scripts/initramfs $(REPORT)/files.cpio report/bin/=$(REPORT)/arm64/bin/ report/input/=$(REPORT)/input/ report/out/
	$(Q)cat $(REPORT)/files.cpio $(BUILD)/board/programs-tools.cpio $(GUEST_DIR)/linux.cpio.gz >$@

$(REPORT_CPIO): $(REPORT_GUEST)
	$(call say,CPIO,$@)
	$(Q)scripts/initramfs $@ guests/programs.cpio=$(REPORT_GUEST)
	$(Q)cat $(REPORT)/files.cpio $(BUILD)/board/programs-tools.cpio >>$@
