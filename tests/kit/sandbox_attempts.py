"""Ways out of the sandbox, as programs. Each one returns only if it got out; `I` tells it what stands outside."""

PRELUDE = '''
import ctypes, errno, json, os, resource, socket, struct, sys
I = json.loads(os.environ.pop("INFO"))
C = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
def call(name, *arguments):
    numbers = I["calls"][name]
    number = numbers[0 if X86 else 1]
    if number is None:
        raise OSError(errno.ENOSYS, name)
    answer = C.syscall(ctypes.c_long(number), *arguments)
    if answer == -1:
        raise OSError(ctypes.get_errno(), name)
    return answer
def blocked(name, *arguments):
    """Make a call that nobody may make inside, whatever its arguments: only EPERM and ENOSYS mean that it is closed."""
    try:
        call(name, *arguments)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS):
            raise
'''

# name: (program, who gets out this way without a sandbox: "root", "both", or "no": nobody, or it depends on the host)
ATTEMPTS: dict[str, tuple[str, str]] = {
    "read /etc/shadow": ("open('/etc/shadow').read()", "root"),
    "read a secret in home": ("open(I['home']).read()", "both"),
    "read the master key": ("open(I['key']).read()", "both"),
    "read through a symlink": ("os.symlink(I['key'], 'link'); open('link').read()", "both"),
    "read through a hard link": ("os.link(I['key'], 'hard'); open('hard').read()", "both"),
    "rename a secret into the workspace": ("os.rename(I['home'], 'mine'); open('mine').read()", "no"),
    "read through /proc/self/root": ("open('/proc/self/root' + I['key']).read()", "both"),
    "read through /proc/PID/root": ("open(f\"/proc/{I['pid']}/root{I['key']}\").read()", "both"),
    "read through /proc/PID/cwd": ("os.listdir(f\"/proc/{I['pid']}/cwd\")", "both"),
    "read another's environment": ("open(f\"/proc/{I['pid']}/environ\").read()", "both"),
    "read another's memory": ("open(f\"/proc/{I['pid']}/mem\", 'rb').read(0)", "no"),
    "list the root folder of the data": ("os.listdir(I['data'])", "both"),
    "climb with a chain of ..": ("open('../../../../../../..' + I['key']).read()", "both"),
    "open the workspace's parent by descriptor": (
        "d = os.open('.', os.O_RDONLY); os.open('..' + I['key'], os.O_RDONLY, dir_fd=d)", "no"),
    "reopen an inherited descriptor": ("os.read(I['fd'], 10)", "no"),
    "find an open descriptor": ("[os.fstat(n) for n in [n for n in range(3, 4096) if not _shut(n)][:1]][0]", "no"),
    "write outside": ("open(I['data'] + '/made', 'w').write('x')", "no"),
    "write to the temporary folder": ("open('/tmp/colleague-escape', 'w').write('x')", "no"),
    "make a folder in the root": ("os.mkdir('/escape')", "no"),
    "write to a device folder": ("open('/dev/shm/escape', 'w').write('x')", "no"),
    "truncate the master key": ("os.truncate(I['key'], 0)", "no"),
    "append to the master key": ("open(I['key'], 'a').write('x')", "no"),
    "delete the master key": ("os.unlink(I['key'])", "no"),
    "write to the interpreter's packages": ("open(os.__file__, 'a').write('')", "no"),
    "write to an input": ("open(I['inputs'] + '/in.txt', 'w').write('x')", "no"),
    "make an input writable, then write": (
        "os.chmod(I['inputs'] + '/in.txt', 0o666); open(I['inputs'] + '/in.txt', 'w').write('x')", "no"),
    "delete an input": ("os.unlink(I['inputs'] + '/in.txt')", "no"),
    "add an input": ("open(I['inputs'] + '/more.txt', 'w')", "no"),
    "connect to loopback": ("socket.create_connection(('127.0.0.1', I['port']), 1)", "both"),
    "connect to loopback, IPv6": ("socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', I['port']))", "no"),
    "send a datagram": ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', I['port']))",
                        "both"),
    "connect to a unix socket": ("socket.socket(socket.AF_UNIX).connect(I['socket'])", "both"),
    "connect to an abstract socket": ("socket.socket(socket.AF_UNIX).connect('\\0' + I['abstract'])", "both"),
    "send by name from a socket pair": (
        "a, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); a.sendto(b'x', '\\0' + I['datagram'])", "both"),
    "open a netlink socket": ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "no"),
    "open a packet socket": ("socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", "no"),
    "open a vsock": ("socket.socket(socket.AF_VSOCK)", "no"),
    "open a socket by the x32 table": (
        "assert X86; n = C.syscall(ctypes.c_long(0x40000000 | 41), 1, 1, 0)\nif n < 0: raise OSError(1, 'x32')", "no"),
    "open a socket by the 32-bit table": (
        "import mmap\nassert X86\nm = mmap.mmap(-1, 4096, prot=7)\n"
        "m.write(bytes.fromhex('53b901000000bb01000000ba00000000b867010000cd805bc3'))\n"
        "f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\n"
        "if f() < 0: raise OSError(1, '32-bit')", "no"),
    "signal another process": ("os.kill(I['pid'], 0)", "both"),
    "queue a signal": ("call('rt_sigqueueinfo', I['pid'], 10, ctypes.create_string_buffer(128))", "no"),
    "trace another process": ("if C.ptrace(16, I['pid'], 0, 0) == -1: raise OSError(ctypes.get_errno(), 'x')", "no"),
    "trace oneself": ("if C.ptrace(0, 0, 0, 0) == -1: raise OSError(ctypes.get_errno(), 'ptrace')", "no"),
    "read memory by process_vm_readv": ("blocked('process_vm_readv', I['pid'], 0, 0, 0, 0, 0)", "no"),
    "take a descriptor by pidfd": ("blocked('pidfd_getfd', os.pidfd_open(I['pid']), 0, 0)", "no"),
    "io_uring": ("blocked('io_uring_setup', 4, ctypes.create_string_buffer(120))", "no"),
    "mount": ("blocked('mount', b'none', b'/tmp', b'tmpfs', 0, 0)", "no"),
    "open a tree": ("blocked('open_tree', -100, b'/', 1)", "no"),
    "new mount interface": ("blocked('fsopen', b'tmpfs', 0)", "no"),
    "unshare a user namespace": ("blocked('unshare', 0x10000000)", "no"),
    "unshare the mounts": ("blocked('unshare', 0x20000)", "no"),
    "a child in new namespaces": (
        "p = call('clone', ctypes.c_ulong(0x10000000 | 17), 0, 0, 0, 0)\nif p == 0: os._exit(0)\nos.waitpid(p, 0)",
        "no"),
    "clone3": ("blocked('clone3', ctypes.create_string_buffer(88), 88)", "no"),
    "join a namespace": ("blocked('setns', 0, 0)", "no"),
    "chroot": ("blocked('chroot', b'.')", "no"),
    "pivot_root": ("blocked('pivot_root', b'.', b'.')", "no"),
    "become root": ("os.setuid(0) or os.setresuid(0, 0, 0)", "no"),
    "regain a group": ("os.setgroups([0])", "no"),
    "regain capabilities": (
        "if C.capset(struct.pack('=Ii', 0x20080522, 0), struct.pack('=6I', *[0xffffffff] * 6)) == -1: "
        "raise OSError(1, 'capset')", "no"),
    "gain by a set-user program": ("if C.prctl(39, 0, 0, 0, 0) == 1: raise OSError(1, 'no new privileges')", "no"),
    "raise the open files": ("s, h = resource.getrlimit(7); resource.setrlimit(7, (h + 1, h + 1))", "no"),
    "raise the memory": ("resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))", "both"),
    "set the limits of another process": ("resource.prlimit(I['pid'], 7, (64, 64))", "no"),
    "pin another process": ("os.sched_setaffinity(I['pid'], {0})", "no"),
    "schedule ahead of others": ("blocked('sched_setscheduler', 0, 1, struct.pack('i', 1))", "no"),
    "keys of the kernel": ("blocked('keyctl', 0, -3, 1)", "no"),
    "add a key": ("blocked('add_key', b'user', b'x', b'y', 1, -3)", "no"),
    "ask for a key": ("blocked('request_key', b'user', b'x', 0, -3)", "no"),
    "type into the terminal": ("blocked('ioctl', 0, 0x5412, b'x')", "no"),
    "type into the terminal, high bits set": (
        "blocked('ioctl', 0, ctypes.c_ulong(0xffffffff00005412), b'x')", "no"),
    "bpf": ("blocked('bpf', 0, ctypes.create_string_buffer(120), 120)", "no"),
    "performance events": ("blocked('perf_event_open', ctypes.create_string_buffer(120), 0, -1, -1, 0)", "no"),
    "userfaultfd": ("blocked('userfaultfd', 0)", "no"),
    "open by handle": ("blocked('open_by_handle_at', -100, ctypes.create_string_buffer(120), 0)", "no"),
    "shared memory of System V": ("call('shmctl', call('shmget', 0, 4096, 0o1600), 0, 0)", "no"),
    "message queues": ("blocked('mq_open', b'escape', 0o102, 0o600, 0)", "no"),
    "a file in memory": ("os.memfd_create('x')", "both"),
    "a device node": ("os.mknod('node', 0o20600, os.makedev(1, 1))", "no"),
    "the kernel's log": ("blocked('syslog', 3, ctypes.create_string_buffer(64), 64)", "no"),
    "a call newer than the filter": ("blocked_newer()", "no"),
    "the environment outside": ("'OUTSIDE_SECRET' in os.environ or [][0]", "both"),
    "variables of the loader and of python": (
        "[n for n in os.environ if n.startswith(('LD_', 'PYTHON'))][0]", "both"),
}  # fmt: skip

RUNNER = (
    PRELUDE
    + """
def _shut(n):
    try:
        os.fstat(n)
    except OSError:
        return True
    return False
def blocked_newer():
    if C.syscall(ctypes.c_long(470), 0, 0, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "newer")
results = {}
for name, code in json.load(sys.stdin).items():
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.dup2(write, 2); os.close(write)
        word = "got out"
        try:
            exec(code)
        except BaseException as error:
            word = f"{type(error).__name__} {getattr(error, 'errno', '')}"
        os.write(2, word.encode())
        os._exit(0)
    os.close(write)
    word = b""
    while part := os.read(read, 4096):
        word += part
    os.close(read)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    results[name] = word.decode() if status == 0 else f"killed {status}"
print(json.dumps(results))
"""
)
