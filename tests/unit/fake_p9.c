/* SPDX-License-Identifier: MIT */
/*
 * The client that fake_p9.h describes.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_p9.h"
#include "tests/unit/remove_tree.h"

struct fake_p9 p9;

void host_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

bool host_has(const char *path, const char *text)
{
	char buffer[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) && !memcmp(buffer, text, (size_t)n);
}

void fake_p9_restart(void)
{
	tl_p9_destroy(p9.server);
	assert_int_equal(tl_p9_create(&p9.server, &p9.config), 0);
}

static int begin(bool read_only)
{
	fake_log_reset(NULL);
	memset(&p9, 0, sizeof(p9));
	strcpy(p9.top, "/tmp/trapline-p9-XXXXXX");
	if (!mkdtemp(p9.top) || chdir(p9.top) || mkdir("share", 0755) || mkdir("outside", 0755))
		return -1;
	host_write("secret", SECRET);
	host_write("outside/file", SECRET);
	p9.room = TL_P9_MSIZE_MAX;
	p9.config = (struct tl_p9_config){"share", read_only, 100};
	fake_p9_restart();
	return p9_version(TL_P9_MSIZE_MAX) || p9_attach(ROOT);
}

int fake_p9_setup(void **state)
{
	(void)state;
	return begin(false);
}

int fake_p9_setup_read_only(void **state)
{
	(void)state;
	return begin(true);
}

/* What a folder has in it, without "." and "..". */
static unsigned int entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count - 2;
}

int fake_p9_teardown(void **state)
{
	struct stat st;
	bool same = host_has("secret", SECRET) && host_has("outside/file", SECRET) &&
		    entries(".") == 3 && entries("outside") == 1 && !stat("secret", &st) &&
		    st.st_nlink == 1 && (st.st_mode & 07777) == 0644;

	(void)state;
	tl_p9_destroy(p9.server);
	free(p9.reply);
	if (!same)
		print_error("something beside the folder has changed\n");
	if (chdir("/") || remove_tree(p9.top))
		return -1;
	return same ? (int)fake_log_count() : -1;
}

void p9_bytes(const void *bytes, size_t size)
{
	assert_true(size <= sizeof(p9.message) - p9.size);
	memcpy(p9.message + p9.size, bytes, size);
	p9.size += size;
}

static void number(uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));

		p9_bytes(&byte, 1);
	}
}

void p9_8(uint8_t value)
{
	number(value, 1);
}

void p9_16(uint16_t value)
{
	number(value, 2);
}

void p9_32(uint32_t value)
{
	number(value, 4);
}

void p9_64(uint64_t value)
{
	number(value, 8);
}

void p9_text(const char *text)
{
	p9_16((uint16_t)strlen(text));
	p9_bytes(text, strlen(text));
}

void p9_begin(uint8_t type)
{
	p9.size = 0;
	p9_32(0);
	p9_8(type);
	p9_16(0x1234);
}

int p9_send_raw(void)
{
	uint8_t *message = malloc(p9.size), type = p9.size > 4 ? p9.message[4] : 0;
	size_t n;

	free(p9.reply);
	p9.reply = malloc(p9.room);
	assert_true(message && p9.reply);
	memcpy(message, p9.message, p9.size);
	n = tl_p9_handle(p9.server, message, p9.size, p9.reply, p9.room);
	free(message);
	if (!n)
		return 1;
	assert_in_range(n, TL_P9_HEADER, p9.room);
	p9.in = (struct tl_p9_in){.at = p9.reply, .left = n};
	assert_int_equal(tl_p9_get32(&p9.in), n);
	if (tl_p9_get8(&p9.in) != 7) {
		assert_int_equal(p9.reply[4], type + 1);
		assert_int_equal(tl_p9_get16(&p9.in), 0x1234);
		return 0;
	}
	assert_int_equal(tl_p9_get16(&p9.in), 0x1234);
	assert_int_equal(n, 11);
	return -(int)tl_p9_get32(&p9.in);
}

int p9_send(void)
{
	for (unsigned int i = 0; i < 4; i++)
		p9.message[i] = (uint8_t)(p9.size >> (8 * i));
	return p9_send_raw();
}

int p9_version(uint32_t msize)
{
	p9_begin(T_VERSION);
	p9_32(msize);
	p9_text("9P2000.L");
	return p9_send();
}

int p9_attach(uint32_t fid)
{
	p9_begin(T_ATTACH);
	p9_32(fid);
	p9_32(UINT32_MAX);
	p9_text("user");
	p9_text("");
	p9_32(0);
	return p9_send();
}

