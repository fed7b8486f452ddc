# SPDX-License-Identifier: MIT
#
# Benchmarks: bench/NAME writes results/NAME.md and results/NAME.json, from what
# bench/NAME.board.sh did on the deterministic board.

.PHONY: bench bench-boot bench-count bench-trace bench-io bench-views bench-page bench-check report-2014

bench: bench-boot bench-count bench-trace bench-io bench-views report-2014 ## every benchmark, and results/README.md; bench-NAME runs one
	$(Q)bench/page

bench-boot: $(BOARD_INITRAMFS) $(BUILD)/kernel/Image $(BOARD_TOOLS) | deps-bench ## a Linux boot beside QEMU's, what a profile costs
	$(Q)bench/boot

bench-count: $(BOARD_INITRAMFS) $(BUILD)/kernel/Image $(BUILD)/kernel-6.12-stock/Image | deps-bench ## what counting costs an exit, beside the unpatched kernel
	$(Q)bench/count

bench-trace: $(BOARD_INITRAMFS) $(BUILD)/kernel/Image $(BOARD_TOOLS) $(PC_PROGRAM) $(PC_RECORDING) | deps-bench ## what each way to trace an exit costs
	$(Q)bench/trace

bench-io: $(BOARD_INITRAMFS) $(BUILD)/kernel/Image $(BOARD_TOOLS) | deps-bench ## requests to disks and networks, memory and start, beside QEMU
	$(Q)bench/io

bench-views: $(BOARD_INITRAMFS) $(BUILD)/board/tools.cpio $(BUILD)/kernel/Image $(PC_PROGRAM) $(PC_RECORDING) | deps-bench deps-views ## what looking at exits costs: the HTML page of 10^7 events
	$(Q)bench/views

report-2014: $(BOARD_INITRAMFS) $(BUILD)/kernel/Image $(BUILD)/board/programs.cpio $(BUILD)/pc/trapline \
		$(BUILD)/board/io-tools.cpio $(BUILD)/board/linux32.cpio | deps-bench ## the trap-profiling report of 2014, measured again (results/report-2014; REPORT_SCALE=2: twice the work)
	$(Q)bench/report-2014

bench-page: | deps-bench ## results/README.md: all results on one page, with pictures
	$(Q)bench/page

bench-check: | deps-bench ## figures in results/ that miss a goal or are worse than a peer's
	$(Q)bench/check
