/* SPDX-License-Identifier: MIT */
/*
 * Same-page merging (Documentation/admin-guide/mm/ksm.rst): a thread of the host's compares the
 * pages of memory that was offered to it by MADV_MERGEABLE, and keeps one of those that are equal.
 */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "vmm/guest.h"
#include "vmm/lab/explain.h"

#define SYSFS      "/sys/kernel/mm/ksm/"
#define OF_PROCESS "/proc/self/ksm_stat"

/*
 * ksmd passes over pages that were unlike others the last times, for up to eight scans, and splits
 * huge pages before it merges parts of them: what has not changed in so many scans is the result.
 */
#define SCANS   12
#define TRIES   800
#define WAIT_MS 25

/* Documentation/admin-guide/mm/pagemap.rst: the frame in an entry, and a flag of a frame. */
#define PFN     ((UINT64_C(1) << 55) - 1)
#define KPF_KSM (UINT64_C(1) << 21)

/* A number that stands alone, or behind `name` in a line of the file. False: it is not there. */
static bool read_number(const char *path, const char *name, uint64_t *value)
{
	char line[128];
	bool found = false;
	FILE *file = fopen(path, "re");

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *text = tl_trim(line);
		size_t length = strlen(name);

		if (!strncmp(text, name, length))
			found = !tl_parse_u64(tl_trim(text + length), 0, UINT64_MAX, value);
	}
	if (file)
		fclose(file);
	return found;
}

/* Waits for the result. False: it changed for twenty seconds, or cannot be read. */
static bool wait_for_scans(void)
{
	static const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000};
	uint64_t since = 0, before = UINT64_MAX, scans, merged;

	for (unsigned int i = 0; i < TRIES; i++) {
		if (!read_number(SYSFS "full_scans", "", &scans) ||
			!read_number(OF_PROCESS, "ksm_merging_pages", &merged))
			return false;
		if (merged != before) {
			before = merged;
			since = scans;
		}
		if (scans - since >= SCANS)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* The frame of the host's that holds the page at `host` if it is a merged one, else 0. */
static uint64_t merged_frame(int pagemap, int flags, uint64_t host)
{
	uint64_t entry = 0, flag = 0, frame;

	if (pread(pagemap, &entry, sizeof(entry), (off_t)(host / 4096 * sizeof(entry))) !=
		sizeof(entry))
		return 0;
	frame = entry >> 63 ? entry & PFN : 0;
	if (!frame ||
		pread(flags, &flag, sizeof(flag), (off_t)(frame * sizeof(flag))) != sizeof(flag))
		return 0;
	return flag & KPF_KSM ? frame : 0;
}

/* Guest pages that are one page of the host's, where root asks (pagemap.rst). */
static void say_which(struct tl_explain *explain)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t start = 0, frame = 0, next;

	if (sysconf(_SC_PAGESIZE) == 4096)
		fputc('\n', explain->out);
	for (uint64_t gpa = 0; sysconf(_SC_PAGESIZE) == 4096 && gpa <= TL_LAB_RAM_SIZE;
		gpa += 4096) {
		next = gpa < TL_LAB_RAM_SIZE
			       ? merged_frame(pagemap, flags, tl_explain_host(explain, gpa))
			       : 0;
		if (next == frame)
			continue;
		/* Alone it shares with nobody here. */
		if (frame && gpa > start + 4096)
			tl_explain_say(explain,
				"  guest-physical " TL_EXPLAIN_GPA " to " TL_EXPLAIN_GPA
				": %" PRIu64 " pages, and one of the host's",
				start, gpa - 1, (gpa - start) / 4096);
		start = gpa;
		frame = next;
	}
	if (pagemap >= 0)
		close(pagemap);
	if (flags >= 0)
		close(flags);
}

static void say_merged(struct tl_explain *explain)
{
	uint64_t run, merging, shared, sharing;
	bool settled;

	if (!read_number(SYSFS "run", "", &run)) {
		tl_explain_say(
			explain, "None: this host's kernel has no same-page merging (CONFIG_KSM).");
		return;
	}
	if (run != 1) {
		tl_explain_say(explain,
			"None: " SYSFS "run is %" PRIu64 "; with 1 there the host compares pages.",
			run);
		return;
	}
	settled = wait_for_scans();
	if (!read_number(OF_PROCESS, "ksm_merging_pages", &merging) ||
		!read_number(SYSFS "pages_shared", "", &shared) ||
		!read_number(SYSFS "pages_sharing", "", &sharing)) {
		tl_explain_say(
			explain, "This host's kernel does not tell (" OF_PROCESS ", Linux 6.1).");
		return;
	}
	tl_explain_say(explain,
		"The VMM filled the memory, so that all of it is there and alike, and offered it by madvise(2),");
	tl_explain_say(explain,
		"MADV_MERGEABLE. The kernel's thread ksmd has compared its pages with each other%s:",
		settled ? "" : ", and has not done yet");
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"  %4" PRIu64 "  pages of this process are merged (ksm_merging_pages in " OF_PROCESS
		")",
		merging);
	tl_explain_say(explain,
		"  %4" PRIu64 "  pages hold what all merged ones of this host have (" SYSFS
		"pages_shared)",
		shared);
	tl_explain_say(explain, "  %4" PRIu64 "  pages are saved by that (" SYSFS "pages_sharing)",
		sharing);
	say_which(explain);
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"A guest that writes to such a page gets one of its own: a stage-2 permission fault, which the kernel");
	tl_explain_say(explain, "handles.");
}

void tl_explain_merge(struct tl_explain *explain)
{
	tl_explain_ask(explain, "Which pages has the host merged?");
	if (explain->guest->config->backing == TL_MEM_MERGE)
		say_merged(explain);
	else
		tl_explain_say(explain, "None: memory is offered for that by --mem 2M,merge.");
}
