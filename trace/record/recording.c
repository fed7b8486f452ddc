/* SPDX-License-Identifier: MIT */
/*
 * Events go to the profile of their VM where they tell it, and to all where they do not: a
 * profile takes only what its vCPUs' threads did.
 */
#include "trace/record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/profile/slide.h"
#include "trace/record/dat.h"
#include "trace/record/stream.h"

/* What is less is read before anybody could see it. */
#define PROGRESS_BYTES (64u << 20)

struct feed {
	struct tl_recording *recording;
	const struct tl_recording_part *part;
	const struct tl_kvm_format *format;
	struct tl_profile *last; /* whose event came last */
	int whole;               /* nothing is left out */
	int patched;
	/* Losses so far, as in a profile: one that is made later has them too. */
	uint64_t lost, gaps_unsized;
	int open_gaps;
	/* Of a part, by VM: all hypercalls, as the part may lack those of its guest's start. */
	struct {
		uint32_t vm;
		struct tl_details calls;
	} vms[TL_RECORDING_VMS_MAX];
	unsigned int vm_count;
};

static const char *file_of(const struct tl_recording *recording, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s", recording->path, name);
	return path;
}

static int add_vcpus(
	struct tl_profile *profile, const struct tl_vm_json *vm, const struct feed *feed)
{
	int ret = 0;

	/* Of a part, each vCPU begins with the first exit that is in it. */
	if (!feed->whole && feed->patched)
		return 0;
	for (unsigned int i = 0; i < vm->vcpu_count && !ret; i++) {
		const struct tl_vm_json_vcpu *vcpu = &vm->vcpus[i];

		if (feed->part->vcpu >= 0 && vcpu->id != (uint64_t)feed->part->vcpu)
			continue;
		ret = tl_profile_add_vcpu(profile, vcpu->id, vcpu->tid, vcpu->start_exits);
		if (!ret && feed->whole)
			ret = tl_profile_set_kernel_counts(profile, vcpu->id, &vcpu->kernel);
	}
	return ret;
}

static struct tl_profile *add_profile(struct feed *feed, uint32_t vm_id)
{
	struct tl_recording *recording = feed->recording;
	struct tl_profile *profile;
	int described = recording->vm.vcpu_count && (!vm_id || (pid_t)vm_id == recording->vm.pid);

	if (recording->profile_count == TL_RECORDING_VMS_MAX || tl_profile_create(&profile))
		return NULL;
	recording->profiles[recording->profile_count++] = profile;
	profile->pid = vm_id ? (pid_t)vm_id : recording->vm.pid;
	profile->vm_id = vm_id;
	/* Without counts, only the description tells which vCPU a thread is. */
	profile->learn = !described || (!feed->whole && feed->patched);
	profile->patched = feed->patched;
	profile->ring_lost = feed->lost;
	profile->gaps_unsized = feed->gaps_unsized;
	profile->open_gaps = feed->open_gaps;
	profile->map = recording->vm.map;
	profile->symbols = recording->symbols;
	profile->listener = feed->part->listener;
	tl_profile_set_counter(profile, recording->vm.counter_hz);
	if (described && add_vcpus(profile, &recording->vm, feed))
		profile->failed = 1;
	return profile;
}

/* The profile of the VM that an event names, made if there is none. */
static struct tl_profile *profile_of(struct feed *feed, uint32_t vm_id)
{
	struct tl_recording *recording = feed->recording;

	if (feed->last && feed->last->vm_id == vm_id)
		return feed->last;
	for (unsigned int i = 0; i < recording->profile_count; i++) {
		if (recording->profiles[i]->vm_id == vm_id)
			return feed->last = recording->profiles[i];
	}
	return feed->last = add_profile(feed, vm_id);
}

/* Whether it is of another vCPU than the one that is wanted. */
static int is_of_another(const struct feed *feed, const struct tl_event *event)
{
	const struct tl_vm_json *vm = &feed->recording->vm;

	if (event->has_exits)
		return event->vcpu != (uint64_t)feed->part->vcpu;
	/* Events of a thread tell more than one of them. */
	if (event->kind == TL_EVENT_SWITCH || event->kind == TL_EVENT_WAKE)
		return 0;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (vm->vcpus[i].tid == event->tid)
			return vm->vcpus[i].id != (uint64_t)feed->part->vcpu;
	}
	return 0;
}

static int is_wanted(const struct feed *feed, const struct tl_event *event)
{
	const struct tl_recording_part *part = feed->part;
	uint64_t since = event->ts - feed->recording->first_ts;

	if (since < part->from || (part->to && since > part->to))
		return 0;
	if (part->vcpu >= 0 && is_of_another(feed, event))
		return 0;
	return !part->vm || !event->has_exits || event->vm == (uint32_t)part->vm;
}

static struct tl_details *calls_of(struct feed *feed, uint32_t vm)
{
	for (unsigned int i = 0; i < feed->vm_count; i++) {
		if (feed->vms[i].vm == vm)
			return &feed->vms[i].calls;
	}
	if (feed->vm_count == TL_RECORDING_VMS_MAX)
		return NULL;
	feed->vms[feed->vm_count].vm = vm;
	return &feed->vms[feed->vm_count++].calls;
}

