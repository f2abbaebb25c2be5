package org.mapfiles.files;

import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapsException;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.files.MappedFile.Verification;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;

/** Opens the file of a mapping by one native call, which resolves, opens, verifies and validates. */
final class FileOpener {
    private FileOpener() {}

    /** Opens a file as {@link MapFiles#open}. {@code how} is bits of {@code enum mf_open_option}. */
    static MappedFile open(FileCalls calls, ImmutableMapping mapping, int how) throws MapsException {
        long result = calls.open(mapping, how);
        int verification = (int) (result >> Integer.SIZE);
        if (verification >= 0) {
            return opened(
                    calls,
                    mapping,
                    (int) result,
                    Verification.ofCode(verification),
                    (how & MapRecord.OPEN_WRITABLE) != 0);
        }
        if (verification == Errno.EACCES) { // mf_file_open returns it for the file, not for the maps of the process
            throw FileExceptions.ofEntry(verification, mapping.toString());
        }
        if (verification == Errno.EIDRM) {
            int state = calls.state(mapping);
            calls.check(state, mapping);
            throw FileExceptions.notAtPath(FileState.ofCode(state), mapping.toString());
        }
        calls.check(verification, mapping);
        throw new IllegalStateException("unexpected result of mf_file_open: " + verification);
    }

    private static MappedFile opened(
            FileCalls calls, ImmutableMapping mapping, int descriptor, Verification verification, boolean writable) {
        MappedFile file = null;
        try {
            file = new MappedFile(calls, mapping, descriptor, verification, writable);
        } finally {
            if (file == null) { // OutOfMemoryError
                NativeCalls.closeDescriptor(descriptor);
            }
        }
        return file;
    }
}
