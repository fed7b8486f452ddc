/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_vm.h"
#include "tests/unit/fds.h"

#define STOP_MS 5000

static enum tl_mmio_result dev_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct fake_dev *d = (struct fake_dev *)dev;

	d->offset = access->offset;
	d->size = access->size;
	if (access->offset >= 0x80)
		return TL_MMIO_UNHANDLED;
	if (access->is_write) {
		d->writes++;
		d->value = access->value;
	} else {
		d->reads++;
		access->value = d->value;
	}
	return TL_MMIO_HANDLED;
}

static void dev_reset(struct tl_dev *dev)
{
	((struct fake_dev *)dev)->resets++;
}

static void dev_fini(struct tl_dev *dev)
{
	(void)dev;
}

static const struct tl_dev_ops dev_ops = {
	.name = "fake", .mmio = dev_mmio, .reset = dev_reset, .fini = dev_fini};

void fake_vm_start(struct fake_vm *f, unsigned int vcpus)
{
	static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
	struct tl_vm_config config = {
		.vcpus = vcpus,
		.gic_map = &gic_map,
		.ram_base = FAKE_RAM,
		.ram_size = FAKE_RAM_MIB << 20,
		.spis = 3,
	};

	memset(f, 0, sizeof(*f));
	f->fds = fds_open();
	assert_int_equal(pipe2(f->out, O_CLOEXEC), 0);
	assert_int_equal(tl_loop_init(&f->loop), 0);
	tl_console_init(&f->console, &f->loop, -1, f->out[1]);
	tl_vm_blank(&f->vm);
	f->vm.loop = &f->loop;
	f->vm.console = &f->console;
	assert_int_equal(tl_vm_init(&f->vm, &config), 0);
	f->dev.dev.ops = &dev_ops;
	f->dev.dev.base = FAKE_DEV;
	f->dev.dev.size = FAKE_DEV_LEN;
	assert_int_equal(tl_bus_add(&f->vm.bus, &f->dev.dev), 0);
	assert_int_equal(tl_vm_start_threads(&f->vm), 0);
}

struct tl_stop fake_vm_run(struct fake_vm *f)
{
	struct tl_stop stop = {.kind = TL_STOP_NONE};

	tl_vm_resume(&f->vm);
	/* A wake-up that was for the console may come first. */
	for (int i = 0; i < 10 && stop.kind == TL_STOP_NONE; i++) {
		assert_int_equal(tl_loop_once(&f->loop, STOP_MS), 0);
		stop = tl_vm_stop_reason(&f->vm);
	}
	assert_int_not_equal(stop.kind, TL_STOP_NONE);
	tl_vm_pause(&f->vm);
	return stop;
}

void fake_vm_end(struct fake_vm *f)
{
	tl_vm_fini(&f->vm);
	tl_console_fini(&f->console);
	tl_loop_fini(&f->loop);
	close(f->out[0]);
	close(f->out[1]);
	assert_int_equal(fds_open(), f->fds);
	assert_int_equal(fake_kvm.bad_calls, 0);
	for (unsigned int i = 0; i < fake_kvm.vcpu_count; i++)
		assert_false(fake_kvm.vcpus[i].stuck);
}
