/* SPDX-License-Identifier: MIT */
/*
 * Exit statuses of the program's commands, as the manual pages have them.
 */
#ifndef TL_BASE_STATUS_H
#define TL_BASE_STATUS_H

enum tl_status {
	TL_STATUS_OK = 0,      /* powered off, or Ctrl-A x */
	TL_STATUS_FAILURE = 1, /* e.g. an output file cannot be written */
	TL_STATUS_USAGE = 2,
	TL_STATUS_INPUT = 3,   /* kernel, initrd, command line or recording unusable */
	TL_STATUS_HOST = 4,    /* no KVM, or it cannot do what is needed */
	TL_STATUS_CRASH = 5,   /* the guest reported a crash */
	TL_STATUS_VM = 6,      /* the VM cannot go on */
	TL_STATUS_ANSWER = 7,  /* machine lab: the guest did not leave what it was to leave */
	TL_STATUS_SANDBOX = 8, /* a thread made a system call that its sandbox does not allow */
	TL_STATUS_TIMEOUT = 124,
	TL_STATUS_SIGNAL = 128, /* plus the signal's number */
};

#endif
