package org.mapfiles.internal;

/** The descriptors of an open process. */
public final class OpenProcess extends RefCountedHandle {
    /** No process yet. */
    public OpenProcess() {
        super(new NativeMemory(MapRecord.PROCESS_SIZE));
    }

    public int openSelf() {
        return opened(NativeCalls.openSelf(memory.address()));
    }

    public int openPid(int pid) {
        return opened(NativeCalls.openPid(pid, memory.address()));
    }

    /** @param path of the process' directory, bytes without a NUL */
    public int openDirectory(byte[] path) {
        NativeMemory copy = new NativeMemory(path.length + 1); // made of zeros
        copy.bytes().put(0, path);
        int rc = opened(NativeCalls.openDirectory(copy.address(), memory.address()));
        copy.keepUntilHere();
        return rc;
    }

    /** As /proc calls it; of a process that was refused, too. */
    public int pid() {
        int pid = NativeCalls.pidOf(memory.address());
        memory.keepUntilHere();
        return pid;
    }

    /** Reads memory of the process: a number of bytes, or a negative errno. */
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
