package org.mapfiles.internal;

import org.mapfiles.NotEnoughMemoryException;

/** The descriptors of an open process. */
public final class OpenProcess extends RefCountedHandle {
    private OpenProcess(NativeMemory memory) {
        super(memory);
    }

    /** No process yet. */
    public static OpenProcess make() throws NotEnoughMemoryException {
        return new OpenProcess(NativeMemory.allocate(MapRecord.PROCESS_SIZE, "a process"));
    }

    public int openSelf() {
        return opened(NativeCalls.openSelf(memory.address()));
    }

    public int openPid(int pid) {
        return opened(NativeCalls.openPid(pid, memory.address()));
    }

    public int openPidfd(int pidfd) {
        return opened(NativeCalls.openPidfd(pidfd, memory.address()));
    }

    public int openDirectory(int descriptor) {
        return opened(NativeCalls.openDirectory(descriptor, memory.address()));
    }

    /** As /proc calls it; of a process that was refused, too. */
    public int pid() {
        int pid = NativeCalls.pidOf(memory.address());
        memory.keepUntilHere();
        return pid;
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
