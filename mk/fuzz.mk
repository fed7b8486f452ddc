# SPDX-License-Identifier: MIT
#
# Fuzzing, by libFuzzer on this PC: a file in tests/fuzz/ is a target (but for fake_*.c), its seeds are made
# from what the project itself writes. What once crashed is a unit test.

FUZZ_CC ?= clang
FUZZ_DIR := $(BUILD)/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/fake_%,$(wildcard tests/fuzz/*.c)))
# Seconds for each: make fuzz TIME=3600.
FUZZ_TIME ?= $(or $(TIME),60)
FUZZ_SOURCES := $(patsubst %_dw.c,%_none.c,$(filter-out cli/%,$(PC_SOURCES))) \
	base/fdt_check.c vmm/dev/virtio/queue.c vmm/core/mem.c $(wildcard vmm/boot/*.c) \
	$(wildcard vmm/dev/virtio/p9/*.c vmm/dev/virtio/blk_*.c)
FUZZ_CFLAGS := -std=c17 -D_GNU_SOURCE -O1 -g $(C_WARNINGS) -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -I. -I$(BUILD)/gen -isystem $(BUILD)/host/kvm-include

.PHONY: fuzz $(FUZZ_TARGETS:%=fuzz-%)

fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## each fuzzing target for a minute (TIME=seconds; one: make fuzz-recording)

$(FUZZ_DIR)/obj/%.o: %.c mk/fuzz.mk $(BUILD)/gen/sysreg_table.h $(BUILD)/gen/syscall_table.h $(BUILD)/gen/version_gen.h $(PAGE_ASSETS) \
		| deps-fuzz $(BUILD)/host/kvm-include/.stamp
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_TARGETS:%=$(FUZZ_DIR)/%): $(FUZZ_DIR)/%: $(FUZZ_DIR)/obj/tests/fuzz/%.o $(FUZZ_SOURCES:%.c=$(FUZZ_DIR)/obj/%.o) \
		$(FUZZ_DIR)/obj/trace/report/page_assets.S.o
	$(call say,FUZZLD,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ -ljansson -lelf -lfdt -luring -lz -lzstd

$(eval $(call page_assets_rule,$(FUZZ_DIR)/obj,$(FUZZ_CC)))

# Devices, and what they live on.
FUZZ_VIRTIO := $(FUZZ_DIR)/obj/tests/fuzz/fake_virtio.o
$(addprefix $(FUZZ_DIR)/,console net small transport virtqueue vsock): $(FUZZ_VIRTIO)
$(FUZZ_DIR)/console: $(patsubst %,$(FUZZ_DIR)/obj/vmm/dev/virtio/%.o,console console_port)
$(FUZZ_DIR)/net: $(FUZZ_DIR)/obj/vmm/dev/virtio/net.o
$(FUZZ_DIR)/small: $(patsubst %,$(FUZZ_DIR)/obj/vmm/dev/virtio/%.o,rng balloon)
$(FUZZ_DIR)/transport: $(FUZZ_DIR)/obj/vmm/dev/virtio/mmio.o
$(FUZZ_DIR)/devices: $(patsubst %,$(FUZZ_DIR)/obj/vmm/%.o,dev/pl011 dev/pl011_fast dev/pl031 dev/pl061 dev/gicv2m dev/sp804 dev/vexpress_sysreg core/lock)
$(FUZZ_DIR)/ctl: $(patsubst %,$(FUZZ_DIR)/obj/vmm/%.o,ctl/server ctl/commands ctl/profile core/loop)
$(FUZZ_DIR)/config: $(patsubst %,$(FUZZ_DIR)/obj/cli/%.o,options run_options run_machine run_net run_host)
$(FUZZ_DIR)/insn: $(patsubst %.c,$(FUZZ_DIR)/obj/%.o,$(wildcard vmm/arch/arm64/insn/*.c vmm/arch/arm64/walk*.c))
$(FUZZ_DIR)/vsock: $(patsubst %,$(FUZZ_DIR)/obj/vmm/dev/virtio/%.o,vsock_unix vsock_conn)

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(FUZZ_DIR)/% $(PC_RECORDING) $(GUEST_DIR)/hello.elf $(GUEST_DIR)/hello32.elf $(GUEST_DIR)/overlay.dtbo
	$(Q)scripts/fuzz $* $(FUZZ_TIME)

.PHONY: fuzz-results
fuzz-results: fuzz ## the same, and results/fuzz.md of it
	$(Q)scripts/fuzz-results

-include $(shell find $(FUZZ_DIR)/obj -name '*.d' 2>/dev/null)