static void note_call(struct feed *feed, const struct tl_event *event)
{
	const struct tl_profile_detail key = {
		.exit_class = tl_esr_class(event->ret, event->ec), .pc = event->pc};
	struct tl_profile_detail *noted = NULL;
	struct tl_details *calls;

	if (event->kind != TL_EVENT_EXIT || !tl_slide_is_call(key.exit_class))
		return;
	calls = calls_of(feed, event->vm);
	if (calls)
		noted = tl_details_find(calls, &key);
	if (noted)
		noted->count++;
}

/* Where the kernels of the VMs run, whose symbols are those of where they were linked. */
static void set_slides(struct feed *feed)
{
	struct tl_recording *recording = feed->recording;

	for (unsigned int i = 0; i < recording->profile_count && recording->symbols; i++) {
		struct tl_profile *profile = recording->profiles[i];
		struct tl_symbols *slid = tl_symbols_again(recording->symbols);
		struct tl_details *calls =
			feed->whole ? &profile->details : calls_of(feed, profile->vm_id);

		if (slid && calls && tl_slide_set(slid, calls))
			profile->symbols = recording->slid[i] = slid;
		else
			tl_symbols_destroy(slid);
	}
}

/* On a terminal, what takes seconds says how far it is. */
static void on_progress(void *ctx, uint64_t bytes, uint64_t total)
{
	(void)ctx;
	if (total < PROGRESS_BYTES || !isatty(STDERR_FILENO))
		return;
	if (bytes < total)
		fprintf(stderr, "\rreading: %2.0f %%", 100.0 * (double)bytes / (double)total);
	else
		fputs("\r             \r", stderr);
}

static int on_record(void *ctx, uint64_t ts, const void *data, size_t size)
{
	struct feed *feed = ctx;
	struct tl_recording *recording = feed->recording;
	struct tl_profile *profile;
	struct tl_event event;
	int ret = tl_kvm_format_decode(feed->format, data, size, ts, &event);

	recording->events++;
	recording->undecoded += ret && ret != -ENOENT;
	if (ret)
		return 0;
	if (!recording->first_ts)
		recording->first_ts = ts;
	recording->last_ts = ts;
	if (!feed->whole)
		note_call(feed, &event);
	if (!is_wanted(feed, &event))
		return 0;
	/* A stock kernel's events name no VM: what was traced is taken for one. */
	if (event.has_exits || event.kind == TL_EVENT_EXIT) {
		profile = profile_of(feed, event.vm);
		if (profile)
			tl_profile_event(profile, &event);
		return 0;
	}
	for (unsigned int i = 0; i < recording->profile_count; i++)
		tl_profile_event(recording->profiles[i], &event);
	return 0;
}

static void on_lost(struct feed *feed, const struct tl_event *event)
{
	for (unsigned int i = 0; i < feed->recording->profile_count; i++)
		tl_profile_event(feed->recording->profiles[i], event);
}

static void on_lost_begin(void *ctx, uint64_t count)
{
	struct feed *feed = ctx;

	feed->lost += count;
	feed->gaps_unsized += !count;
	feed->open_gaps++;
	on_lost(feed, &(struct tl_event){.kind = TL_EVENT_LOST_BEGIN, .lost = count});
}

static void on_lost_end(void *ctx)
{
	struct feed *feed = ctx;

	feed->open_gaps--;
	on_lost(feed, &(struct tl_event){.kind = TL_EVENT_LOST_END});
}

static const struct tl_stream_ops stream_ops = {
	.record = on_record,
	.lost_begin = on_lost_begin,
	.lost_end = on_lost_end,
	.progress = on_progress,
};

