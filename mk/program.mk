# SPDX-License-Identifier: MIT
#
# The program: one static file for arm64. A new .c in vmm/, trace/, base/ or cli/
# is compiled without being named here.

PROGRAM := $(BUILD)/arm64/trapline
PROGRAM_OBJ := $(BUILD)/arm64/obj
PROGRAM_CC ?= $(CROSS)gcc
SYSROOT := $(BUILD)/sysroot
SYSROOT_LIB := $(SYSROOT)/usr/lib/aarch64-linux-gnu
PROGRAM_SOURCES := $(sort $(shell find base vmm trace cli -name '*.c' ! -name '*.bpf.c' ! -name '*_pc.c' ! -name '*_dw.c'))
PROGRAM_OBJECTS := $(PROGRAM_SOURCES:%=$(PROGRAM_OBJ)/%.o) $(PROGRAM_OBJ)/vmm/machine/skeletons.S.o \
	$(PROGRAM_OBJ)/trace/bpf/object.S.o $(PROGRAM_OBJ)/trace/report/page_assets.S.o
BPF_OBJECT := $(BUILD)/bpf/exits.bpf.o
C_WARNINGS := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wvla
PROGRAM_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g $(C_WARNINGS) -fstack-protector-strong \
	-mno-outline-atomics -ffile-prefix-map=$(CURDIR)/= -I. -I$(BUILD)/gen \
	-isystem $(BUILD)/kernel/include -isystem $(SYSROOT)/usr/include \
	-isystem $(SYSROOT)/usr/include/aarch64-linux-gnu \
	-isystem $(SYSROOT)/usr/include/traceevent -isystem $(SYSROOT)/usr/include/tracefs
PROGRAM_LIBS := -lncurses -ltinfo -ltracefs -ltraceevent -luring -lbpf -ljansson -lfdt -lelf -lzstd -lz -lpthread

.PHONY: program
program: $(PROGRAM) ## the program, static, for arm64

$(BUILD)/dts/%.dtb: dts/%.dts | deps-build
	$(call say,DTC,$@)
	@mkdir -p $(@D)
	$(Q)dtc -q -@ -I dts -O dtb -o $@ $<

$(PROGRAM_OBJ)/%.c.o: %.c mk/program.mk | deps-build $(SYSROOT) $(BUILD)/kernel/include
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) $(PROGRAM_CFLAGS) -MMD -MP -c -o $@ $<

$(PROGRAM_OBJ)/vmm/machine/skeletons.S.o: vmm/machine/skeletons.S $(patsubst %,$(BUILD)/dts/%.dtb,virt vexpress-a15) mk/program.mk | deps-build
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) -I $(BUILD)/dts -c -o $@ $<

# Changes only when what it says changes.
.PHONY: version-now
$(BUILD)/gen/version_gen.h: version-now
	@mkdir -p $(@D)
	@text='#define TL_VERSION "'"$$(git describe --always --dirty 2>/dev/null || echo unknown)"'"'; \
		[ "$$text" = "$$(cat $@ 2>/dev/null)" ] || printf '%s\n' "$$text" >$@
$(PROGRAM_OBJ)/base/version.c.o: $(BUILD)/gen/version_gen.h

# Names of system registers, from the kernel's descriptions.
$(BUILD)/gen/sysreg_table.h: scripts/sysreg-table $(BUILD)/kernel/include
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)scripts/sysreg-table $(BUILD)/kernel/sysreg >$@.new && mv $@.new $@

$(PROGRAM_OBJ)/trace/decode/sysreg.c.o: $(BUILD)/gen/sysreg_table.h
$(PROGRAM_OBJ)/trace/report/page.c.o: $(PAGE_ASSETS)

# The same for this PC: data is data.
define page_assets_rule
$(1)/trace/report/page_assets.S.o: trace/report/page_assets.S $(PAGE_ASSETS) mk/program.mk | deps-build
	$$(call say,AS,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(2) -I $$(BUILD)/gen -c -o $$@ $$<
endef
$(eval $(call page_assets_rule,$(PROGRAM_OBJ),$(PROGRAM_CC)))

# Names of system calls, of the kernel that the headers are of.
$(BUILD)/gen/syscall_table.h: mk/program.mk | $(BUILD)/kernel/include
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)sed -nE 's/^#define __NR(3264)?_([a-z0-9_]+) ([0-9]+)$$/\t[\3] = "\2",/p' \
		$(BUILD)/kernel/include/asm-generic/unistd.h | \
		grep -v -e arch_specific -e '"syscalls"' | awk '!seen[$$1]++' >$@.new
	$(Q)mv $@.new $@

$(PROGRAM_OBJ)/trace/decode/syscall.c.o: $(BUILD)/gen/syscall_table.h

# Descriptions of the usual terminals, for hosts that have no database of them: each as ncurses
# takes it in TERMINFO (terminfo(5), "Quick dump").
TERMINALS := linux vt100 vt220 xterm xterm-256color screen screen-256color tmux tmux-256color rxvt
$(BUILD)/gen/terminfo_table.h: mk/program.mk | deps-build
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)for t in $(TERMINALS); do \
		printf '\t{"%s", "%s"},\n' $$t "$$(infocmp -q -Q2 $$t | tr -d '\n')"; done >$@.new
	$(Q)mv $@.new $@

$(PROGRAM_OBJ)/trace/top/terminal.c.o: $(BUILD)/gen/terminfo_table.h

