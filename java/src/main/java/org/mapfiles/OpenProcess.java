package org.mapfiles;

/** The descriptors of an open process. */
final class OpenProcess extends Opened {
    private OpenProcess(NativeMemory memory) {
        super(memory);
    }

    /** No process yet. */
    static OpenProcess make() throws NotEnoughMemoryException {
        return new OpenProcess(ProcessMaps.memory(MapRecord.PROCESS_SIZE, "a process"));
    }

    int openSelf() {
        return opened(NativeCalls.openSelf(memory.address()));
    }

    int openPid(int pid) {
        return opened(NativeCalls.openPid(pid, memory.address()));
    }

    int openPidfd(int pidfd) {
        return opened(NativeCalls.openPidfd(pidfd, memory.address()));
    }

    int openDirectory(int descriptor) {
        return opened(NativeCalls.openDirectory(descriptor, memory.address()));
    }

    /** As /proc calls it; of a process that was refused, too. */
    int pid() {
        int pid = NativeCalls.pidOf(memory.address());
        memory.keepUntilHere();
        return pid;
    }

    @Override
    void release(long address) {
        NativeCalls.close(address);
    }

    @Override
    String name() {
        return "ProcessMaps";
    }
}
