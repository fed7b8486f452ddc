/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM: made, run, paused, reset, taken down. What is particular to
 * arm64 is behind vmm/arch/arm64/.
 */
#include "vmm/core/vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/nisv.h"
#include "vmm/arch/arm64/smccc.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/arch/arm64/vm_type.h"
#include "vmm/core/kvm.h"
#include "vmm/sandbox/gate.h"

void tl_vm_blank(struct tl_vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->kvm_fd = -1;
	vm->vm_fd = -1;
	vm->irqchip = TL_IRQCHIP_INIT;
	vm->suspend.timer_fd = -1;
	vm->run_guest = tl_vcpu_run_guest;
	atomic_init(&vm->halt, true);
	pthread_mutex_init(&vm->lock, NULL);
	pthread_cond_init(&vm->changed, NULL);
	tl_bus_init(&vm->bus);
	tl_coalesced_blank(&vm->coalesced);
}

/* One slot of memory. Returns 0 or -errno (logged). */
static int add_slot(
	struct tl_vm *vm, const struct tl_mem_piece *piece, uint32_t slot, uint32_t flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = piece->base,
		.memory_size = piece->size,
		.userspace_addr = (uintptr_t)piece->host,
	};
	int ret = tl_kvm_ioctl_ptr(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);

	if (ret)
		tl_log_error("KVM does not take %llu MiB of guest memory at %#llx: %s",
			(unsigned long long)(piece->size >> 20), (unsigned long long)piece->base,
			strerror(-ret));
	return ret;
}

static int add_ram(struct tl_vm *vm, const struct tl_vm_config *config)
{
	struct tl_mem_piece pieces[2];
	unsigned int count;
	int ret = tl_mem_init_backed(&vm->mem, config->ram_base, config->ram_size, config->backing);

	if (ret) {
		tl_log_error("cannot map %llu MiB of guest memory: %s; %s",
			(unsigned long long)(config->ram_size >> 20), strerror(-ret),
			config->backing == TL_MEM_HUGE
				? "it needs a multiple of 2 MiB, and so many free huge pages in "
				  "/proc/sys/vm/nr_hugepages"
				: "ask for less with --mem");
		return ret;
	}
	if (config->hole_size)
		ret = tl_mem_punch(&vm->mem, config->hole, config->hole_size);
	if (ret) {
		tl_log_error("--mem: no hole of %llu MiB can be at %#llx: %s",
			(unsigned long long)(config->hole_size >> 20),
			(unsigned long long)config->hole, strerror(-ret));
		return ret;
	}
	count = tl_mem_pieces(&vm->mem, pieces);
	for (unsigned int i = 0; i < count && !ret; i++)
		ret = add_slot(vm, &pieces[i], i ? TL_MEM_SLOT_HIGH : TL_MEM_SLOT_RAM, 0);
	return ret;
}

static int add_memory(struct tl_vm *vm, const struct tl_vm_config *config)
{
	struct tl_mem_piece pieces[2];
	int ret = add_ram(vm, config);

	if (ret || !config->flash_size)
		return ret;
	ret = tl_mem_init(&vm->flash, config->flash_base, config->flash_size);
	if (ret) {
		tl_log_error("cannot map %llu MiB of flash: %s",
			(unsigned long long)(config->flash_size >> 20), strerror(-ret));
		return ret;
	}
	/* A write there is an exit as to a device (api.rst, 4.35), which nobody answers. */
	(void)tl_mem_pieces(&vm->flash, pieces);
	return add_slot(vm, &pieces[0], TL_MEM_SLOT_FLASH, KVM_MEM_READONLY);
}

