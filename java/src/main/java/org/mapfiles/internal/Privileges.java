package org.mapfiles.internal;

/**
 * The privileges of the calling thread, for the remedies in messages: a message never advises a privilege that the
 * caller has.
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

    /**
     * Returns whether the caller may follow map_files entries: the capability is valid only in the initial user
     * namespace.
     */
    public boolean mayFollow() {
        return has(CHECKPOINT_RESTORE) && !has(USER_NAMESPACE);
    }

    /** Returns the remedy for reading processes of other users. */
    public String toPtrace() {
        return has(ROOT) ? rootWithout("SYS_PTRACE") : "run this as root (CAP_SYS_PTRACE)";
    }

    /** Returns the remedy for following map_files entries. */
    public String toFollow() {
        if (has(USER_NAMESPACE)) {
            return "run this as root outside of this user namespace";
        }
        return has(CHECKPOINT_RESTORE)
                ? "run this outside of its sandbox, or allow the access in the security module"
                : has(ROOT) ? rootWithout("CHECKPOINT_RESTORE") : "run this as root";
    }

    private static String rootWithout(String capability) {
        return "this is root without CAP_" + capability + ": docker run --cap-add=" + capability;
    }
}