/* Adds a CPU's file of pages, if there is one; its descriptor goes to *fd. */
static int add_piece(struct tl_recording *recording, struct tl_stream *stream, unsigned int cpu,
	const char *format, int *fd)
{
	char name[64], path[PATH_MAX];
	struct stat st;

	snprintf(name, sizeof(name), format, cpu);
	*fd = open(file_of(recording, name, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(*fd, &st) || !S_ISREG(st.st_mode))
		return -EINVAL;
	recording->cut_off |= st.st_size > 0;
	return tl_stream_add(stream, cpu, *fd, 0, (uint64_t)st.st_size);
}

static int read_streams(struct feed *feed, const struct tl_dat *dat, int *fds)
{
	struct tl_recording *recording = feed->recording;
	struct tl_stream *stream;
	int ret = tl_stream_create(&stream, dat->cpus, dat->page_size);

	for (unsigned int i = 0; i < dat->cpus && !ret; i++) {
		const struct tl_dat_place *place = &dat->places[i];

		if (place->size)
			ret = tl_stream_add(stream, i, dat->fd, place->offset, place->size);
		else
			ret = add_piece(recording, stream, i, TL_RECORDING_PIECE_OLD, &fds[2 * i]);
		if (!ret && !place->size)
			ret = add_piece(recording, stream, i, TL_RECORDING_PIECE, &fds[2 * i + 1]);
	}
	ret = ret ? ret : tl_stream_run(stream, &stream_ops, feed);
	if (stream) {
		recording->damaged = tl_stream_damaged(stream);
		recording->bytes = tl_stream_bytes(stream);
	}
	tl_stream_destroy(stream);
	return ret;
}

static int read_trace(struct feed *feed, const struct tl_dat *dat)
{
	const unsigned int count = 2 * dat->cpus;
	int *fds = calloc(count, sizeof(*fds));
	int ret;

	if (!fds)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++)
		fds[i] = -1;
	ret = read_streams(feed, dat, fds);
	for (unsigned int i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	free(fds);
	return ret;
}

/* Those of the file `named`, or if it is NULL the recording's own, which there need not be. */
static int read_symbols(struct tl_recording *recording, const char *named)
{
	char own[PATH_MAX];
	const char *path = named ? named : file_of(recording, TL_RECORDING_SYMBOLS, own);
	int ret = tl_symbols_load(&recording->symbols, path);
	int is_there = ret != -ENOENT || !access(path, F_OK);
	const char *why = ret == -ENOENT && is_there ? "no symbols in it" : strerror(-ret);

	if (ret && named)
		tl_log_error("--symbols '%s': %s", named, why);
	else if (ret && is_there)
		tl_log_warn("%s: %s; addresses stay numbers", path, why);
	if (!ret && recording->vm.symbols_size)
		tl_symbols_set_loaded(recording->symbols, recording->vm.symbols_linked,
			recording->vm.symbols_loaded, recording->vm.symbols_size);
	return named ? ret : 0;
}

/* What the reader of a report must know of the recording itself. */
static void say_damage(const struct tl_recording *recording)
{
	const char *path = recording->path;

	if (recording->truncated)
		tl_log_warn(
			"%s/" TL_RECORDING_DAT ": ends before it says; the rest is missing", path);
	if (recording->damaged)
		tl_log_warn("%s: %llu damaged page%s left out", path,
			(unsigned long long)recording->damaged, recording->damaged == 1 ? "" : "s");
	if (recording->undecoded)
		tl_log_warn("%s: %llu events are shorter than their format says", path,
			(unsigned long long)recording->undecoded);
	if (recording->cut_off || !recording->vm.complete)
		tl_log_warn("%s: its recorder was stopped before the end; this is what it had "
			    "written",
			path);
	if (!recording->events)
		tl_log_warn("%s: no event in it", path);
}

static int read_all(struct tl_recording *recording, const struct tl_recording_part *part)
{
	struct feed feed = {.recording = recording, .part = part};
	char path[PATH_MAX], problem[256];
	struct tl_dat dat;
	int ret;

	ret = tl_vm_json_read(file_of(recording, TL_RECORDING_VM, path), &recording->vm, problem,
		sizeof(problem));
	if (ret) {
		tl_log_error("%s: %s", path, problem);
		return ret;
	}
	ret = tl_dat_open(&dat, file_of(recording, TL_RECORDING_DAT, path), &recording->truncated,
		problem, sizeof(problem));
	if (ret)
		tl_log_error("%s: %s", path, problem);
	ret = ret ? ret : read_symbols(recording, part->symbols);
	if (ret) {
		tl_dat_close(&dat);
		return ret;
	}
	feed.format = &dat.format;
	feed.patched = tl_kvm_format_is_patched(&dat.format);
	feed.whole = !part->from && !part->to && part->vcpu < 0;
	/* Described vCPUs are there even if they had no exit. */
	if (recording->vm.vcpu_count)
		(void)add_profile(&feed, feed.patched ? (uint32_t)recording->vm.pid : 0);
	ret = read_trace(&feed, &dat);
	tl_dat_close(&dat);
	if (ret)
		tl_log_error("reading %s: %s", recording->path, strerror(-ret));
	for (unsigned int i = 0; i < recording->profile_count; i++)
		tl_profile_finish(recording->profiles[i]);
	if (!ret)
		set_slides(&feed);
	for (unsigned int i = 0; i < feed.vm_count; i++)
		tl_details_fini(&feed.vms[i].calls);
	return ret;
}

int tl_recording_read(
	struct tl_recording *recording, const char *path, const struct tl_recording_part *part)
{
	int ret;

	*recording = (struct tl_recording){0};
	if (strlen(path) >= sizeof(recording->path) - 64) {
		tl_log_error("%.64s...: %s", path, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	snprintf(recording->path, sizeof(recording->path), "%s", path);
	ret = read_all(recording, part);
	if (!ret && !part->again)
		say_damage(recording);
	return ret;
}

void tl_recording_fini(struct tl_recording *recording)
{
	for (unsigned int i = 0; i < recording->profile_count; i++) {
		tl_profile_destroy(recording->profiles[i]);
		tl_symbols_destroy(recording->slid[i]);
		recording->slid[i] = NULL;
	}
	recording->profile_count = 0;
	tl_symbols_destroy(recording->symbols);
	recording->symbols = NULL;
	tl_vm_json_fini(&recording->vm);
}