static int add_vcpus(struct tl_vm *vm, unsigned int count)
{
	unsigned int max = (unsigned int)tl_kvm_check(vm->vm_fd, KVM_CAP_MAX_VCPUS);

	if (count > max) {
		tl_log_error("--cpus %u: this host's KVM allows %u for a VM", count, max);
		return -ERANGE;
	}
	vm->vcpus = calloc(count, sizeof(*vm->vcpus));
	if (!vm->vcpus) {
		tl_log_error("--cpus %u: out of memory", count);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < count; i++) {
		int ret = tl_vcpu_init(&vm->vcpus[i], vm, i);

		/* Counted at once: fini also takes what is only partly initialised. */
		vm->vcpu_count++;
		if (ret)
			return ret;
	}
	for (unsigned int i = 0; i < count; i++) {
		int ret = tl_vcpu_regs_init(&vm->vcpus[i]);

		if (!ret)
			ret = tl_cpu_features_finalize(&vm->cpu, &vm->vcpus[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/* What has to be known before there are vCPUs, they, and what needs them. */
static int add_cpus_and_gic(struct tl_vm *vm, const struct tl_vm_config *config, uint64_t ram_end)
{
	static const struct tl_cpu_choices nothing_said;
	const struct tl_cpu_choices *choices = config->cpu ? config->cpu : &nothing_said;
	struct tl_gic_config gic = {
		.map = config->gic_map,
		.kind = config->gic,
		.vcpus = config->vcpus,
		.spis = config->spis,
		.msi = config->msi,
		.ram_end = ram_end,
	};
	int ret = tl_gic_probe(&vm->irqchip, vm->vm_fd, &gic);

	if (!ret)
		ret = tl_cpu_features_setup(&vm->cpu, vm->vm_fd, choices, config->aarch32);
	if (!ret)
		ret = add_vcpus(vm, config->vcpus);
	if (!ret)
		ret = tl_cpu_features_hide(choices, vm->vm_fd, vm->vcpus[0].fd);
	if (!ret)
		ret = tl_gic_init(&vm->irqchip, &gic);
	for (unsigned int i = 0; !ret && i < vm->vcpu_count; i++)
		ret = tl_cpu_features_start_pmu(&vm->cpu, &vm->vcpus[i]);
	return ret;
}

int tl_vm_init(struct tl_vm *vm, const struct tl_vm_config *config)
{
	uint64_t ram_end = config->ram_base + config->ram_size;
	int ret = tl_vcpu_setup_kick();

	if (ret)
		return ret;
	vm->pins = config->pins;
	vm->pin_count = config->pin_count;
	vm->kvm_fd = tl_kvm_open();
	if (vm->kvm_fd < 0)
		return vm->kvm_fd;
	ret = tl_kvm_ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (ret < 0) {
		tl_log_error("KVM_GET_VCPU_MMAP_SIZE: %s; see dmesg", strerror(-ret));
		return ret;
	}
	if (ret < (int)sizeof(struct kvm_run)) {
		tl_log_error(
			"KVM_GET_VCPU_MMAP_SIZE says %d bytes: this kernel's KVM cannot be used",
			ret);
		return -EPROTO;
	}
	vm->run_size = (size_t)ret;
	vm->vm_fd = tl_vm_type_create(
		vm->kvm_fd, tl_gic_address_end(config->gic_map, ram_end, config->vcpus));
	if (vm->vm_fd < 0)
		return vm->vm_fd;
	ret = add_memory(vm, config);
	if (!ret)
		ret = add_cpus_and_gic(vm, config, ram_end);
	if (!ret) {
		vm->smccc_filter = tl_smccc_setup(vm->vm_fd) == 0;
		tl_nisv_setup(vm->vm_fd);
		tl_coalesced_init(
			&vm->coalesced, vm->vm_fd, vm->vcpus[0].run, vm->run_size, &vm->bus);
		vm->stop_unknown_calls = config->stop_unknown_calls;
		if (vm->stop_unknown_calls)
			ret = tl_smccc_forward_unknown(vm->vm_fd);
		if (!ret)
			ret = tl_suspend_setup(vm);
	}
	return ret;
}

void tl_vm_fini(struct tl_vm *vm)
{
	tl_gate_cancel(vm->gate);
	pthread_mutex_lock(&vm->lock);
	vm->phase = TL_PHASE_QUIT;
	atomic_store_explicit(&vm->halt, true, memory_order_release);
	pthread_cond_broadcast(&vm->changed);
	pthread_mutex_unlock(&vm->lock);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		tl_vcpu_fini(&vm->vcpus[i]);
	free(vm->vcpus);
	vm->vcpus = NULL;
	vm->vcpu_count = 0;
	tl_bus_fini(&vm->bus);
	tl_coalesced_fini(&vm->coalesced);
	tl_suspend_fini(vm);
	tl_gic_fini(&vm->irqchip);
	if (vm->vm_fd >= 0)
		close(vm->vm_fd);
	if (vm->kvm_fd >= 0)
		close(vm->kvm_fd);
	tl_mem_fini(&vm->mem);
	tl_mem_fini(&vm->flash);
	pthread_cond_destroy(&vm->changed);
	pthread_mutex_destroy(&vm->lock);
}

int tl_vm_start_threads(struct tl_vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int ret = tl_vcpu_start_thread(&vm->vcpus[i]);

		if (!ret && vm->pin_count)
			ret = tl_vcpu_pin(&vm->vcpus[i], vm->pins[i % vm->pin_count]);
		if (ret)
			return ret;
	}
	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		while (!vm->vcpus[i].tid)
			pthread_cond_wait(&vm->changed, &vm->lock);
	}
	pthread_mutex_unlock(&vm->lock);
	return 0;
}

void tl_vm_resume(struct tl_vm *vm)
{
	tl_bus_freeze(&vm->bus);
	pthread_mutex_lock(&vm->lock);
	vm->stop = (struct tl_stop){.kind = TL_STOP_NONE};
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vm->vcpus[i].run->immediate_exit = 0;
	vm->phase = TL_PHASE_RUN;
	/* Pairs with the acquire in the run loop. */
	atomic_store_explicit(&vm->halt, false, memory_order_release);
	pthread_cond_broadcast(&vm->changed);
	pthread_mutex_unlock(&vm->lock);
}

void tl_vm_pause(struct tl_vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	vm->phase = TL_PHASE_PARK;
	/* Pairs with the acquire in the run loop. */
	atomic_store_explicit(&vm->halt, true, memory_order_release);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (vm->vcpus[i].has_thread && !vm->vcpus[i].parked)
			tl_vcpu_kick(&vm->vcpus[i]);
	}
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		while (vm->vcpus[i].has_thread && !vm->vcpus[i].parked)
			pthread_cond_wait(&vm->changed, &vm->lock);
	}
	pthread_mutex_unlock(&vm->lock);
	/* Nobody writes any more: devices have now seen all that the guest did. */
	tl_coalesced_drain(&vm->coalesced);
}

