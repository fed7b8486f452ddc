/* SPDX-License-Identifier: MIT */
/*
 * 9P messages: the input is a series of them, for a folder with files, folders and links in it.
 * Whatever they are, what is beside the folder stays unread and as it is.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/remove_tree.h"
#include "vmm/dev/virtio/p9/p9.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET   "what no guest may know, and no message may say"
#define MESSAGES 64
#define RAW      0x8000u /* in a message's length: it has its own header */

static char top[] = "/dev/shm/trapline-fuzz-p9-XXXXXX";
static struct tl_p9 *server;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !close(fd));
}

static void tear_down(void)
{
	(void)remove_tree(top);
}

static void set_up(void)
{
	const struct tl_p9_config config = {"share", false, 20};

	check(mkdtemp(top) && !chdir(top));
	atexit(tear_down);
	put("secret", SECRET);
	check(!mkdir("outside", 0700) && !mkdir("share", 0700));
	tl_log_set_level(TL_LOG_ERROR);
	check(!tl_p9_create(&server, &config));
}

/* The same folder for every input. */
static void fill(void)
{
	int fd = open("share", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check(!fchmod(fd, 0700) && !remove_content(fd));
	put("share/f", "content");
	check(!mkdir("share/d", 0700) && !mkdir("share/d/d", 0700));
	put("share/d/f", "more");
	check(!symlink("../secret", "share/l") && !symlink("../outside", "share/o"));
	check(!mkfifo("share/p", 0600));
}

static void check_outside(void)
{
	char text[sizeof(SECRET)] = "";
	int fd = open("secret", O_RDONLY | O_CLOEXEC);
	struct stat st;

	check(fd >= 0 && read(fd, text, sizeof(text)) == sizeof(SECRET) - 1 && !close(fd));
	check(!strcmp(text, SECRET));
	check(!stat("secret", &st) && st.st_nlink == 1 && (st.st_mode & 07777) == 0600);
	/* An empty folder is one that can be removed. */
	check(!rmdir("outside") && !mkdir("outside", 0700));
}

/* One message, in memory of its own size. The input's type is made one that is known. */
static size_t build(const uint8_t *data, size_t size, bool raw, uint8_t **message)
{
	static const uint8_t types[] = {8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 40, 50, 52, 54, 70,
		72, 74, 76, 100, 104, 108, 110, 110, 110, 116, 118, 120, 122};
	size_t total = raw ? size : size + 6;

	*message = malloc(total + 1);
	check(*message);
	if (raw) {
		memcpy(*message, data, size);
		return size;
	}
	memset(*message, 0, 7);
	for (unsigned int i = 0; i < 4; i++)
		(*message)[i] = (uint8_t)(total >> (8 * i));
	(*message)[4] = types[data[0] % sizeof(types)];
	memcpy(*message + 7, data + 1, size - 1);
	return total;
}

static void handle(const uint8_t *message, size_t size, size_t room)
{
	uint8_t *reply = malloc(room);
	size_t n;

	check(reply);
	n = tl_p9_handle(server, message, size, reply, room);
	check(n <= room && (!n || n >= 7));
	check(!n || !memmem(reply, n, SECRET, sizeof(SECRET) - 1));
	free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t version[] = "\x15\0\0\0\x64\0\0\0\0\2\0\x08\0"
					 "9P2000.L",
			     attach[] = "\x17\0\0\0\x68\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0";

	if (!server)
		set_up();
	fill();
	handle(version, 21, 4096);
	handle(attach, 23, 4096);
	for (unsigned int i = 0; i < MESSAGES && size > 2; i++) {
		uint16_t head = (uint16_t)(data[0] | data[1] << 8);
		size_t length = head & 0x1ff, n;
		uint8_t *message;

		data += 2;
		size -= 2;
		length = length < 1 ? 1 : length;
		length = length < size ? length : size;
		n = build(data, length, head & RAW, &message);
		handle(message, n, head & 0x4000 ? 11 + (head >> 9 & 0x1f) : 8192);
		free(message);
		data += length;
		size -= length;
	}
	tl_p9_reset(server);
	check_outside();
	return 0;
}
