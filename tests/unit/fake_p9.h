/* SPDX-License-Identifier: MIT */
/*
 * A 9P client for tests, of a server in a folder of its own: top/share. Beside it are a secret
 * file and a folder, which the client must neither read nor change; the end of each test looks.
 * Messages and replies are in memory of exactly their size, whose ends the sanitizer watches.
 */
#ifndef TL_TESTS_FAKE_P9_H
#define TL_TESTS_FAKE_P9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "vmm/dev/virtio/p9/p9.h"
#include "vmm/dev/virtio/p9/wire.h"

#define T_STATFS   8u
#define T_LOPEN    12u
#define T_LCREATE  14u
#define T_SYMLINK  16u
#define T_MKNOD    18u
#define T_RENAME   20u
#define T_READLINK 22u
#define T_GETATTR  24u
#define T_SETATTR  26u
#define T_XATTR    30u
#define T_READDIR  40u
#define T_FSYNC    50u
#define T_LOCK     52u
#define T_GETLOCK  54u
#define T_LINK     70u
#define T_MKDIR    72u
#define T_RENAMEAT 74u
#define T_UNLINKAT 76u
#define T_VERSION  100u
#define T_AUTH     102u
#define T_ATTACH   104u
#define T_FLUSH    108u
#define T_WALK     110u
#define T_READ     116u
#define T_WRITE    118u
#define T_CLUNK    120u
#define T_REMOVE   122u

#define ROOT 0u /* the fid that is attached */

#define SECRET "what no guest may know"

struct fake_p9 {
	struct tl_p9 *server;
	struct tl_p9_config config; /* of the next server */
	size_t room;                /* for a reply */
	uint8_t message[TL_P9_MSIZE_MAX + 64];
	size_t size;
	uint8_t *reply;
	struct tl_p9_in in; /* of the reply, behind its header */
	char top[64];       /* the current directory, too */
};

extern struct fake_p9 p9;

/* Folder, server and a client that has attached ROOT; and their end. For cmocka. */
int fake_p9_setup(void **state);
int fake_p9_setup_read_only(void **state);
int fake_p9_teardown(void **state);

/* Another server in the same folder, with p9.config, and no client. */
void fake_p9_restart(void);

/* A message: begun, filled, sent. */
void p9_begin(uint8_t type);
void p9_8(uint8_t value);
void p9_16(uint16_t value);
void p9_32(uint32_t value);
void p9_64(uint64_t value);
void p9_text(const char *text);
void p9_bytes(const void *bytes, size_t size);

/* Returns 0 (p9.in is the reply), the error in it as -errno, or 1: there is no reply. */
int p9_send(void);
/* As it is, whatever its size field says. */
int p9_send_raw(void);

/* The usual ones. Names of a walk are one text with spaces between them. */
int p9_version(uint32_t msize);
int p9_attach(uint32_t fid);
int p9_walk(uint32_t fid, uint32_t to, const char *names);
int p9_open(uint32_t fid, uint32_t flags);
int p9_create(uint32_t fid, const char *name, uint32_t flags, uint32_t mode);
int p9_read(uint32_t fid, uint64_t offset, uint32_t count);
int p9_write(uint32_t fid, uint64_t offset, const void *data, uint32_t count);
int p9_clunk(uint32_t fid);
int p9_mkdir(uint32_t fid, const char *name);
int p9_mknod(const char *name, uint32_t mode);
int p9_symlink(uint32_t fid, const char *name, const char *to);
int p9_link(uint32_t dir, uint32_t fid, const char *name);
int p9_rename(uint32_t fid, uint32_t dir, const char *name);
int p9_renameat(uint32_t from, const char *name, uint32_t to, const char *new_name);
int p9_unlink(uint32_t dir, const char *name, uint32_t flags);
int p9_remove(uint32_t fid);
int p9_getattr(uint32_t fid);
int p9_setattr(uint32_t fid, uint32_t valid, uint32_t mode, uint64_t size);

/* Of the reply. */
struct tl_p9_qid p9_qid(void);
void p9_expect_data(const char *text);

/* A file made by the host, what it is there, and whether it has this content. */
struct stat host_stat(const char *path);
void host_write(const char *path, const char *text);
bool host_has(const char *path, const char *text);

#endif
