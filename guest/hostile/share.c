/* SPDX-License-Identifier: MIT */
/*
 * A folder of the host (9P2000.L): messages that are well made, and ask for what is not in it.
 * The test puts there a file "file", a folder "folder", and links "out", "up" and "root" that
 * lead to what is outside.
 */
#include "hostile.h"

#define SIZE 8u

#define RLERROR  7u
#define TLOPEN   12u
#define TLCREATE 14u
#define TSYMLINK 16u
#define TGETATTR 24u
#define TLINK    70u
#define TMKDIR   72u
#define TRENAME  74u
#define TUNLINK  76u
#define TVERSION 100u
#define TATTACH  104u
#define TWALK    110u
#define TREAD    116u
#define TWRITE   118u
#define TCLUNK   120u

#define MSIZE 8192u
#define ROOT  1u
#define NOFID 0xffffffffu
#define FIDS  500u

#define MESSAGE data
#define REPLY   (data + 65536)

static unsigned int used;

static void number(uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		MESSAGE[used++] = (uint8_t)(value >> (8 * i));
}

static void text(const char *string)
{
	unsigned int length = 0;

	while (string[length])
		length++;
	number(length, 2);
	for (unsigned int i = 0; i < length; i++)
		MESSAGE[used++] = (uint8_t)string[i];
}

/* A message of the type; numbers and texts follow. */
static void message(unsigned int type, uint32_t fid)
{
	used = 4;
	number(type, 1);
	number(1, 2);
	number(fid, 4);
}

/* What its answer is; 0: there is none, or one of no sense. */
static unsigned int ask_with(uint32_t size, uint32_t room)
{
	struct queue *q = &device.queues[0];
	unsigned int end = used;

	used = 0;
	number(size, 4);
	used = end;
	fill(REPLY, 0, 16);
	put(q, 0, AT(MESSAGE), used, NEXT, 1);
	put(q, 1, AT(REPLY), room, WRITE, 0);
	offer(q, 0);
	kick(&device, 0);
	if (!answered(q) || q->used->ring[(q->seen - 1) % SIZE].len > room)
		return 0;
	return ((volatile uint8_t *)REPLY)[4];
}

static unsigned int ask(void)
{
	return ask_with(used, MSIZE);
}

static unsigned int walk(uint32_t fid, uint32_t to, const char *name)
{
	message(TWALK, fid);
	number(to, 4);
	number(1, 2);
	text(name);
	return ask();
}

/* A session: version, and the folder as ROOT. */
static int begin_session(void)
{
	up(&device, USUAL, SIZE);
	used = 4;
	number(TVERSION, 1);
	number(0xffff, 2);
	number(MSIZE, 4);
	text("9P2000.L");
	if (ask() != TVERSION + 1)
		return 0;
	message(TATTACH, ROOT);
	number(NOFID, 4);
	text("root");
	text("");
	number(0, 4);
	return ask() == TATTACH + 1;
}

static const char *finish(const char *problem)
{
	/* It is still a server of that folder. */
	if (!problem && walk(ROOT, 77, "file") != TWALK + 1)
		problem = "a good walk fails";
	if (!problem)
		problem = want_up(&device);
	return problem ? problem : usable();
}

/* Names that are none: not to be walked to, created, linked or removed. */
static const char *bad_names(void)
{
	static const char *const names[] = {"", ".", "/", "a/b", "/etc/passwd", "../outside",
		"../../../../etc/passwd", "folder/../../outside", "out/x"};
	const char *problem = NULL;

	if (!find(ID_9P))
		return SKIP;
	if (!begin_session())
		return "there is no session";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !problem; i++) {
		if (walk(ROOT, 2, names[i]) != RLERROR)
			problem = "a name leads somewhere";
		message(TMKDIR, ROOT);
		text(names[i]);
		number(0755, 4);
		number(0, 4);
		if (ask() != RLERROR)
			problem = "a folder of no name is made";
		message(TSYMLINK, ROOT);
		text(names[i]);
		text("/etc");
		number(0, 4);
		if (ask() != RLERROR)
			problem = "a link of no name is made";
		message(TUNLINK, ROOT);
		text(names[i]);
		number(0, 4);
		if (ask() != RLERROR)
			problem = "what has no name is removed";
		message(TRENAME, ROOT);
		text("file");
		number(ROOT, 4);
		text(names[i]);
		if (ask() != RLERROR)
			problem = "a file gets a name that is none";
	}
	return finish(problem);
}

