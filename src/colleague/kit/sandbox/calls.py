"""Numbers of the system calls that the sandbox treats specially, per machine (x86-64, arm64).

Source: asm/unistd_64.h and asm-generic/unistd.h of Linux. A call that a machine does not have is left out.
"""

from typing import Final

# name: (x86-64, arm64)
NUMBERS: Final[dict[str, tuple[int | None, int | None]]] = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200),
    "listen": (50, 201), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "statmount": (457, 457),
    "listmount": (458, 458), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "syslog": (103, 116), "iopl": (172, None), "ioperm": (173, None), "personality": (135, 92),
    "lookup_dcookie": (212, 18), "nfsservctl": (180, 42), "vhangup": (153, 58), "move_pages": (279, 239),
    "migrate_pages": (256, 238), "fanotify_init": (300, 262), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "shmctl": (31, 195), "semctl": (66, 191),
    "msgctl": (71, 187), "shmat": (30, 196), "msgsnd": (69, 189), "msgrcv": (70, 188), "semop": (65, 193),
    "semtimedop": (220, 192), "memfd_create": (319, 279), "memfd_secret": (447, 447), "sethostname": (170, 161),
    "setdomainname": (171, 162), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274),
    "sched_setparam": (142, 118), "setpriority": (141, 140), "ioprio_set": (251, 30), "mknod": (133, None),
    "mknodat": (259, 33), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None),
    "utimes": (235, None), "utimensat": (280, 88), "futimesat": (261, None), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "truncate": (76, 45), "clone": (56, 220), "clone3": (435, 435),
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "socketpair": (53, 199), "ioctl": (16, 29),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip

# These would change the mode, owner, times or labels of files; landlock does not cover them. They are answered with
# success and nothing is done, because shutil.copy, tar and zip would otherwise fail for no gain.
PRETENDED: Final = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
    "utimensat", "futimesat",
)  # fmt: skip
UNSUPPORTED: Final = ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr")
# Absent rather than forbidden: libc then uses the older call, whose arguments a filter can read.
ABSENT: Final = ("clone3",)
OWN_ONLY: Final = ("prlimit64", "sched_setaffinity")
SIGNALS: Final = ("kill", "tgkill", "tkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
BY_ARGUMENT: Final = ("clone", "socketpair", "ioctl", *OWN_ONLY)
# Allowed on newer kernels, where landlock covers it.
TRUNCATE: Final = "truncate"
# The newest call this list was checked against (mseal); whatever came later does not exist inside.
NEWEST: Final = 462


def number(name: str, machine: str) -> int | None:
    """Return the number of a call on `machine` ("x86_64" or "aarch64"), None where it does not exist."""
    return NUMBERS[name][("x86_64", "aarch64").index(machine)]


def forbidden() -> tuple[str, ...]:
    """Return the names of the calls that always fail with «not permitted»."""
    special = {*PRETENDED, *UNSUPPORTED, *ABSENT, *SIGNALS, *BY_ARGUMENT, TRUNCATE}
    return tuple(name for name in NUMBERS if name not in special)