# For the kernel's virtual machine: -g for the types of the maps, v3 for atomics that return.
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -ffile-prefix-map=$(CURDIR)/= -I. \
	-isystem $(SYSROOT)/usr/include -isystem $(BUILD)/kernel/include
$(BPF_OBJECT): trace/bpf/exits.bpf.c $(wildcard trace/bpf/*.h) trace/decode/detail.h mk/program.mk \
		| deps-build $(SYSROOT) $(BUILD)/kernel/include
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)clang $(BPF_CFLAGS) -c -o $@ $<

$(PROGRAM_OBJ)/trace/bpf/object.S.o: trace/bpf/object.S $(BPF_OBJECT) mk/program.mk | deps-build
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) -I $(BUILD)/bpf -c -o $@ $<

# libtraceevent's plug-in loader names dlopen, which a static program cannot have and
# which nothing here calls. The linker's warning about it is left out here, because its
# own --no-warnings hides undefined symbols as well.
$(PROGRAM): $(PROGRAM_OBJECTS)
	$(call say,LD,$@)
	$(Q)status=0; $(PROGRAM_CC) -static -o $@ $^ -L $(SYSROOT_LIB) $(PROGRAM_LIBS) 2>$@.log || status=$$?; \
		grep -v -e "Using 'dlopen' in statically linked" -e 'in function `load_plugin' $@.log >&2 || true; \
		rm -f $@.log; exit $$status

-include $(shell find $(PROGRAM_OBJ) -name '*.d' 2>/dev/null)

# The same program for this PC, without what needs KVM: it reads recordings, and with libdw,
# which *_dw.c need and *_none.c do without, the lines of a guest's functions.
PC_PROGRAM := $(BUILD)/pc/trapline
PC_OBJ := $(BUILD)/pc/obj
PC_SOURCES := $(sort $(filter-out base/libelf_search.c base/fdt_check.c,$(wildcard base/*.c)) \
	$(filter-out %_none.c,$(wildcard trace/decode/*.c)) $(wildcard trace/profile/*.c \
	trace/report/*.c trace/record/*.c trace/advice/*.c trace/diff/*.c) $(wildcard trace/tool/report*.c \
	trace/tool/diff.c) $(addprefix cli/,main.c options.c report.c diff.c advice.c ctl.c commands_pc.c))
PC_OBJECTS := $(PC_SOURCES:%=$(PC_OBJ)/%.o) $(PC_OBJ)/trace/report/page_assets.S.o
PC_CC ?= gcc
PC_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g $(C_WARNINGS) -fstack-protector-strong \
	-ffile-prefix-map=$(CURDIR)/= -I. -I$(BUILD)/gen

.PHONY: pc
pc: $(PC_PROGRAM) ## the program for this PC: reads recordings that were made on the board

$(PC_OBJ)/%.c.o: %.c mk/program.mk | deps-test
	$(call say,PCCC,$<)
	@mkdir -p $(@D)
	$(Q)$(PC_CC) $(PC_CFLAGS) -MMD -MP -c -o $@ $<

$(PC_OBJ)/trace/decode/sysreg.c.o: $(BUILD)/gen/sysreg_table.h
$(PC_OBJ)/trace/decode/syscall.c.o: $(BUILD)/gen/syscall_table.h
$(PC_OBJ)/trace/report/page.c.o: $(PAGE_ASSETS)
$(PC_OBJ)/base/version.c.o: $(BUILD)/gen/version_gen.h
$(eval $(call page_assets_rule,$(PC_OBJ),$(PC_CC)))

PC_LIBS := -ljansson -ldw -lelf

$(PC_PROGRAM): $(PC_OBJECTS)
	$(call say,PCLD,$@)
	$(Q)$(PC_CC) -o $@ $^ $(PC_LIBS)

# Makes recordings of any length, for benchmarks and tests.
PC_RECORDING := $(BUILD)/pc/recording
$(PC_RECORDING): $(PC_OBJ)/bench/recording.c.o $(filter-out $(PC_OBJ)/cli/%,$(PC_OBJECTS))
	$(call say,PCLD,$@)
	$(Q)$(PC_CC) -o $@ $^ $(PC_LIBS)

# `trapline top` with a made-up table instead of a kernel's, for tests of its screen.
PC_TOP := $(BUILD)/pc/top-table
PC_TOP_SOURCES := tests/pc/top_table.c $(wildcard trace/top/*.c) cli/top.c cli/target.c cli/options.c \
	trace/tool/guest.c trace/tool/maps.c trace/tool/process.c trace/collect/irq_names.c \
	trace/collect/threads.c trace/collect/thread_state.c
$(PC_TOP): $(PC_TOP_SOURCES:%=$(PC_OBJ)/%.o) $(filter-out $(PC_OBJ)/cli/% $(PC_TOP_SOURCES:%=$(PC_OBJ)/%.o),$(PC_OBJECTS))
	$(call say,PCLD,$@)
	$(Q)$(PC_CC) -o $@ $^ $(PC_LIBS) -lncurses -ltinfo

$(PC_OBJ)/trace/top/terminal.c.o: $(BUILD)/gen/terminfo_table.h
$(PC_OBJ)/trace/decode/syscall.c.o: $(BUILD)/gen/syscall_table.h

-include $(shell find $(PC_OBJ) -name '*.d' 2>/dev/null)