/* Up from the top is the top, and links are not followed. */
static const char *outside(void)
{
	static const char *const links[] = {"out", "up", "root"};
	const char *problem = NULL;

	if (!find(ID_9P))
		return SKIP;
	if (!begin_session())
		return "there is no session";
	for (uint32_t i = 0; i < 20; i++)
		(void)walk(i ? 10 + i - 1 : ROOT, 10 + i, "..");
	if (walk(29, 30, "file") != TWALK + 1)
		problem = "up from the top is not the top";
	for (uint32_t i = 0; i < 3 && !problem; i++) {
		if (walk(ROOT, 40 + i, links[i]) != TWALK + 1)
			return "a link is not there";
		if (walk(40 + i, 50 + i, "outside") != RLERROR ||
			walk(40 + i, 50 + i, "etc") != RLERROR)
			problem = "a link is followed";
		message(TLOPEN, 40 + i);
		number(0, 4);
		if (ask() != RLERROR)
			problem = "a link is opened";
		message(TLCREATE, 40 + i);
		text("new");
		number(2, 4);
		number(0644, 4);
		number(0, 4);
		if (ask() != RLERROR)
			problem = "a file is created behind a link";
	}
	return finish(problem);
}

/* Counts and sizes that are larger than anything there is. */
static const char *lies(void)
{
	static const uint64_t offsets[] = {0, 1ul << 63, UINT64_MAX, UINT64_MAX - 10};
	const char *problem = NULL;

	if (!find(ID_9P))
		return SKIP;
	if (!begin_session() || walk(ROOT, 2, "file") != TWALK + 1)
		return "there is no session";
	message(TLOPEN, 2);
	number(2, 4);
	if (ask() != TLOPEN + 1)
		return "a good file cannot be opened";
	for (unsigned int i = 0; i < 4 && !problem; i++) {
		message(TREAD, 2);
		number(offsets[i], 8);
		number(0xffffffff, 4);
		if (!ask())
			problem = "there is no answer to a read";
		message(TWRITE, 2);
		number(offsets[i], 8);
		number(0xffffffff, 4);
		number(0, 4);
		if (ask() != RLERROR)
			problem = "more is written than there is";
		/* More names than the message has, and more than a message may have. */
		message(TWALK, ROOT);
		number(3, 4);
		number(i % 2 ? 0xffff : 16, 2);
		text("folder");
		if (ask() != RLERROR)
			problem = "names are walked to that are not there";
		/* A name that goes on behind the message. */
		message(TWALK, ROOT);
		number(3, 4);
		number(1, 2);
		number(0xffff, 2);
		if (ask() != RLERROR)
			problem = "a name is read that is not there";
	}
	/* Fewer bytes than it says, room for no more than an error. */
	message(TGETATTR, ROOT);
	number(UINT64_MAX, 8);
	if (!problem && ask_with(used, 11) != RLERROR)
		problem = "an answer is larger than its room";
	return finish(problem);
}

/* All types, most of which are none, for a file that is none. */
static const char *all_types(void)
{
	const char *problem = NULL;

	if (!find(ID_9P))
		return SKIP;
	if (!begin_session())
		return "there is no session";
	for (unsigned int type = 0; type < 256 && !problem; type++) {
		unsigned int reply;

		/* A new session, and one that ends a request, are answered whatever they say. */
		if (type == TVERSION || type == 108)
			continue;
		message(type, 0xeeeeeeee);
		fill(MESSAGE + used, 0xee, 64);
		used += 64;
		reply = ask();
		if (reply != RLERROR)
			problem = "it is answered as if it were good";
	}
	return finish(problem);
}

/* As many files as the guest likes, and one twice. */
static const char *fids(void)
{
	const char *problem = NULL;

	if (!find(ID_9P))
		return SKIP;
	if (!begin_session())
		return "there is no session";
	for (uint32_t i = 0; i < FIDS && !problem; i++) {
		unsigned int reply = walk(ROOT, 100 + i, "file");

		if (reply != TWALK + 1 && reply != RLERROR)
			problem = "there is no answer";
		message(TLOPEN, 100 + i);
		number(0, 4);
		reply = ask();
		if (reply != TLOPEN + 1 && reply != RLERROR)
			problem = "there is no answer to an open";
	}
	if (!problem && walk(ROOT, 100, "file") != RLERROR)
		problem = "a number is given twice";
	for (uint32_t i = 0; i < FIDS && !problem; i++) {
		message(TCLUNK, 100 + i);
		if (!ask())
			problem = "there is no answer to a clunk";
	}
	return finish(problem);
}

void share_tests(void)
{
	run_test("9p-names-that-are-none", bad_names);
	run_test("9p-outside", outside);
	run_test("9p-counts-that-lie", lies);
	run_test("9p-all-types", all_types);
	run_test("9p-many-files", fids);
}