int p9_walk(uint32_t fid, uint32_t to, const char *names)
{
	uint16_t count = 0;
	size_t at;

	p9_begin(T_WALK);
	p9_32(fid);
	p9_32(to);
	at = p9.size;
	p9_16(0);
	while (*names) {
		size_t length = strcspn(names, " ");

		p9_16((uint16_t)length);
		p9_bytes(names, length);
		names += length;
		names += *names == ' ';
		count++;
	}
	p9.message[at] = (uint8_t)count;
	return p9_send();
}

int p9_open(uint32_t fid, uint32_t flags)
{
	p9_begin(T_LOPEN);
	p9_32(fid);
	p9_32(flags);
	return p9_send();
}

int p9_create(uint32_t fid, const char *name, uint32_t flags, uint32_t mode)
{
	p9_begin(T_LCREATE);
	p9_32(fid);
	p9_text(name);
	p9_32(flags);
	p9_32(mode);
	p9_32(0);
	return p9_send();
}

int p9_read(uint32_t fid, uint64_t offset, uint32_t count)
{
	p9_begin(T_READ);
	p9_32(fid);
	p9_64(offset);
	p9_32(count);
	return p9_send();
}

int p9_write(uint32_t fid, uint64_t offset, const void *data, uint32_t count)
{
	p9_begin(T_WRITE);
	p9_32(fid);
	p9_64(offset);
	p9_32(count);
	p9_bytes(data, count);
	return p9_send();
}

int p9_clunk(uint32_t fid)
{
	p9_begin(T_CLUNK);
	p9_32(fid);
	return p9_send();
}

int p9_mkdir(uint32_t fid, const char *name)
{
	p9_begin(T_MKDIR);
	p9_32(fid);
	p9_text(name);
	p9_32(0755);
	p9_32(0);
	return p9_send();
}

int p9_symlink(uint32_t fid, const char *name, const char *to)
{
	p9_begin(T_SYMLINK);
	p9_32(fid);
	p9_text(name);
	p9_text(to);
	p9_32(0);
	return p9_send();
}

int p9_link(uint32_t dir, uint32_t fid, const char *name)
{
	p9_begin(T_LINK);
	p9_32(dir);
	p9_32(fid);
	p9_text(name);
	return p9_send();
}

int p9_rename(uint32_t fid, uint32_t dir, const char *name)
{
	p9_begin(T_RENAME);
	p9_32(fid);
	p9_32(dir);
	p9_text(name);
	return p9_send();
}

int p9_renameat(uint32_t from, const char *name, uint32_t to, const char *new_name)
{
	p9_begin(T_RENAMEAT);
	p9_32(from);
	p9_text(name);
	p9_32(to);
	p9_text(new_name);
	return p9_send();
}

int p9_unlink(uint32_t dir, const char *name, uint32_t flags)
{
	p9_begin(T_UNLINKAT);
	p9_32(dir);
	p9_text(name);
	p9_32(flags);
	return p9_send();
}

int p9_remove(uint32_t fid)
{
	p9_begin(T_REMOVE);
	p9_32(fid);
	return p9_send();
}

int p9_getattr(uint32_t fid)
{
	p9_begin(T_GETATTR);
	p9_32(fid);
	p9_64(0x7ff);
	return p9_send();
}

int p9_setattr(uint32_t fid, uint32_t valid, uint32_t mode, uint64_t size)
{
	p9_begin(T_SETATTR);
	p9_32(fid);
	p9_32(valid);
	p9_32(mode);
	p9_32(getuid());
	p9_32(getgid());
	p9_64(size);
	p9_64(1000); /* of the last access */
	p9_64(5);
	p9_64(2000); /* of the last change */
	p9_64(6);
	return p9_send();
}

int p9_mknod(const char *name, uint32_t mode)
{
	p9_begin(T_MKNOD);
	p9_32(ROOT);
	p9_text(name);
	p9_32(mode);
	p9_32(1);
	p9_32(3);
	p9_32(0);
	return p9_send();
}

struct tl_p9_qid p9_qid(void)
{
	struct tl_p9_qid qid;

	qid.type = tl_p9_get8(&p9.in);
	qid.version = tl_p9_get32(&p9.in);
	qid.path = tl_p9_get64(&p9.in);
	return qid;
}

struct stat host_stat(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

void p9_expect_data(const char *text)
{
	assert_int_equal(tl_p9_get32(&p9.in), strlen(text));
	assert_memory_equal(tl_p9_get_bytes(&p9.in, strlen(text)), text, strlen(text));
	assert_true(tl_p9_get_end(&p9.in));
}
