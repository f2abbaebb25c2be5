package org.mapfiles.internal;

/** The descriptors of an open process. */
public final class OpenProcess extends RefCountedHandle {
    /** Makes a closed handle. */
    public OpenProcess() {
        super(new NativeMemory(MapRecord.PROCESS_SIZE));
    }

    public int openSelf() {
        return opened(NativeCalls.openSelf(memory.address()));
    }

    public int openPid(int pid) {
        return opened(NativeCalls.openPid(pid, memory.address()));
    }

    /** Opens a process by its directory; the path has no NUL. */
    public int openDirectory(byte[] path) {
        NativeMemory copy = new NativeMemory(path.length + 1); // the memory is zeroed, so the path ends in a NUL
        copy.bytes().put(0, path);
        int rc = opened(NativeCalls.openDirectory(copy.address(), memory.address()));
        copy.keepUntilHere();
        return rc;
    }

    /** Returns the PID in the proc file system that the process was opened in; valid also after EACCES. */
    public int pid() {
        int pid = NativeCalls.pidOf(memory.address());
        memory.keepUntilHere();
        return pid;
    }

    /** Reads memory of the process; returns the number of bytes, or a negative errno. */
    public int readMemory(long address, NativeMemory to, int length) {
        long opened = enter();
        try {
            return NativeCalls.memoryRead(opened, address, to.address(), length);
        } finally {
            to.keepUntilHere();
            leave();
        }
    }

    @Override
    protected void release(long address) {
        NativeCalls.close(address);
    }

    @Override
    protected String name() {
        return "ProcessMaps";
    }
}
