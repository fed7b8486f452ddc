/* SPDX-License-Identifier: MIT */
/*
 * A vCPU and its thread, which parks between runs, so that a VM can be paused and
 * reset in place without losing thread ids (the profiler knows vCPUs by them).
 */
#include "vmm/core/vcpu.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"
#include "vmm/sandbox/gate.h"

#define KICK_SIGNAL SIGRTMIN

/* The signal's only work is to end KVM_RUN; immediate_exit covers the time before it. */
static void kick_handler(int signal)
{
	(void)signal;
}

int tl_vcpu_setup_kick(void)
{
	struct sigaction action = {.sa_handler = kick_handler};

	int ret = sigaction(KICK_SIGNAL, &action, NULL) ? -errno : 0;

	if (ret)
		tl_log_error("cannot catch the signal that stops a vCPU: %s", strerror(-ret));
	return ret;
}

int tl_vcpu_init(struct tl_vcpu *vcpu, struct tl_vm *vm, unsigned int id)
{
	int ret;

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->fd = tl_kvm_ioctl(vm->vm_fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0) {
		tl_log_error("cannot create vCPU %u: %s", id, strerror(-vcpu->fd));
		return vcpu->fd;
	}
	ret = tl_kvm_map_run(vcpu->fd, vm->run_size, &vcpu->run);
	if (ret)
		tl_log_error("cannot map the run area of vCPU %u: %s", id, strerror(-ret));
	return ret;
}

void tl_vcpu_fini(struct tl_vcpu *vcpu)
{
	if (vcpu->has_thread) {
		tl_vcpu_kick(vcpu);
		pthread_join(vcpu->thread, NULL);
		vcpu->has_thread = false;
	}
	tl_kvm_unmap_run(vcpu->run, vcpu->vm->run_size);
	vcpu->run = NULL;
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->fd = -1;
}

static void *vcpu_thread(void *opaque)
{
	struct tl_vcpu *vcpu = opaque;
	struct tl_vm *vm = vcpu->vm;
	char name[16];

	snprintf(name, sizeof(name), "vcpu %u", vcpu->id);
	pthread_setname_np(pthread_self(), name);
	pthread_mutex_lock(&vm->lock);
	vcpu->tid = gettid();
	vcpu->parked = true;
	pthread_cond_broadcast(&vm->changed);
	pthread_mutex_unlock(&vm->lock);
	tl_gate_pass(vm->gate, TL_SANDBOX_VCPU);
	pthread_mutex_lock(&vm->lock);
	while (vm->phase != TL_PHASE_QUIT) {
		if (vm->phase == TL_PHASE_RUN) {
			vcpu->parked = false;
			pthread_mutex_unlock(&vm->lock);
			vm->run_guest(vcpu);
			pthread_mutex_lock(&vm->lock);
			continue;
		}
		vcpu->parked = true;
		pthread_cond_broadcast(&vm->changed);
		pthread_cond_wait(&vm->changed, &vm->lock);
	}
	pthread_mutex_unlock(&vm->lock);
	return NULL;
}

int tl_vcpu_start_thread(struct tl_vcpu *vcpu)
{
	sigset_t all;
	sigset_t old;
	int err;

	/* Every signal but the kick is the main thread's business. */
	sigfillset(&all);
	sigdelset(&all, KICK_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err) {
		tl_log_error("cannot start the thread of vCPU %u: %s; see ulimit -u", vcpu->id,
			strerror(err));
		return -err;
	}
	vcpu->has_thread = true;
	tl_gate_expect(vcpu->vm->gate);
	return 0;
}

int tl_vcpu_pin(struct tl_vcpu *vcpu, unsigned int cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	int err = ENOMEM;

	if (set) {
		CPU_ZERO_S(CPU_ALLOC_SIZE(cpu + 1), set);
		CPU_SET_S(cpu, CPU_ALLOC_SIZE(cpu + 1), set);
		err = pthread_setaffinity_np(vcpu->thread, CPU_ALLOC_SIZE(cpu + 1), set);
		CPU_FREE(set);
	}
	if (err)
		tl_log_error("--pin: vCPU %u cannot run on CPU %u of this host: %s", vcpu->id, cpu,
			strerror(err));
	return -err;
}

void tl_vcpu_kick(struct tl_vcpu *vcpu)
{
	/* The kernel reads it on the vCPU's thread, behind KVM_RUN's system call. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_RELEASE);
	pthread_kill(vcpu->thread, KICK_SIGNAL);
}

void tl_vcpu_complete(struct tl_vcpu *vcpu)
{
	vcpu->run->immediate_exit = 1;
	/* EINTR is what success looks like here; nothing else can be done about the rest. */
	(void)tl_kvm_ioctl(vcpu->fd, KVM_RUN, 0);
	vcpu->run->immediate_exit = 0;
}