struct tl_stop tl_vm_stop_reason(struct tl_vm *vm)
{
	struct tl_stop stop;

	pthread_mutex_lock(&vm->lock);
	stop = vm->stop;
	pthread_mutex_unlock(&vm->lock);
	return stop;
}

void tl_vm_clear_stop(struct tl_vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	vm->stop = (struct tl_stop){.kind = TL_STOP_NONE};
	pthread_mutex_unlock(&vm->lock);
}

void tl_vm_request_stop(struct tl_vm *vm, const struct tl_stop *stop)
{
	pthread_mutex_lock(&vm->lock);
	if (vm->stop.kind == TL_STOP_NONE || vm->stop.kind == TL_STOP_SUSPEND)
		vm->stop = *stop;
	if (vm->phase == TL_PHASE_RUN)
		vm->phase = TL_PHASE_PARK;
	/* Pairs with the acquire in the run loop. */
	atomic_store_explicit(&vm->halt, true, memory_order_release);
	pthread_mutex_unlock(&vm->lock);
	tl_loop_wake(vm->loop);
}

int tl_vm_reset(struct tl_vm *vm)
{
	int ret;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		tl_vcpu_complete(&vm->vcpus[i]);
	tl_suspend_forget(vm);
	tl_bus_reset(&vm->bus);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		ret = tl_vcpu_regs_init(&vm->vcpus[i]);
		if (ret)
			return ret;
	}
	ret = tl_gic_reset(&vm->irqchip, vm->vcpu_count);
	if (ret)
		tl_log_error("cannot reset the interrupt controller: %s", strerror(-ret));
	return ret;
}
