/* SPDX-License-Identifier: MIT */
/*
 * 9P messages as bytes: little-endian numbers, and strings with a length of two bytes before
 * them. Reading past the end of a message, or writing past the end of a reply, does nothing but
 * note it: who reads asks once, at the end, whether it was all there.
 */
#ifndef TL_VMM_VIRTIO_P9_WIRE_H
#define TL_VMM_VIRTIO_P9_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* size[4] type[1] tag[2] */
#define TL_P9_HEADER 7u

/* The longest name of a file, as on Linux (NAME_MAX). */
#define TL_P9_NAME 255u

/* A message that is read. The bytes must hold still. */
struct tl_p9_in {
	const uint8_t *at;
	size_t left;
	bool bad; /* there was less than was read */
};

/* A reply that is written. */
struct tl_p9_out {
	uint8_t *at;
	size_t used, size;
	bool full; /* there was more to write than fits */
};

/* What identifies a file (9P2000, intro): its type, a version of its content, and its number. */
struct tl_p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};

/* Types of a qid. */
#define TL_P9_QT_DIR     0x80u
#define TL_P9_QT_SYMLINK 0x02u
#define TL_P9_QT_FILE    0x00u

uint8_t tl_p9_get8(struct tl_p9_in *in);
uint16_t tl_p9_get16(struct tl_p9_in *in);
uint32_t tl_p9_get32(struct tl_p9_in *in);
uint64_t tl_p9_get64(struct tl_p9_in *in);

/* `size` bytes of the message, where they are; NULL if there are not as many. */
const uint8_t *tl_p9_get_bytes(struct tl_p9_in *in, size_t size);

/*
 * A string of at most `max` bytes, copied to `to`, which holds max + 1. Returns 0, -EINVAL (there
 * is a NUL in it) or -ENAMETOOLONG; what is missing is noted in `in`.
 */
int tl_p9_get_text(struct tl_p9_in *in, char *to, size_t max);

/*
 * The name of one file, in a folder: neither empty nor "." nor "..", without '/' and NUL. With
 * `up`, ".." too. `to` holds TL_P9_NAME + 1. Returns 0, -EINVAL or -ENAMETOOLONG.
 */
int tl_p9_get_name(struct tl_p9_in *in, char *to, bool up);

/* Whether the message was read to its end, and no further. */
bool tl_p9_get_end(const struct tl_p9_in *in);

void tl_p9_put8(struct tl_p9_out *out, uint8_t value);
void tl_p9_put16(struct tl_p9_out *out, uint16_t value);
void tl_p9_put32(struct tl_p9_out *out, uint32_t value);
void tl_p9_put64(struct tl_p9_out *out, uint64_t value);
void tl_p9_put_text(struct tl_p9_out *out, const char *text);
void tl_p9_put_qid(struct tl_p9_out *out, const struct tl_p9_qid *qid);

/* How much more fits. */
size_t tl_p9_room(const struct tl_p9_out *out);

/* Changes a number of four bytes that was written before. */
void tl_p9_set32(struct tl_p9_out *out, size_t at, uint32_t value);

#endif
