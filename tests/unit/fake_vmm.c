/* SPDX-License-Identifier: MIT */
/*
 * The VMM, but for its sandbox: the test goes on after it.
 * Links: base/fdt_check.c vmm/core/coalesced.c vmm/dev/pl011_fast.c vmm/core/status_page.c
 * Links: vmm/arch/arm64/nisv.c vmm/core/run_traced.c vmm/core/exit_line.c vmm/core/exit_trace.c
 * Links: vmm/arch/arm64/nisv_data.c vmm/arch/arm64/nisv_regs.c vmm/arch/arm64/walk.c
 * Links: vmm/arch/arm64/walk_short.c vmm/arch/arm64/insn/insn.c vmm/arch/arm64/insn/a64.c
 * Links: vmm/arch/arm64/insn/a64_simd.c vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 * Links: trace/decode/device_regs.c trace/decode/smccc.c vmm/vmm.c vmm/load.c vmm/life.c
 * Links: vmm/core/footprint.c vmm/core/vcpu.c vmm/core/run.c vmm/core/exit.c vmm/core/vm.c
 * Links: vmm/core/kvm_attr.c vmm/core/mem.c vmm/core/bus.c vmm/core/loop.c vmm/core/console.c
 * Links: vmm/arch/arm64/vcpu_regs.c vmm/arch/arm64/vm_type.c vmm/arch/arm64/gic.c
 * Links: vmm/arch/arm64/gic_reset.c vmm/arch/arm64/suspend.c vmm/ctl/server.c
 * Links: vmm/ctl/commands.c vmm/ctl/profile.c vmm/arch/arm64/smccc.c vmm/boot/image.c
 * Links: vmm/boot/elf.c vmm/boot/source.c vmm/boot/zboot.c vmm/boot/zimage.c
 * Links: vmm/boot/firmware.c vmm/boot/layout.c vmm/boot/fdt.c vmm/boot/dtb.c vmm/devices.c
 * Links: vmm/dev/scratch.c vmm/machine/machine.c vmm/machine/virt.c vmm/machine/skeletons.S
 * Links: vmm/dev/pl011.c vmm/machine/vexpress.c vmm/dev/vexpress_sysreg.c vmm/dev/sp804.c
 * Links: vmm/dev/pl031.c vmm/dev/pl061.c vmm/dev/virtio/blk.c vmm/dev/virtio/virtio.c
 * Links: vmm/dev/virtio/blk_file.c vmm/dev/virtio/blk_request.c vmm/dev/virtio/blk_ring.c
 * Links: vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c tests/unit/fake_kvm.c
 * Links: tests/unit/fake_log.c tests/unit/fake_files.c vmm/core/lock.c tests/unit/fake_run.c
 * Links: vmm/machine/lab.c vmm/lab/lab.c vmm/lab/port.c vmm/lab/regs.c vmm/lab/host_files.c
 * Links: vmm/lab/explain.c vmm/lab/explain_table.c vmm/lab/explain_run.c
 * Links: vmm/lab/explain_merge.c vmm/arch/arm64/page_table.c vmm/arch/arm64/cpu_features.c
 * Links: vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c vmm/dev/gicv2m.c
 * Links: vmm/dev/virtio/net.c vmm/dev/virtio/net_tap.c vmm/dev/virtio/net_user.c
 * Links: vmm/dev/virtio/passt.c vmm/dev/virtio/console.c vmm/dev/virtio/console_port.c
 * Links: vmm/dev/virtio/p9.c vmm/dev/virtio/p9/server.c vmm/dev/virtio/p9/session.c
 * Links: vmm/dev/virtio/p9/file.c vmm/dev/virtio/p9/attr.c vmm/dev/virtio/p9/tree.c
 * Links: vmm/dev/virtio/p9/fid.c vmm/dev/virtio/p9/beneath.c vmm/dev/virtio/p9/wire.c
 * Links: vmm/dev/virtio/vsock.c vmm/dev/virtio/vsock_unix.c vmm/dev/virtio/vsock_conn.c
 * Links: vmm/sandbox/namespaces.c vmm/dev/virtio/rng.c vmm/dev/virtio/balloon.c
 * Links: base/unix_socket.c base/parse.c
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_run.h"
#include "tests/unit/fake_vmm.h"
#include "tests/unit/fds.h"
#include "vmm/confine.h"
#include "vmm/machine/machine.h"
#include "vmm/sandbox/sandbox.h"

/* This process goes on after the VM, so it keeps its rights; vmm_sandbox.c has what gives them up.
 */
static void no_gate(struct tl_gate *gate)
{
	(void)gate;
}

static void pass_no_gate(struct tl_gate *gate, enum tl_sandbox_thread thread)
{
	(void)gate;
	(void)thread;
}

int tl_confine_init(struct tl_sandbox *sandbox, const struct tl_vmm_config *config)
{
	(void)config;
	sandbox->gate = (struct tl_gate){no_gate, pass_no_gate, no_gate};
	return 0;
}

int tl_sandbox_isolate(struct tl_sandbox *sandbox)
{
	(void)sandbox;
	return 0;
}

int tl_confine_allow(struct tl_sandbox *sandbox, const struct tl_vmm_config *config)
{
	(void)sandbox;
	(void)config;
	return 0;
}

int tl_sandbox_enter(struct tl_sandbox *sandbox)
{
	(void)sandbox;
	return 0;
}

void tl_sandbox_fini(struct tl_sandbox *sandbox)
{
	(void)sandbox;
}

int fake_vmm_setup(void **state)
{
	memset(&fake_run, 0, sizeof(fake_run));
	fake_kvm_reset();
	return fake_files_setup(state);
}

struct tl_vmm_config fake_vmm_config(void)
{
	uint8_t *bytes = fake_bytes(8192);
	struct tl_vmm_config config = {
		.machine = &tl_machine_virt, .append = "quiet", .cpus = 2, .mem = 64 * MIB};

	fake_image_head(bytes, 0, MIB, 0);
	config.kernel = fake_file("Image", bytes, 8192);
	free(bytes);
	return config;
}

int fake_vmm_run(const struct tl_vmm_config *config)
{
	static const struct fake_exit off[] = {EVENT(KVM_SYSTEM_EVENT_SHUTDOWN)};
	unsigned int fds = fds_open();
	int status;

	if (!fake_run.out_of_time && !fake_kvm.vcpus[0].script && !fake_kvm.vcpus[1].script)
		fake_kvm_script(0, off, 1);
	status = tl_vmm_run(config);
	assert_int_equal(fds_open(), fds);
	assert_int_equal(fake_kvm.bad_calls, 0);
	return status;
}

void expect_vmm_refused(const struct tl_vmm_config *config, const char *words)
{
	assert_int_equal(fake_vmm_run(config), TL_STATUS_INPUT);
	assert_error(words);
	/* It does not take KVM to know that. */
	assert_int_equal(fake_kvm.kvm_fd, -1);
}
