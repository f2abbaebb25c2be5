package org.mapfiles.internal;

/**
 * What the calling thread may do, and so what is left to advise: a message never tells its reader to do what is done already.
 *
 * <p>The bits are those of mf_caller_privileges().
 */
public final class Privileges {
    public static final int ROOT = 1;
    public static final int PTRACE = 1 << 1;
    public static final int CHECKPOINT_RESTORE = 1 << 2;
    public static final int PERFMON = 1 << 3;
    public static final int USER_NAMESPACE = 1 << 4;

    private final int bits;

    public Privileges(int bits) {
        this.bits = bits;
    }

    public static Privileges ofCaller() {
        return new Privileges(NativeCalls.callerPrivileges());
    }

    public boolean has(int bit) {
        return (bits & bit) != 0;
    }

    /** Whether the caller may follow entries of map_files: that capability counts in the initial user namespace alone. */
    public boolean mayFollow() {
        return has(CHECKPOINT_RESTORE) && !has(USER_NAMESPACE);
    }

    /** How to read another user's process. */
    public String toPtrace() {
        return has(ROOT) ? rootWithout("SYS_PTRACE") : "run this as root (CAP_SYS_PTRACE)";
    }

    /** How to follow entries of map_files. */
    public String toFollow() {
        if (has(USER_NAMESPACE)) {
            return "run this as root outside of this user namespace";
        }
        return has(CHECKPOINT_RESTORE) ? "run this outside of its sandbox, or have the security module allow it"
                : has(ROOT) ? rootWithout("CHECKPOINT_RESTORE") : "run as root";
    }

    private static String rootWithout(String capability) {
        return "this is root without CAP_" + capability + ": docker run --cap-add=" + capability;
    }
}
